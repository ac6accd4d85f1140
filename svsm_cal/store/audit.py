"""What can be wrong with what is stored though the database itself is whole: things that contradict each other."""

from __future__ import annotations

from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import TYPE_CHECKING

from svsm_cal.errors import StoreError
from svsm_cal.store.ledger import SqlLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.store.connection import Connection

__all__ = ["faults_in"]

_CHUNK = 500

# What no row may match, and how it is told.
_CONTRADICTIONS = (
    (
        "invitation {0} of {1}: its UID was never announced",
        """SELECT uid, email FROM invitation WHERE NOT EXISTS (SELECT 1 FROM announced WHERE announced.uid = invitation.uid)
            ORDER BY uid, email""",
    ),
    (
        "mail {0}: its bytes are missing",
        "SELECT id FROM outbox WHERE NOT EXISTS (SELECT 1 FROM body WHERE body.id = outbox.id) ORDER BY id",
    ),
    (
        "bytes {0}: belong to no mail",
        "SELECT id FROM body WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.id = body.id) ORDER BY id",
    ),
    ("mail {0}: was sent before it was enqueued", "SELECT id FROM outbox WHERE settled < created ORDER BY id"),
    (
        "mail {0}: was superseded, though no later mail supersedes it",
        """SELECT id FROM outbox WHERE state = 'superseded' AND NOT EXISTS (
            SELECT 1 FROM outbox AS later WHERE later.recipient = outbox.recipient AND later.uid = outbox.uid
                AND later.id > outbox.id AND later.supersedes = 1) ORDER BY id""",
    ),
)


def faults_in(connection: Connection) -> Iterator[str]:
    """Yield what is wrong, a line each."""
    for told, sql in _CONTRADICTIONS:
        for row in connection.rows(sql):
            yield told.format(*row)
    try:
        for _ in SqlLedger(connection).invitations():
            pass
    except StoreError as error:
        yield str(error)
    yield from _bytes(connection)


def _bytes(connection: Connection) -> Iterator[str]:
    """Yield the mails whose bytes are not what the outbox says of them."""
    sql = f"""SELECT id, message_id, data FROM outbox JOIN body USING (id)
        WHERE id > ? ORDER BY id LIMIT {_CHUNK}"""  # noqa: S608 - our own number
    parser = BytesHeaderParser(policy=compat32)
    last = 0
    while found := connection.rows(sql, (last,)):
        for number, message_id, data in found:
            head, end, _ = bytes(data).replace(b"\r\n", b"\n").partition(b"\n\n")
            message = parser.parsebytes(head + end)
            written = str(message["Message-ID"] or "").strip()
            if not end or message.defects:
                yield f"mail {number}: its bytes are no message"
            elif written.strip("<>") != message_id.strip("<>"):
                yield f"mail {number}: its bytes have the Message-ID {written or '(none)'}, not {message_id}"
        last = found[-1][0]
