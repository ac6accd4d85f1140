"""A site over HTTP and Debian's Chromium to look at it with: what the browser tests and the picture for the README share."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


_TYPES = {".ics": "text/calendar; charset=utf-8", ".atom": "application/atom+xml", ".js": "text/javascript; charset=utf-8"}


class _Quiet(SimpleHTTPRequestHandler):
    def guess_type(self, path):
        return next((kind for ending, kind in _TYPES.items() if str(path).endswith(ending)), super().guess_type(path))

    def log_message(self, *args):
        pass


@contextmanager
def served(folder):
    """Serve a folder on loopback; gives its address, which ends in a slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def chromium():
    """Start Debian's Chromium, with a profile of its own that is gone afterwards."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def reader(browser, *, zone, now, **options):
    """Return a new page of somebody whose clock is in `zone` and shows `now`, an aware ISO 8601 instant."""
    context = browser.new_context(timezone_id=zone, locale="en-GB", **options)
    page = context.new_page()
    page.clock.set_fixed_time(datetime.fromisoformat(now))
    return page
