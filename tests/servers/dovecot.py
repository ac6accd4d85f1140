"""A private dovecot on loopback ports: IMAP with and without TLS, LMTP, and a Maildir for each user."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .guard import guarded

PASSWORD = "correct horse"
PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
HAS_LMTP = Path("/usr/lib/dovecot/lmtp").exists()
_CONFIG = """
protocols = imap{lmtp_protocol}
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
disable_plaintext_auth = no
auth_failure_delay = 0
ssl = yes
ssl_cert = <{home}/certificate.pem
ssl_key = <{home}/key.pem
mail_location = maildir:{home}/mail/%u
auth_username_format = %Lu
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {home}/users
}}
service anvil {{
  chroot =
  # Nor does one wrong password slow the next ones down.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
namespace inbox {{
  inbox = yes
}}
"""
_LMTP = """
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@example.org
}}
"""


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(port, process=None, log=None):
    """Return when something answers on a port."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError(f"nothing answers on port {port}: {log.read_text() if log and log.exists() else ''}")


def new_folder(prefix):
    """Return a new folder in a place that the servers' settings and shell scripts, which have no quotes, can name."""
    plain = re.fullmatch(r"[\w./-]+", tempfile.gettempdir(), re.ASCII)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=None if plain else "/tmp"))


def make_maildir(path):
    """Return a new, empty Maildir."""
    for folder in ("cur", "new", "tmp"):
        (path / folder).mkdir(parents=True)
    return path


class Dovecot:
    """A server and its users; a context manager. A user `dionna` is `dionna@example.org` too, with the same Maildir."""

    def __init__(self, users):
        # pytest's own folders are closed to the users that dovecot runs as when it is started by root.
        self.home = new_folder("dovecot-")
        self.home.chmod(0o755)
        self.users = list(users)
        self.imap_port, self.imaps_port, self.lmtp_port = free_port(), free_port(), free_port()
        self.certificate = self.home / "certificate.pem"
        self._open = contextlib.ExitStack()

    def __enter__(self):
        try:
            self._configure()
            command = [PROGRAM, "-F", "-c", str(self.home / "dovecot.conf")]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
            process = self._open.enter_context(guarded(command, folder=str(self.home), **quiet))
            for port in (self.imap_port, self.imaps_port, *([self.lmtp_port] if HAS_LMTP else [])):
                wait_for(port, process, self.home / "log")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        self._open.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def maildir(self, user):
        """Return a user's Maildir; their INBOX is the folder itself."""
        return self.home / "mail" / user

    def address(self, user, *, tls=True, folder="INBOX"):
        """Return the address of a user's folder, as `invite receive` takes it."""
        port = self.imaps_port if tls else self.imap_port
        return f"{'imaps' if tls else 'imap'}://{user}@localhost:{port}/{folder}?ca={self.certificate}"

    def deliver(self, user, data):
        """Put a mail into a user's Maildir, as a delivery agent does."""
        maildir = self.maildir(user)
        self._delivered = getattr(self, "_delivered", 0) + 1
        name = f"{1_700_000_000 + self._delivered}.M{self._delivered}.mail.example.org"
        (maildir / "tmp" / name).write_bytes(data)
        if os.geteuid() == 0:
            shutil.chown(maildir / "tmp" / name, "mail", "mail")
        os.rename(maildir / "tmp" / name, maildir / "new" / name)
        return name

    def _configure(self):
        root = os.geteuid() == 0
        me = getpass.getuser()
        for user in self.users:
            make_maildir(self.maildir(user))
        if root:
            for path in [self.home / "mail", *(self.home / "mail").rglob("*")]:
                shutil.chown(path, "mail", "mail")
        owner = (8, 8) if root else (os.getuid(), os.getgid())
        lines = []
        for user in self.users:
            rest = f":{{PLAIN}}{PASSWORD}:{owner[0]}:{owner[1]}::{self.maildir(user)}::userdb_mail=maildir:{self.maildir(user)}"
            lines += [f"{user}{rest}", f"{user}@example.org{rest}"]
        (self.home / "users").write_text("\n".join(lines) + "\n")
        (self.home / "state").mkdir()
        (self.home / "run").mkdir()
        group = subprocess.run(["id", "-gn"], capture_output=True, text=True, check=True).stdout.strip()
        text, lmtp = (_CONFIG + _LMTP, " lmtp") if HAS_LMTP else (_CONFIG, "")
        names = ("dovecot", "dovecot", "dovenull") if root else (me, group, me)
        values = {"lmtp_protocol": lmtp, **dict(zip(("internal", "internal_group", "login"), names, strict=True))}
        ports = {name: getattr(self, name) for name in ("imap_port", "imaps_port", "lmtp_port")}
        (self.home / "dovecot.conf").write_text(text.format(home=self.home, **values, **ports))
        request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        request += " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
        command = ["openssl", *request.split(), "-keyout", self.home / "key.pem", "-out", self.certificate]
        subprocess.run(command, check=True, capture_output=True)
