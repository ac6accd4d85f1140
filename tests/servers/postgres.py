"""A PostgreSQL server of the tests' own: in a temporary folder, on a loopback port, with fsync on.

`cluster()` starts one, for as long as its block lasts; `fresh(...)` makes a database in it, by copying an empty one.
PostgreSQL refuses to run as root, so root runs it as the account that Debian's package made.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from itertools import count
from pathlib import Path

_ROOM = 2 << 30
PASSWORD = "canary-password-of-the-store"  # in no message, ever


class Cluster:
    """A server that runs: its port, and databases made in it."""

    def __init__(self, binaries: str, folder: str, port: int) -> None:
        self.port = port
        self._binaries = binaries
        self._folder = folder
        self._numbers = count(1)

    def url(self, database: str, *, password: str = PASSWORD) -> str:
        return f"postgresql://keeper:{password}@127.0.0.1:{self.port}/{database}"

    def fresh(self, template: str = "template0") -> str:
        """Return the address of a new database, like `template`."""
        import psycopg

        name = f"calendar{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database that `fresh` made, whoever is connected to it."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def control(self, *words: str) -> None:
        """Run pg_ctl: `stop -m immediate` is a crash, `start`, `restart`."""
        run_as(self._binaries, "pg_ctl", "-D", self._folder, "-s", "-w", "-t", "60", "-l", f"{self._folder}/log", *words)


def found() -> str | None:
    """Return the folder of PostgreSQL's programs; None where it is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda each: int(each.parts[4]))
    return str(folders[-1].parent) if folders else None


def run_as(binaries: str, program: str, *words: str) -> None:
    account = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    argv = [*account, f"{binaries}/{program}", *words]
    done = subprocess.run(argv, text=True, cwd="/", capture_output=program == "initdb", check=False)
    assert done.returncode == 0, f"{program}: {done.stderr or done.returncode}"


@contextmanager
def cluster(*, in_memory: bool = False):
    """Yield a server that runs. In memory its files are where fsync costs nothing: for tests of what its clients survive."""
    binaries = found()
    assert binaries, "PostgreSQL is not installed (tests/servers/setup.sh)"
    memory = "/dev/shm" if in_memory and os.path.isdir("/dev/shm") and shutil.disk_usage("/dev/shm").free > _ROOM else None
    folder = tempfile.mkdtemp(prefix="svsm-pg-", dir=memory)
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    data, secret = f"{folder}/data", f"{folder}/secret"
    with open(secret, "w") as stream:
        stream.write(PASSWORD + "\n")
    os.chmod(secret, 0o644)
    try:
        account = ["-U", "keeper", "-A", "scram-sha-256", f"--pwfile={secret}"]
        run_as(binaries, "initdb", "-D", data, "-E", "UTF8", "--locale=C.UTF-8", *account)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with open(f"{data}/postgresql.auto.conf", "a") as stream:
            stream.write(
                f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nfsync = on\n"
                "max_connections = 60\nshared_buffers = '64MB'\nlogging_collector = off\n"
            )
        server = Cluster(binaries, data, port)
        server.control("start")
        try:
            yield server
        finally:
            server.control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
