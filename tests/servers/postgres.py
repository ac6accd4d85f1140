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
import time
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from .guard import guarded

_ROOM = 2 << 30
PASSWORD = "canary-password-of-the-store"  # in no message, ever


class Cluster:
    """A server that runs: its port, and databases made in it."""

    def __init__(self, port: int) -> None:
        self.port = port
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


def found() -> str | None:
    """Return the folder of PostgreSQL's programs; None where it is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda each: int(each.parts[4]))
    return str(folders[-1].parent) if folders else None


def _as_postgres(program: str) -> list[str]:
    return [*(["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []), program]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(server: Cluster, process: subprocess.Popen[bytes], log: str) -> None:
    import psycopg

    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        with suppress(psycopg.OperationalError):
            psycopg.connect(server.url("postgres")).close()
            return
        time.sleep(0.02)
    raise AssertionError(f"PostgreSQL does not start: {Path(log).read_text()}")


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
    data, secret, log = f"{folder}/data", f"{folder}/secret", f"{folder}/log"
    with open(secret, "w") as stream:
        stream.write(PASSWORD + "\n")
    os.chmod(secret, 0o644)
    try:
        account = ["-U", "keeper", "-A", "scram-sha-256", f"--pwfile={secret}"]
        made = [*_as_postgres(f"{binaries}/initdb"), "-D", data, "-E", "UTF8", "--locale=C.UTF-8", *account]
        done = subprocess.run(made, text=True, cwd="/", capture_output=True, check=False)
        assert done.returncode == 0, f"initdb: {done.stderr}"
        port = _free_port()
        with open(f"{data}/postgresql.auto.conf", "a") as stream:
            stream.write(
                f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nfsync = on\n"
                "max_connections = 60\nshared_buffers = '64MB'\nlogging_collector = off\n"
            )
        command = [*_as_postgres(f"{binaries}/postgres"), "-D", data]
        ending = "kill -QUIT $server"  # at once, as in a crash
        with open(log, "wb") as stream, guarded(command, ending=ending, folder=folder, cwd="/", stderr=stream) as process:
            server = Cluster(port)
            _wait_for(server, process, log)
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
