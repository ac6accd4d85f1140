"""One transaction over everything stored, in SQL that both databases understand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svsm_cal.store.mail_queue import Outbox
from svsm_cal.store.sql import (
    announced_of,
    announced_record,
    invitation_of,
    invitation_record,
    micros,
    proposal_of,
    proposal_record,
    publication_of,
    receipt_of,
    storable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from svsm_cal.engine.civil import Instant
    from svsm_cal.itip.invitation import Announced, Invitation, Proposal
    from svsm_cal.store.contract import Publication, Receipt

_CHUNK = 2000


def _replace(table: str, keys: str, others: str) -> str:
    """Return the statement that inserts a row, or replaces the one with the same keys."""
    columns = f"{keys}, {others}"
    fresh = ", ".join(f"{name} = excluded.{name}" for name in others.split(", "))
    values = ", ".join("?" * len(columns.split(", ")))
    return f"INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT ({keys}) DO UPDATE SET {fresh}"  # noqa: S608


_PUBLICATION = _replace("publication", "one", "source, tz_version, at")
_ANNOUNCED = _replace("announced", "uid", "series, sequence, stamp, since, data, ended")
_INVITATION = _replace("invitation", "uid, email", "participant, name, style, standing, sequence, stamp, lift, answers")
_SERVED = _replace("served", "name", "data")
_PROPOSAL = _replace("proposal", "uid, recurrence, email", '"start", "end", comment, stamp')
_INVITATIONS = "SELECT uid, email, participant, name, style, standing, sequence, stamp, lift, answers FROM invitation"


class SqlLedger(Outbox):
    """The contract's Ledger over a connection in a transaction."""

    def publication(self) -> Publication | None:
        """Return the last publication; None before the first."""
        found = self._connection.rows("SELECT source, tz_version, at FROM publication")
        return publication_of(found[0]) if found else None

    def announced(self) -> dict[str, Announced]:
        """Return the announced objects by UID, in order of UID."""
        found = self._connection.rows("SELECT uid, series, sequence, stamp, since, data, ended FROM announced ORDER BY uid")
        return {row[0]: announced_of(row) for row in found}

    def invitations(self, uid: str | None = None) -> Iterator[Invitation]:
        """Yield the invitations of a UID, or all, in order of UID and address; the caller may save some meanwhile."""
        if uid is None:
            where, key = "(uid, email) > (?, ?)", ("", "")
        else:
            where, key = "uid = ? AND email > ?", (uid, "")
        sql = f"{_INVITATIONS} WHERE {where} ORDER BY uid, email LIMIT {_CHUNK}"
        while found := self._connection.rows(sql, key):
            yield from map(invitation_of, found)
            key = (found[-1][0], found[-1][1])

    def publish(self, publication: Publication, announced: Iterable[Announced]) -> None:
        """Record the last publication, and objects in place of those with the same UIDs."""
        self._connection.execute(_PUBLICATION, (1, publication.source, publication.tz_version, micros(publication.at)))
        self._connection.execute_many(_ANNOUNCED, map(announced_record, announced))

    def save(self, invitations: Iterable[Invitation]) -> None:
        """Record invitations in place of those with the same UID and address."""
        self._connection.execute_many(_INVITATION, map(invitation_record, invitations))

    def claim(self, identity: str, *, now: Instant) -> bool:
        """Record that a one-time action is being done; False if it was recorded before."""
        sql = "INSERT INTO claim (identity, at) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self._connection.execute(sql, (identity, micros(now))) == 1

    def claimed(self, prefix: str) -> set[str]:
        """Return the recorded identities that begin with a prefix."""
        sql = "SELECT identity FROM claim WHERE identity >= ? AND substr(identity, 1, ?) = ?"
        return {identity for (identity,) in self._connection.rows(sql, (prefix, len(prefix), prefix))}

    def receive(self, receipt: Receipt) -> bool:
        """Record an incoming message; False if its digest was recorded before."""
        sql = "INSERT INTO receipt (digest, at, verdict, about) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        row = (receipt.digest, micros(receipt.at), storable(receipt.verdict), storable(receipt.about))
        return self._connection.execute(sql, row) == 1

    def receipts(self) -> Iterator[Receipt]:
        """Yield the incoming messages, by time and digest."""
        yield from map(receipt_of, self._connection.rows("SELECT digest, at, verdict, about FROM receipt ORDER BY at, digest"))

    def propose(self, proposal: Proposal) -> None:
        """Record a proposal in place of an earlier one from the same address for the same instance."""
        self._connection.execute(_PROPOSAL, proposal_record(proposal))

    def proposals(self) -> Iterator[Proposal]:
        """Yield the proposals that wait for a decision, in order of UID, instance and address."""
        sql = 'SELECT uid, recurrence, email, "start", "end", comment, stamp FROM proposal ORDER BY uid, recurrence, email'
        yield from map(proposal_of, self._connection.rows(sql))

    def served_version(self) -> int:
        """Return how often the served feeds have changed, 0 before the first time."""
        [(version,)] = self._connection.rows("SELECT served_version FROM store")
        return int(version)

    def served(self) -> dict[str, bytes]:
        """Return the last files recorded by `serve`, by name: the feeds and other state."""
        return {name: bytes(data) for name, data in self._connection.rows("SELECT name, data FROM served ORDER BY name")}

    def serve(self, files: Mapping[str, bytes]) -> int:
        """Record these in place of all that were served before; return the version, which rises only if they differ."""
        before = self.served()
        if before != files:
            self._connection.execute_many("DELETE FROM served WHERE name = ?", [(name,) for name in before.keys() - files.keys()])
            self._connection.execute_many(_SERVED, [each for each in files.items() if before.get(each[0]) != each[1]])
            self._connection.execute("UPDATE store SET served_version = served_version + 1")
        return self.served_version()
