"""Everything in a store as records, in an order that depends on nothing but what is stored."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from svsm_cal.store.ledger import SqlLedger
from svsm_cal.store.records import iso, micros
from svsm_cal.value import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from svsm_cal.store.connection import Connection
    from svsm_cal.value import Value

__all__ = ["records_in"]


def records_in(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield a record for each thing; `record` says what it is. Bytes of mails are base64, other bytes text."""
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
