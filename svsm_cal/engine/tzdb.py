"""The tz database on this machine: the one room of the core that reads files.

Two places may hold it: the operating system's folder and PyPI's `tzdata`. The newer one is used, so that
a server with an old system still knows the law of this year. Which one, and its version, is `TzDatabase`.
"""

from __future__ import annotations

import io
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from svsm_cal.engine.tzif import TzifData, read_tzif
from svsm_cal.errors import ZoneError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

__all__ = ["SYSTEM_FOLDERS", "TzDatabase", "tz_database"]

SYSTEM_FOLDERS = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo")
_KEY = re.compile(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*")
# Files of the folder that describe zones, and copies of it with other leap seconds or rules.
_NO_REGION = frozenset({"Factory", "localtime", "posixrules", "leapseconds"})
_NO_FOLDER = ("posix/", "right/")


class TzDatabase:
    """One tz database: `folder` holds its compiled files, `version` is like "2026f", "" when it does not say."""

    __slots__ = ("folder", "name", "version")

    def __init__(self, folder: str, *, name: str = "", version: str | None = None) -> None:
        self.folder = folder
        self.name = name or folder
        self.version = _version_of(folder) if version is None else version

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TzDatabase) and (self.folder, self.version) == (other.folder, other.version)

    def __hash__(self) -> int:
        return hash((self.folder, self.version))

    def __repr__(self) -> str:
        return f"TzDatabase({self.folder!r}, version={self.version!r})"

    def read(self, key: str) -> TzifData:
        """Return the zone's data; raises ZoneError when the database has no such zone."""
        return read_tzif(self._bytes(key), key=key)

    def zone_info(self, key: str) -> ZoneInfo:
        """Return the zone as the standard library's type, read from this database."""
        from zoneinfo import ZoneInfo

        return ZoneInfo.from_file(io.BytesIO(self._bytes(key)), key=key)

    def check(self, key: str) -> None:
        """Make sure that the database has a zone of this exact name; raises ZoneError if not."""
        if self._bytes(key, most=4) != b"TZif":
            raise ZoneError(f'zone "{key}": its file in the tz database is no TZif file', key=key)

    def has(self, key: str) -> bool:
        """Whether the database has a zone of this exact name."""
        try:
            self.check(key)
        except ZoneError:
            return False
        return True

    def keys(self) -> tuple[str, ...]:
        """Return the names of all zones and links, sorted."""
        found = []
        for parent, folders, files in os.walk(self.folder):
            folders.sort()
            prefix = os.path.relpath(parent, self.folder).replace(os.sep, "/")
            for file in files:
                key = file if prefix == "." else f"{prefix}/{file}"
                if not key.startswith(_NO_FOLDER) and self.has(key):
                    found.append(key)
        return tuple(sorted(found))

    def links(self) -> Mapping[str, str]:
        """Return old or other name -> the zone it means, as `tzdata.zi` lists them; empty without that file."""
        return _links(self.folder)

    def regions(self) -> frozenset[str]:
        """Return the names that `zone.tab` gives the world's regions; empty without that file."""
        return _regions(self.folder)

    def _bytes(self, key: str, most: int = -1) -> bytes:
        if not _KEY.fullmatch(key) or key in _NO_REGION or key.startswith(_NO_FOLDER):
            raise ZoneError(f'"{key}" is no name of a time zone', key=key)
        try:
            with open(os.path.join(self.folder, *key.split("/")), "rb") as file:
                return file.read(most)
        except OSError as error:
            raise ZoneError(f'the tz database has no zone "{key}"', key=key) from error


def _text(folder: str, file: str) -> str:
    try:
        with open(os.path.join(folder, file), encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        return ""


def _first_line(folder: str, file: str) -> str:
    try:
        with open(os.path.join(folder, file), encoding="utf-8") as stream:
            return stream.readline().strip()
    except OSError:
        return ""


def _version_of(folder: str) -> str:
    line = _first_line(folder, "tzdata.zi").removeprefix("# version ")
    line = line or _first_line(folder, "+VERSION")
    return line if re.fullmatch(r"\d{4}[a-z]{1,2}", line) else ""


@lru_cache(maxsize=8)
def _links(folder: str) -> Mapping[str, str]:
    lines = (line.split() for line in _text(folder, "tzdata.zi").splitlines() if line.startswith("L "))
    return {name: target for _, target, name in lines}


@lru_cache(maxsize=8)
def _regions(folder: str) -> frozenset[str]:
    lines = (line.split("\t") for line in _text(folder, "zone.tab").splitlines() if not line.startswith("#"))
    return frozenset(fields[2] for fields in lines if len(fields) >= 3)


@lru_cache(maxsize=1)
def tz_database() -> TzDatabase:
    """Return the newest tz database of this machine; raises ZoneError when there is none."""
    found = [TzDatabase(folder) for folder in SYSTEM_FOLDERS if os.path.isfile(os.path.join(folder, "Europe/Berlin"))]
    try:
        import tzdata
    except ImportError:
        pass
    else:
        folder = os.path.join(os.path.dirname(tzdata.__file__), "zoneinfo")
        found.append(TzDatabase(folder, name="PyPI tzdata", version=tzdata.IANA_VERSION))
    if not found:
        raise ZoneError("this machine has no tz database: install the PyPI package tzdata")
    return max(found, key=lambda database: database.version)
