"""A private postfix on a loopback port, delivering to a dovecot's Maildirs; to unknown users it sends real bounces."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time

from .dovecot import HAS_LMTP, PROGRAM, Dovecot, free_port, new_folder, wait_for
from .guard import guarded

_SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin"
POSTFIX = shutil.which("postfix", path=_SBIN)
# Postfix changes to users of its own, which root alone may do.
CAN_RUN = POSTFIX is not None and PROGRAM is not None and HAS_LMTP and os.geteuid() == 0
_MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.org
mydomain = example.org
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_maps =
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
lmtp_destination_recipient_limit = 1
default_transport = error:there are no other domains here
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
disable_dns_lookups = yes
in_flow_delay = 0
biff = no
maillog_file = {home}/log/mail.log
maillog_file_prefixes = {home}
"""
_MASTER = """
127.0.0.1:{smtp_port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
pickup unix n - n 60 1 pickup
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class MailServer:
    """Postfix in front of a dovecot; a context manager. Everybody is at example.org: `dionna` is dionna@example.org."""

    def __init__(self, users):
        self.dovecot = Dovecot(users)
        self.smtp_port = free_port()
        self.home = new_folder("postfix-")
        self.home.chmod(0o755)

    def __enter__(self):
        self._open = contextlib.ExitStack()
        try:
            self._open.enter_context(self.dovecot)
            self._configure()
            words = [POSTFIX, "-c", f"{self.home}/config"]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
            ending = f"PATH={_SBIN} {' '.join(words)} stop"
            process = self._open.enter_context(guarded([*words, "start-fg"], ending=ending, folder=str(self.home), **quiet))
            wait_for(self.smtp_port, process, self.home / "log/mail.log")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        self._open.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def maildir(self, user):
        """Return a user's Maildir."""
        return self.dovecot.maildir(user)

    def mails(self, user):
        """Return the bytes of all mails of a user, in the order of their arrival."""
        found = [each for folder in ("new", "cur") for each in (self.maildir(user) / folder).iterdir()]
        return [each.read_bytes() for each in sorted(found, key=lambda each: (each.stat().st_mtime_ns, each.name))]

    def settle(self, seconds=60):
        """Return when every mail that was taken has been delivered or returned."""
        until = time.monotonic() + seconds
        queues = [self.home / "queue" / each for each in ("maildrop", "incoming", "active", "deferred")]
        while any(each.is_file() for queue in queues for each in queue.rglob("*")):
            assert time.monotonic() < until, self.log()
            time.sleep(0.02)

    def log(self):
        """Return what postfix wrote."""
        path = self.home / "log/mail.log"
        return path.read_text() if path.exists() else ""

    def _configure(self):
        for name in ("config", "queue", "data", "log"):
            (self.home / name).mkdir()
        shutil.chown(self.home / "data", "postfix")
        values = {"home": self.home, "lmtp_port": self.dovecot.lmtp_port, "smtp_port": self.smtp_port}
        (self.home / "config/main.cf").write_text(_MAIN.format(**values))
        (self.home / "config/master.cf").write_text(_MASTER.format(**values))


@contextlib.contextmanager
def mail_server(users):
    """Yield a MailServer for users, started; it is stopped and its files are gone afterwards."""
    with MailServer(users) as server:
        yield server
