"""Reading feeds from files, standard input and the web, and other files from the web."""

from __future__ import annotations

import re
import sys
import time
from typing import IO, TYPE_CHECKING

from svsm_cal.errors import InputError

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.request import OpenerDirector

LARGEST_FEED = 64 * 1024 * 1024
_MOST_REDIRECTS = 5
_PATIENCE = 20.0  # seconds for each answer of the server
_MOST_PATIENCE = 60.0  # and for all of them
_CHUNK = 1 << 16
_NOT_THERE = (404, 410)
_SCHEME = re.compile(r"(https?|webcals?)://", re.IGNORECASE)
_MEANS = {"webcal": "https", "webcals": "https"}


def feed_name(place: str) -> str:
    """Return a feed's name for messages."""
    return "<stdin>" if place == "-" else re.sub(r"[\x00-\x1f\x7f-\x9f]", "?", place)


def read_feed(place: str) -> bytes:
    """Return the bytes of a feed in a file, on standard input (`-`), or at an http(s) or webcal address.

    Raises InputError for a feed that cannot be read, is larger than 64 MiB, or takes longer than a minute.
    """
    if place == "-":
        return _limited(sys.stdin.buffer, place)
    if _SCHEME.match(place):
        data = fetch(place)
        if data is None:
            raise InputError(f"{feed_name(place)}: not found on the server (open the address in a browser)")
        return data
    name = feed_name(place)
    try:
        with open(place, "rb") as stream:
            return _limited(stream, place)
    except FileNotFoundError as error:
        raise InputError(f"{name}: there is no such file (give a file, an https:// address, or - for standard input)") from error
    except IsADirectoryError as error:
        raise InputError(f"{name}: is a folder (give the .ics file in it)") from error
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror} (check its permissions)") from error
    except ValueError as error:  # a NUL in the name
        raise InputError(f"{name}: is not a valid file name (give a file, an https:// address, or -)") from error


def _limited(stream: IO[bytes] | HTTPResponse, place: str, until: float | None = None) -> bytes:
    """Return all bytes of a stream, read in chunks to limit size and time."""
    data = bytearray()
    while chunk := stream.read(_CHUNK) if until is None else stream.read1(_CHUNK):  # type: ignore[union-attr]
        data += chunk
        if len(data) > LARGEST_FEED:
            raise InputError(f"{feed_name(place)}: is larger than {LARGEST_FEED // 1024 // 1024} MiB (is it the right one?)")
        if until is not None and time.monotonic() > until:
            raise InputError(f"{feed_name(place)}: takes longer than {_MOST_PATIENCE:.0f} seconds (try again, or save it first)")
    return bytes(data)


def fetch(place: str) -> bytes | None:
    """Return the bytes at an http(s) or webcal address, None if the server does not have it.

    Raises InputError for an address that cannot be fetched, is larger than 64 MiB, or takes longer than a minute.
    """
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import Request

    from svsm_cal import __version__

    name = feed_name(place)
    scheme, _, rest = place.partition("://")
    address = f"{_MEANS.get(scheme.lower(), scheme.lower())}://{rest}"
    headers = {"User-Agent": f"svsm-cal/{__version__}", "Accept": "text/calendar, */*;q=0.5"}
    until = time.monotonic() + _MOST_PATIENCE
    try:
        request = Request(address, headers=headers)  # noqa: S310 - the opener knows http and https alone
        with _opener().open(request, timeout=_PATIENCE) as answer:
            data = _limited(answer, place, until)
            if answer.length:  # the remaining length
                raise InputError(f"{name}: the connection was closed too early (try again)")
            return data
    except HTTPError as error:
        with error:
            if error.code in _NOT_THERE:
                return None
            raise InputError(f"{name}: the server answers {error.code} {error.reason} (open the address in a browser)") from error
    except TimeoutError as error:
        raise InputError(f"{name}: no answer within {_PATIENCE:.0f} seconds (try again later)") from error
    except URLError as error:
        reason = getattr(error.reason, "strerror", None) or error.reason
        raise InputError(f"{name}: cannot be reached: {reason} (check the address and the network)") from error
    except (OSError, HTTPException, ValueError) as error:
        raise InputError(f"{name}: cannot be read: {error or type(error).__name__} (check the address)") from error


def _opener() -> OpenerDirector:
    """Return an opener for http and https only: redirects cannot lead to files or other protocols."""
    from urllib.request import (
        HTTPDefaultErrorHandler,
        HTTPErrorProcessor,
        HTTPHandler,
        HTTPRedirectHandler,
        HTTPSHandler,
        OpenerDirector,
        ProxyHandler,
        UnknownHandler,
    )

    class FewRedirects(HTTPRedirectHandler):
        max_redirections = _MOST_REDIRECTS

    opener = OpenerDirector()
    for kind in (ProxyHandler, HTTPHandler, HTTPSHandler, FewRedirects, HTTPDefaultErrorHandler, HTTPErrorProcessor):
        opener.add_handler(kind())
    opener.add_handler(UnknownHandler())
    return opener
