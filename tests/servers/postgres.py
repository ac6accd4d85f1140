"""A PostgreSQL server of the tests' own: in a temporary folder, on a loopback port, with fsync on.

`cluster()` starts one, for as long as its block lasts; `fresh(...)` makes a database in it, by copying an empty one.
PostgreSQL refuses to run as root, so root runs it as the account that Debian's package made.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from itertools import count

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
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda each: int(each.split("/")[4]))
    return folders[-1] if folders and os.path.exists(f"{folders[-1]}/postgres") else None


def run_as(binaries: str, program: str, *words: str, text: str | None = None) -> None:
    account = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*account, f"{binaries}/{program}", *words], input=text, text=True, cwd="/", capture_output=program == "initdb", check=False
    )
    assert done.returncode == 0, f"{program}: {done.stderr or done.returncode}"


@contextmanager
def cluster():
    binaries = found()
    assert binaries, "PostgreSQL is not installed (tests/servers/setup.sh)"
    folder = tempfile.mkdtemp(prefix="svsm-pg-")
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    data, secret = f"{folder}/data", f"{folder}/secret"
    with open(secret, "w") as stream:
        stream.write(PASSWORD + "\n")
    os.chmod(secret, 0o644)
    try:
        run_as(binaries, "initdb", "-D", data, "-U", "keeper", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8")
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
