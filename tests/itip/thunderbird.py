"""Thunderbird as an attendee's calendar: the program itself, without a window, asked through Marionette.

What is run in it is what its mail window runs when a message has an invitation (`cal.itip.processItipItem`), and the
button that it then shows is pressed: accept what is new or has another time, update what has not. What it shows no
button for, as with a message older than what it has, changes nothing.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time

PROGRAM = shutil.which("thunderbird")
_PREFERENCES = {
    "app.update.enabled": False,
    "calendar.timezone.local": "UTC",
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
}
_HEAD = """
const done = arguments[arguments.length - 1];
const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const calendarOf = name => cal.manager.getCalendars().find(each => each.name == name);
const answer = promise => promise.then(found => done([true, found]), error => done([false, error + error.stack]));
"""
_ADD = """
answer((async () => {
  const [email, port] = arguments;
  const name = email.replace(/[^a-z0-9]/g, "");
  const account = MailServices.accounts.createAccount();
  const identity = MailServices.accounts.createIdentity();
  const smtp = MailServices.outgoingServer.createServer("smtp").QueryInterface(Ci.nsISmtpServer);
  smtp.hostname = "127.0.0.1";
  smtp.port = port;
  smtp.authMethod = Ci.nsMsgAuthMethod.none;
  smtp.socketType = Ci.nsMsgSocketType.plain;
  identity.email = email;
  identity.smtpServerKey = smtp.key;
  identity.doFcc = false;
  account.incomingServer = MailServices.accounts.createIncomingServer(name, name, "none");
  account.addIdentity(identity);
  const calendar = cal.manager.createCalendar("memory", Services.io.newURI("moz-memory-calendar://" + name));
  calendar.name = email;
  cal.manager.registerCalendar(calendar);
  calendar.setProperty("imip.identity.key", identity.key);
})());
"""
_TAKE = """
answer((async () => {
  const [email, text, method, tells] = arguments;
  const item = Cc["@mozilla.org/calendar/itip-item;1"].createInstance(Ci.calIItipItem);
  item.init(text);
  item.receivedMethod = method;
  item.targetCalendar = calendarOf(email);
  item.identity = email;
  item.isSend = false;
  item.autoResponse = Ci.calIItipItem.NONE;
  const act = await new Promise(resolve => cal.itip.processItipItem(item, (_item, _result, found) => resolve(found)));
  if (act) {
    const answers = ["REQUEST", "REQUEST:UPDATE", "REQUEST:NEEDS-ACTION"].includes(act.method);
    await new Promise((resolve, reject) => {
      const listener = {
        onOperationComplete(_calendar, status, _type, _id, detail) { status ? reject(detail) : resolve(); },
        onGetResult() {},
      };
      act(listener, answers ? "ACCEPTED" : null, { responseMode: Ci.calIItipItem.NONE });
    });
    if (tells && answers) {
      const found = (await item.targetCalendar.getItem(item.getItemList()[0].id)).clone();
      // This names the account to send from, as the mail window does for who has several.
      found.setProperty("X-MOZ-INVITED-ATTENDEE", "mailto:" + email);
      cal.itip.checkAndSend(Ci.calIOperationListener.ADD, found, null, { responseMode: Ci.calIItipItem.AUTO });
    }
    cal.itip.cleanupItipItem(item);
    return tells && answers;
  }
  cal.itip.cleanupItipItem(item);
  return false;
})());
"""
_ANSWER = """
answer((async () => {
  const [email, uid, partstat, start] = arguments;
  const item = await calendarOf(email).getItem(uid);
  const [at, end] = [start, start + 86400 * 30].map(each => cal.dtz.jsDateToDateTime(new Date(each * 1000), cal.dtz.UTC));
  const before = start ? item.recurrenceInfo.getOccurrences(at, end, 1)[0] : item;
  const after = before.clone();
  const attendee = cal.itip.getInvitedAttendee(after).clone();
  after.removeAttendee(attendee);
  attendee.participationStatus = partstat;
  after.addAttendee(attendee);
  after.setProperty("X-MOZ-INVITED-ATTENDEE", attendee.id);
  let parent = after;
  if (start) {
    parent = item.clone();
    parent.recurrenceInfo.modifyException(after, true);
  }
  await item.calendar.modifyItem(parent, item);
  cal.itip.checkAndSend(Ci.calIOperationListener.MODIFY, after, before, { responseMode: Ci.calIItipItem.AUTO });
})());
"""
_STARTS = """
answer((async () => {
  const [email, since, until] = arguments;
  const [from, to] = [since, until].map(each => cal.dtz.jsDateToDateTime(new Date(each * 1000), cal.dtz.UTC));
  const wanted = Ci.calICalendar.ITEM_FILTER_TYPE_EVENT | Ci.calICalendar.ITEM_FILTER_CLASS_OCCURRENCES;
  const items = await calendarOf(email).getItemsAsArray(wanted, 0, from, to);
  return items.filter(each => each.status != "CANCELLED").map(each => each.startDate.nativeTime / 1000000).sort((a, b) => a - b);
})());
"""


class Thunderbird:
    """The program and its calendars, one for each attendee."""

    def __init__(self, folder):
        profile, home = folder / "profile", folder / "home"
        for each in (profile, home):
            each.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        preferences = _PREFERENCES | {"marionette.port": self._port}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
        (profile / "user.js").write_text("".join(lines))
        self._log = (folder / "log").open("w+")
        words = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", str(profile)]
        environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        self._process = subprocess.Popen([PROGRAM, *words], stdout=self._log, stderr=self._log, env=environment)
        self._socket = None
        self._count = 0

    def connect(self):
        """Wait until it answers: it takes some seconds to start."""
        until = time.monotonic() + 120
        while self._socket is None:
            assert self._process.poll() is None, self._said()
            assert time.monotonic() < until, self._said()
            try:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=120)
            except OSError:
                time.sleep(0.1)
        self._stream = self._socket.makefile("rb")
        self._read()
        self._command("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        self._command("Marionette:SetContext", {"value": "chrome"})
        self._command("WebDriver:SetTimeouts", {"script": 60_000})

    def add(self, name, port=25):
        """Give an attendee an identity, a calendar, and a mail server on this machine."""
        self._run(_ADD, name, port)

    def take(self, name, text, method, *, tells=False):
        """Take a message into an attendee's calendar; with `tells`, mail the answer it asks for; return whether it did."""
        return self._run(_TAKE, name, text, method, tells)

    def answer(self, name, uid, partstat, start=None):
        """Answer a series, or the call that starts at or after an instant, and mail that to the organizer."""
        self._run(_ANSWER, name, uid, partstat, start)

    def starts(self, name, since, until):
        """Return the starts of an attendee's calls, in seconds since 1970."""
        return self._run(_STARTS, name, since, until)

    def close(self):
        """End it."""
        if self._socket is not None:
            self._stream.close()
            self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _run(self, script, *arguments):
        found = self._command("WebDriver:ExecuteAsyncScript", {"script": _HEAD + script, "args": arguments, "newSandbox": False})
        well, answer = found["value"]
        assert well, answer
        return answer

    def _command(self, name, parameters):
        self._count += 1
        data = json.dumps([0, self._count, name, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(data), data))
        _, _, error, result = self._read()
        assert error is None, f"{name}: {error}"
        return result

    def _read(self):
        length = b""
        while (each := self._stream.read(1)) != b":":
            assert each, self._said()
            length += each
        return json.loads(self._stream.read(int(length)))

    def _said(self):
        self._log.flush()
        self._log.seek(0)
        return self._log.read()[-3000:]
