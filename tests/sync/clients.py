"""Two clients that keep what they have: vdirsyncer with khal, and a CalDAV client with a Radicale server."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import threading
import time
from datetime import UTC
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

import icalendar

from tests.support import ROOT

from .feeds import resources

SYNC, READERS = ROOT / ".cache/sync", ROOT / ".cache/readers"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONTZPATH": ""}
KHAL_CONFIG = """
[sqlite]
path = {folder}/khal.db
[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M:%S
dateformat = %m-%d
longdateformat = %Y-%m-%d
datetimeformat = %m-%d %H:%M:%S
longdatetimeformat = %Y-%m-%d %H:%M:%S
"""
PAIR = """
[pair {name}]
a = "{name}_feed"
b = "{name}_kept"
collections = null
conflict_resolution = "a wins"
[storage {name}_feed]
type = "http"
url = "{address}"
[storage {name}_kept]
type = "filesystem"
path = "{folder}/{name}"
fileext = ".ics"
"""
NAMES = {"d": "DAV:", "c": "urn:ietf:params:xml:ns:caldav"}
QUERY = """<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
<d:prop><d:getetag/><c:calendar-data>{expand}</c:calendar-data></d:prop>
<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">{range}</c:comp-filter></c:comp-filter></c:filter>
</c:calendar-query>"""


class Program:
    """A program of another environment, run by warm.py: it answers a list of words with what it prints."""

    def __init__(self, environment, name, home):
        command = [str(environment / "bin/python"), str(Path(__file__).with_name("warm.py")), name]
        self._log = (home / f"{name}.log").open("w+")
        pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._log}
        self._process = subprocess.Popen(command, text=True, env=ENVIRONMENT | {"HOME": str(home)}, **pipe)

    def __call__(self, *words, failing=False):
        self._process.stdin.write(json.dumps([str(each) for each in words]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, Path(self._log.name).read_text()
        code, said = json.loads(answer)
        assert (code != 0) is failing, f"{words}: {said}"
        return said

    def close(self):
        """End it."""
        with self._process:
            self._process.stdin.close()
        self._log.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Website:
    """A web server for a folder that may be exchanged under it."""

    def __init__(self, folder):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Subscriber:
    """vdirsyncer, which keeps a folder for each feed address, and khal, which keeps a database of these folders."""

    def __init__(self, folder, addresses):
        self.folder, self.names = folder, list(addresses)
        folder.mkdir()
        self._vdirsyncer, self._khal = folder / "vdirsyncer.conf", folder / "khal.conf"
        pairs = (PAIR.format(name=name, address=address, folder=folder) for name, address in addresses.items())
        self._vdirsyncer.write_text(f'[general]\nstatus_path = "{folder}/status"\n' + "".join(pairs))
        kept = "".join(f"[[{name}]]\npath = {folder}/{name}\ntype = calendar\n" for name in addresses)
        self._khal.write_text(f"[calendars]\n{kept}{KHAL_CONFIG.format(folder=folder)}")
        for name in addresses:
            (folder / name).mkdir()
        self._programs = Program(SYNC, "vdirsyncer", folder), Program(READERS, "khal", folder)
        self._programs[0]("-c", self._vdirsyncer, "discover")

    def close(self):
        """End the programs."""
        for each in self._programs:
            each.close()

    def sync(self, *names, failing=False):
        """Synchronise the feeds of these names, or all; return the files new or changed, by name, or what it says of failing."""
        before = {name: self.kept(name) for name in self.names}
        said = self._programs[0]("-c", self._vdirsyncer, "sync", *names, failing=failing)
        if failing:
            return said
        return {name: set(self.kept(name).items()) - set(before[name].items()) for name in self.names}

    def kept(self, name):
        """Return the files kept of a feed."""
        return {path.name: path.read_bytes() for path in (self.folder / name).iterdir()}

    def starts(self, since, until):
        """Return the sorted starts that khal lists of each feed, each as often as it does."""
        words = ("list", "--day-format", "", "--format", "{calendar}|{start-long-full}|{status}|{all-day}", since, until)
        lines = self._programs[1]("-c", self._khal, *words).splitlines()
        found = {name: [] for name in self.names}
        for name, start, status, whole_day in (line.strip().split("|") for line in lines if line.count("|") == 3):
            if "CANCELLED" not in status:
                found[name].append(start[:10] if whole_day == "True" else f"{start.replace(' ', 'T')}Z")
        return {name: sorted(starts) for name, starts in found.items()}


class Radicale:
    """A Radicale server of its own, on a free port, without authentication."""

    def __init__(self, folder):
        folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        options = {"server-hosts": f"127.0.0.1:{self.port}", "auth-type": "none", "storage-filesystem-folder": folder / "kept"}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self.log, self._environment = folder / "log", ENVIRONMENT | {"HOME": str(folder)}
        self._command = [str(SYNC / "bin/python"), "-m", "radicale", "--config", "", *words]
        self.start()

    def start(self):
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environment)
        for _ in range(300):
            assert self._process.poll() is None, self.log.read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        self.close()
        raise AssertionError(f"Radicale does not answer: {self.log.read_text()}")

    def close(self):
        """End it."""
        self._process.terminate()
        self._process.wait(30)


class Collection:
    """A calendar on a CalDAV server, and a client that keeps it as a feed is: by ETags, and only what differs."""

    def __init__(self, server, name):
        self._server, self.path = server, f"/reader/{name}/"
        self.kept = {}  # UID -> (address, ETag, what was put)
        status, _, data = self._ask("MKCALENDAR", self.path)
        assert status == 201, data

    def _ask(self, method, path, body=b"", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Authorization"] = "Basic " + base64.b64encode(b"reader:").decode()
        connection = HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def push(self, feed):
        """Put what the feed has new or otherwise, delete what it has no more; return the UIDs of both."""
        wanted = resources(feed)
        put = {uid for uid, data in wanted.items() if uid not in self.kept or self.kept[uid][2] != data}
        for uid in sorted(put):
            path = f"{self.path}{quote(uid, safe='')}.ics"
            condition = {"If_Match": self.kept[uid][1]} if uid in self.kept else {"If_None_Match": "*"}
            status, headers, data = self._ask("PUT", path, wanted[uid], Content_Type="text/calendar; charset=utf-8", **condition)
            assert status in {201, 204}, (uid, status, data, self._server.log.read_text()[-3000:])
            self.kept[uid] = (path, headers["ETag"], wanted[uid])
        gone = self.kept.keys() - wanted.keys()
        for uid in sorted(gone):
            path, etag, _ = self.kept.pop(uid)
            status, _, data = self._ask("DELETE", path, If_Match=etag)
            assert status in {200, 204}, (uid, status, data)
        return put | gone

    def refuses_to_replace(self, uid):
        """Whether the server keeps a resource against one who knows another state of it."""
        path, _, data = self.kept[uid]
        return self._ask("PUT", path, data, Content_Type="text/calendar", If_Match='"another"')[0] == 412

    def read(self):
        """Return all resources by UID, as the server gives them; they are those that were put, at their ETags."""
        found = {unquote(path.rpartition("/")[2]).removesuffix(".ics"): (path, etag, data) for path, etag, data in self._query()}
        assert {uid: each[1] for uid, each in found.items()} == {uid: each[1] for uid, each in self.kept.items()}
        return {uid: data for uid, (_, _, data) in found.items()}

    def expanded(self, since, until):
        """Return the sorted UTC starts of the instances that the server itself finds in a span."""
        span = f'start="{since.replace("-", "")}T000000Z" end="{until.replace("-", "")}T000000Z"'
        texts = [data for _, _, data in self._query(f"<c:time-range {span}/>", f"<c:expand {span}/>")]
        events = (event for text in texts for event in icalendar.Calendar.from_ical(text).walk("VEVENT"))
        starts = (event["DTSTART"].dt for event in events if event.get("STATUS") != "CANCELLED")
        return sorted(each.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for each in starts)

    def _query(self, within="", expand=""):
        body = QUERY.format(range=within, expand=expand).encode()
        status, _, data = self._ask("REPORT", self.path, body, Content_Type="application/xml", Depth="1")
        assert status == 207, data
        for answer in ET.fromstring(data).findall("d:response", NAMES):
            path, etag = answer.findtext("d:href", "", NAMES), answer.findtext(".//d:getetag", "", NAMES)
            yield path, etag, answer.findtext(".//c:calendar-data", "", NAMES)


class Reader:
    """recurring-ical-events, with what a client has read from its server."""

    def __init__(self, folder):
        folder.mkdir()
        self._folder, self._numbers = folder, count()
        self._program = Program(READERS, "expand", folder)
        self.close = self._program.close

    def starts(self, calendars, since, until):
        """Return the sorted starts that it finds in each of some calendars, which are lists of resources."""
        folders = []
        for texts in calendars:
            folders.append(self._folder / str(next(self._numbers)))
            folders[-1].mkdir()
            for index, text in enumerate(texts):
                (folders[-1] / f"{index}.ics").write_text(text, encoding="utf-8", newline="")
        return json.loads(self._program(since, until, *folders))
