"""A transaction over all that is remembered, in the SQL that both databases have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.store.connection import values
from svsm_cal.store.outbox import Outbox
from svsm_cal.store.records import (
    announced_of,
    announced_record,
    invitation_of,
    invitation_record,
    micros,
    proposal_of,
    proposal_record,
    publication_of,
    receipt_of,
    said,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from svsm_cal.core.civil import Instant
    from svsm_cal.itip.invitation import Announced, Invitation, Proposal
    from svsm_cal.store.contract import Publication, Receipt

__all__ = ["SqlLedger"]

_CHUNK = 2000


def _replace(table: str, keys: str, others: str) -> str:
    """Return the statement that puts a row in place of the one with its keys."""
    columns = f"{keys}, {others}"
    fresh = ", ".join(f"{name} = excluded.{name}" for name in others.split(", "))
    count = len(columns.split(", "))
    return f"INSERT INTO {table} ({columns}) VALUES {values(count)} ON CONFLICT ({keys}) DO UPDATE SET {fresh}"  # noqa: S608


_PUBLICATION = _replace("publication", "one", "source, tz_version, at")
_ANNOUNCED = _replace("announced", "uid", "series, sequence, stamp, since, data, ended")
_INVITATION = _replace("invitation", "uid, email", "participant, name, style, standing, sequence, stamp, lift, answers")
_SERVED = _replace("served", "name", "data")
_PROPOSAL = _replace("proposal", "uid, recurrence, email", '"start", "end", comment, stamp')
_INVITATIONS = "SELECT uid, email, participant, name, style, standing, sequence, stamp, lift, answers FROM invitation"


class SqlLedger(Outbox):
    """The contract's Ledger over a connection that is in a transaction."""

    def publication(self) -> Publication | None:
        """Return what people were told last; None before the first time."""
        found = self._connection.rows("SELECT source, tz_version, at FROM publication")
        return publication_of(found[0]) if found else None

    def announced(self) -> dict[str, Announced]:
        """Return what was announced, UID -> object, in order of UID."""
        found = self._connection.rows("SELECT uid, series, sequence, stamp, since, data, ended FROM announced ORDER BY uid")
        return {row[0]: announced_of(row) for row in found}

    def invitations(self, uid: str | None = None) -> Iterator[Invitation]:
        """Yield the invitations of a UID, or all, in order of UID and address; others may be saved meanwhile."""
        if uid is None:
            where, key = "(uid, email) > (?, ?)", ("", "")
        else:
            where, key = "uid = ? AND email > ?", (uid, "")
        sql = f"{_INVITATIONS} WHERE {where} ORDER BY uid, email LIMIT {_CHUNK}"
        while found := self._connection.rows(sql, key):
            yield from map(invitation_of, found)
            key = (found[-1][0], found[-1][1])

    def publish(self, publication: Publication, announced: Iterable[Announced]) -> None:
        """Record a publication as the last one, and objects in place of those with their UIDs."""
        self._connection.touch(_PUBLICATION, (1, publication.source, publication.tz_version, micros(publication.at)))
        self._connection.many(_ANNOUNCED, map(announced_record, announced))

    def save(self, invitations: Iterable[Invitation]) -> None:
        """Record invitations in place of those with their UID and address."""
        self._connection.many(_INVITATION, map(invitation_record, invitations))

    def claim(self, identity: str, *, now: Instant) -> bool:
        """Record that something is being done that is done once; False if it had been recorded before."""
        sql = "INSERT INTO claim (identity, at) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self._connection.touch(sql, (identity, micros(now))) == 1

    def claimed(self, prefix: str) -> set[str]:
        """Return the identities recorded that begin with a prefix."""
        sql = "SELECT identity FROM claim WHERE identity >= ? AND substr(identity, 1, ?) = ?"
        return {identity for (identity,) in self._connection.rows(sql, (prefix, len(prefix), prefix))}

    def receive(self, receipt: Receipt) -> bool:
        """Record an incoming message; False if its digest had been recorded before."""
        sql = "INSERT INTO receipt (digest, at, verdict, about) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        row = (receipt.digest, micros(receipt.at), said(receipt.verdict), said(receipt.about))
        return self._connection.touch(sql, row) == 1

    def receipts(self) -> Iterator[Receipt]:
        """Yield the incoming messages, by time and digest."""
        yield from map(receipt_of, self._connection.rows("SELECT digest, at, verdict, about FROM receipt ORDER BY at, digest"))

    def propose(self, proposal: Proposal) -> None:
        """Record a proposal in place of an earlier one of the same address for the same instance."""
        self._connection.touch(_PROPOSAL, proposal_record(proposal))

    def proposals(self) -> Iterator[Proposal]:
        """Yield the proposals that wait for a person, in order of UID, instance and address."""
        sql = 'SELECT uid, recurrence, email, "start", "end", comment, stamp FROM proposal ORDER BY uid, recurrence, email'
        yield from map(proposal_of, self._connection.rows(sql))

    def drop(self, proposal: Proposal) -> None:
        """Forget a proposal that has been dealt with; a newer one in its place stays."""
        sql = "DELETE FROM proposal WHERE uid = ? AND recurrence = ? AND email = ? AND stamp = ?"
        self._connection.touch(sql, (proposal.uid, proposal.recurrence, proposal.email, proposal.stamp))

    def served_version(self) -> int:
        """Return how often the served feeds have changed, 0 before the first time."""
        [(version,)] = self._connection.rows("SELECT served_version FROM store")
        return int(version)

    def served(self) -> dict[str, bytes]:
        """Return the feeds that `serve` gave out last, by name, and what else it keeps with them."""
        return {name: bytes(data) for name, data in self._connection.rows("SELECT name, data FROM served ORDER BY name")}

    def serve(self, files: Mapping[str, bytes]) -> int:
        """Record these in place of all that were served before; return the version, which rises only if they differ."""
        before = self.served()
        if before != files:
            self._connection.many("DELETE FROM served WHERE name = ?", [(name,) for name in before.keys() - files.keys()])
            self._connection.many(_SERVED, [each for each in files.items() if before.get(each[0]) != each[1]])
            self._connection.touch("UPDATE store SET served_version = served_version + 1")
        return self.served_version()
