"""Everything in a store, looked at: contradictions between its tables (`store check`), and all records (`store export`)."""

from __future__ import annotations

from base64 import b64encode
from email.errors import MultipartInvariantViolationDefect
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import TYPE_CHECKING, Any

from svsm_cal.errors import StoreError
from svsm_cal.store.ledger import SqlLedger
from svsm_cal.store.sql import iso, micros
from svsm_cal.value import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.store.sql import Connection
    from svsm_cal.value import Value

_CHUNK = 500

# A message, and the query whose rows are faults.
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
    """Yield the faults of a store whose database is intact, a line each."""
    for told, sql in _CONTRADICTIONS:
        for row in connection.rows(sql):
            yield told.format(*row)
    try:
        for _ in SqlLedger(connection).invitations():
            pass
    except StoreError as error:
        yield str(error)
    yield from _faulty_bytes(connection)


def _faulty_bytes(connection: Connection) -> Iterator[str]:
    """Yield the mails whose bytes contradict the outbox."""
    sql = f"""SELECT id, message_id, data FROM outbox JOIN body USING (id)
        WHERE id > ? ORDER BY id LIMIT {_CHUNK}"""  # noqa: S608 - our own number
    parser = BytesHeaderParser(policy=compat32)
    last = 0
    while found := connection.rows(sql, (last,)):
        for number, message_id, data in found:
            head, end, _ = bytes(data).replace(b"\r\n", b"\n").partition(b"\n\n")
            message = parser.parsebytes(head + end)
            written = str(message["Message-ID"] or "").strip()
            # The parser of Python 3.11.2 reports missing parts, though it was asked for the header alone.
            defects = [each for each in message.defects if not isinstance(each, MultipartInvariantViolationDefect)]
            if not end or defects:
                yield f"mail {number}: its bytes are not a message"
            elif written.strip("<>") != message_id.strip("<>"):
                yield f"mail {number}: its bytes have the Message-ID {written or '(none)'}, not {message_id}"
        last = found[-1][0]


def records_in(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield everything as records, in an order that depends on the contents alone.

    `record` is a record's kind. Bytes of mails are base64, other bytes text.
    """
    ledger = SqlLedger(connection)
    [(version, calendar)] = connection.rows("SELECT version, calendar FROM store")
    yield {"record": "store", "schema": version, "calendar": calendar}
    publication = ledger.publication()
    if publication is not None:
        yield {"record": "publication", **_fields(publication), "at": iso(micros(publication.at))}
    for each in ledger.announced().values():
        yield {"record": "announced", **_fields(each)}
    for invitation in ledger.invitations():
        answers = [_fields(answer) for answer in invitation.answers]
        yield {"record": "invitation", **_fields(invitation), "answers": answers}
    for row in ledger.outbox():
        mail = _fields(row.mail)
        del mail["data"]
        yield {
            "record": "mail",
            "id": row.id,
            **mail,
            "state": str(row.state),
            "attempts": row.attempts,
            "created": iso(micros(row.created)),
            "not_before": iso(micros(row.not_before)),
            "settled": None if row.settled is None else iso(micros(row.settled)),
            "response": row.response,
            "bounced": row.bounced,
            "data_base64": b64encode(ledger.data_of(row.id)).decode(),
        }
    for identity, at in connection.rows("SELECT identity, at FROM claim ORDER BY identity"):
        yield {"record": "claim", "identity": identity, "at": iso(at)}
    for receipt in ledger.receipts():
        yield {"record": "receipt", **_fields(receipt), "at": iso(micros(receipt.at))}
    for proposal in ledger.proposals():
        yield {"record": "proposal", **_fields(proposal)}
    for name, data in ledger.served().items():
        yield {"record": "served", "name": name, "data": _plain(data)}


def _fields(value: Value) -> dict[str, Any]:
    return {name: _plain(getattr(value, name)) for name in fields_of(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value) if isinstance(value, str) else value
