"""Both stores, for the same tests: a fresh one each, SQLite's in a folder, PostgreSQL's in a server of the tests' own."""

from __future__ import annotations

import pytest

from svsm_cal.store.opening import open_store
from tests.servers.postgres import cluster, found
from tests.store.examples import CALENDAR


@pytest.fixture(scope="session")
def server():
    if not found():
        pytest.skip("PostgreSQL is not installed (tests/servers/setup.sh)")
    with cluster(in_memory=True) as running:
        open_store(running.fresh(), calendar_id=CALENDAR).close()  # calendar1: the template of those that are prepared
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def kind(request):
    return request.param


@pytest.fixture
def empty_url(kind, tmp_path, request):
    """The address of a store that is not there yet."""
    if kind == "sqlite":
        return f"sqlite:{tmp_path}/svsm-cal.db"
    return request.getfixturevalue("server").fresh()


@pytest.fixture
def url(kind, tmp_path, request):
    """The address of a store that is prepared."""
    if kind == "sqlite":
        address = f"sqlite:{tmp_path}/svsm-cal.db"
        open_store(address, calendar_id=CALENDAR).close()
        return address
    return request.getfixturevalue("server").fresh("calendar1")


@pytest.fixture
def store(url):
    opened = open_store(url, calendar_id=CALENDAR)
    yield opened
    opened.close()
