"""What is on disk when SQLite's store says so: settings, the moments of syncing, and the folder of a new file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from svsm_cal.store import open_store
from tests.store.examples import CALENDAR, NOW, mail, sent


def opened(tmp_path, mails=0):
    store = open_store(f"{tmp_path}/svsm-cal.db", calendar_id=CALENDAR)
    with store.ledger() as ledger:
        ledger.enqueue((mail(number, f"p{number}@example.org") for number in range(1, mails + 1)), now=NOW)
    return store


def test_the_settings_of_a_connection(tmp_path):
    store = opened(tmp_path)
    names = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "journal_size_limit")
    with store._transaction(writes=True) as connection:
        found = {name: connection.rows(f"PRAGMA {name}")[0][0] for name in names}
    store.close()
    full = 2
    assert list(found.values()) == ["wal", full, 1, 4000, 64 << 20]


def test_attempts_are_on_disk_every_64th_each_second_and_at_the_end(tmp_path):
    """130 attempts, 100 in the first second: the first, the 64th after it, the first of the next second, and the rest."""
    store = opened(tmp_path, 130)
    said, synced, mode = [], [], "FULL"
    with store.delivery() as delivery:
        delivery._connection._inner.set_trace_callback(said.append)
        for number in range(1, 131):
            said.clear()
            delivery.settle([sent(number, 0.001 * number if number <= 100 else 1)])
            mode = next((found[1] for each in said if (found := re.match(r"PRAGMA synchronous = (\w+)", each))), mode)
            assert [each for each in said if each.startswith("UPDATE")] == said[-1:]  # after the setting
            if mode == "FULL":
                synced.append(number)
        assert synced == [1, 65, 101]
        said.clear()
    assert said == ["PRAGMA synchronous = FULL", "PRAGMA wal_checkpoint(PASSIVE)"]
    store.close()


def test_nothing_is_synced_twice_at_the_end(tmp_path):
    store = opened(tmp_path, 1)
    said = []
    with store.delivery() as delivery:
        delivery.settle([sent(1)])
        delivery._connection._inner.set_trace_callback(said.append)
    assert said == []
    store.close()


def test_the_folder_of_a_new_file_is_synced(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync

    def recorded(descriptor):
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    opened(tmp_path).close()
    assert synced == [str(tmp_path)]
    opened(tmp_path).close()
    assert synced == [str(tmp_path)], "a file that is there needs none"
