"""Killed, or failed by the disk or the network, at any write: what is stored is what was there before, or after, and whole.

`make test` strikes at some points of each act, `make soak` at all of them.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

pytest.importorskip("procrastinate", reason="workers need the extra `postgres`")

from svsm_cal.store import open_store
from svsm_cal.store.postgres_connection import batches_without_job
from tests.store.examples import CALENDAR
from tests.store.killing import BROKEN, FULL, KILL, SENDS, WRITES, Actors, has_strace, spread

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not has_strace(), reason="strace is not installed (tests/servers/setup.sh)")]

SOME = {"sqlite": 8, "postgresql": 4}  # points of each act in `make test`: a database costs more than a folder

# The act, what has been done before it, and how many of its steps show by themselves.
ACTS = [("migrate", [], 0), ("upgrade", ["fill"], 0), ("plan", ["fill"], 0), ("receive", ["fill"], 0), ("deliver", ["fill"], 6)]


class Folder:
    """SQLite stores: copies of a folder."""

    writes = WRITES

    def __init__(self, folder):
        self._folder = folder
        self._count = 0

    def new(self):
        return self.like(None)

    def like(self, url):
        self._count += 1
        folder = f"{self._folder}/{self._count}"
        if url is None:
            Path(folder).mkdir()
        else:
            shutil.copytree(os.path.dirname(url.removeprefix("sqlite:")), folder)
        return f"sqlite:{folder}/svsm-cal.db"

    def settled(self, url):
        """Wait for nothing: what a dead process did is in its files."""

    def drop(self, url):
        shutil.rmtree(os.path.dirname(url.removeprefix("sqlite:")))


class Server:
    """PostgreSQL stores: databases like another."""

    writes = SENDS

    def __init__(self, server):
        self._server = server

    def new(self):
        return self._server.fresh()

    def like(self, url):
        self.settled(url)
        return self._server.fresh(url.rpartition("/")[2])

    def settled(self, url):
        """Wait until the server has noticed that its client is gone."""
        import psycopg

        name = url.rpartition("/")[2]
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            for _ in range(1000):
                [(count,)] = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (name,)).fetchall()
                if not count:
                    return
                time.sleep(0.01)
        raise AssertionError("the server goes on for a client that is gone")

    def drop(self, url):
        self.settled(url)
        self._server.drop(url)


@pytest.fixture
def place(kind, tmp_path, request):
    return Folder(tmp_path) if kind == "sqlite" else Server(request.getfixturevalue("server"))


def seen(url, place):
    """Return everything that is stored, after seeing that it is whole."""
    place.settled(url)
    store = open_store(url, calendar_id=CALENDAR)
    try:
        assert store.check() == []
        if store.kind == "postgresql":
            with store._transaction(writes=False) as connection:
                assert batches_without_job(connection) == []
        return list(store.export())
    finally:
        store.close()


@pytest.fixture(scope="module")
def actors():
    serving = Actors()
    yield serving
    serving.close()


def sweep(actors, place, name, before, steps, how, wanted):
    """Strike at points of an act, and return how many there were and how many of them left each state that there may be."""

    def do(*words):
        ended = actors.perform(words)
        assert ended.status == 0, ended
        return ended.output

    def look(url):
        place.settled(url)
        return do("look", url) if name == "upgrade" else seen(url, place)

    origin = place.new()
    for each in before:
        do(each, origin)
    whole = place.like(origin)
    found = actors.points((name, whole), place.writes)
    allowed = [look(place.like(origin))] if name != "migrate" else []
    for count in range(1, steps + 1):
        partly = place.like(origin)
        do(name, partly, str(count))
        allowed.append(look(partly))
    if not steps:
        allowed.append(look(whole))
    assert len({str(each) for each in allowed}) == len(allowed)
    left = [0] * len(allowed)
    chosen = spread(found, wanted)
    for point in chosen:
        trial = place.like(origin)
        ended = actors.struck((name, trial), point, how)
        state = look(trial)
        assert state in allowed, (name, point)
        number = allowed.index(state)
        left[number] += 1
        assert number >= ended.output.count("settled"), (name, point, "what was settled is forgotten")
        if how == KILL:
            # A client of a server reads once more or once less, by the server's pace: the last point may not be reached.
            missed = ended.status == 0 and place.writes == SENDS and number == len(allowed) - 1
            assert ended.status == -9 or missed, (point, ended)
        elif ended.status == 0:
            assert number == len(allowed) - 1, (name, point, "an error was passed over")
        else:
            assert (ended.status, ended.errors.count("\n")) == (1, 1), (point, ended)
        do(name, trial)  # whatever happened, the next run gets there
        assert look(trial) == allowed[-1] or name == "deliver"
        if wanted is None:
            place.drop(trial)
    return len(chosen), left


@pytest.mark.parametrize(("name", "before", "steps"), ACTS)
def test_killed_at_some_writes(actors, place, kind, name, before, steps):
    count, left = sweep(actors, place, name, before, steps, KILL, SOME[kind])
    assert count == sum(left) == SOME[kind]


@pytest.mark.soak
@pytest.mark.parametrize(("name", "before", "steps"), ACTS)
def test_killed_at_every_write(actors, place, name, before, steps):
    count, left = sweep(actors, place, name, before, steps, KILL, None)
    assert count > 20
    assert all(left), left  # every state that there can be was met


@pytest.mark.parametrize("how", [FULL, BROKEN])
@pytest.mark.parametrize(("name", "before", "steps"), ACTS)
def test_failed_by_the_disk_at_some_writes(actors, tmp_path, name, before, steps, how):
    count, _ = sweep(actors, Folder(tmp_path), name, before, steps, how, 3)
    assert count == 3


@pytest.mark.soak
@pytest.mark.parametrize("how", [FULL, BROKEN])
@pytest.mark.parametrize(("name", "before", "steps"), ACTS)
def test_failed_by_the_disk_at_every_write(actors, tmp_path, name, before, steps, how):
    count, _ = sweep(actors, Folder(tmp_path), name, before, steps, how, None)
    assert count > 20
