"""The tz database of this machine: the operating system's folder or PyPI's `tzdata`, whichever is newer.

So a server with an old operating system can have this year's rules. No other module of the engine reads files.
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

SYSTEM_FOLDERS = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo")
_KEY = re.compile(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*")
# Files that are not zones, and copies of the database with other leap seconds or rules.
_NO_REGION = frozenset({"Factory", "localtime", "posixrules", "leapseconds"})
_NO_FOLDER = ("posix/", "right/")


class TzDatabase:
    """A tz database: `folder` holds its compiled files, `version` is its release such as "2026f", "" if unknown."""

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
        """Return the data of a zone; raises ZoneError if the database has no such zone."""
        return read_tzif(self._bytes(key), key=key)

    def zone_info(self, key: str) -> ZoneInfo:
        """Return a zone of this database as a `zoneinfo.ZoneInfo`."""
        from zoneinfo import ZoneInfo

        return ZoneInfo.from_file(io.BytesIO(self._bytes(key)), key=key)

    def check(self, key: str) -> None:
        """Raise ZoneError unless the database has a zone of exactly this name."""
        if self._bytes(key, most=4) != b"TZif":
            raise ZoneError(f'zone "{key}": its file in the tz database is not a TZif file', key=key)

    def has(self, key: str) -> bool:
        """Return whether the database has a zone of exactly this name."""
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
        """Return the zone of each alias, as listed in `tzdata.zi`; empty without that file."""
        return _links(self.folder)

    def regions(self) -> frozenset[str]:
        """Return the zone names listed in `zone.tab`; empty without that file."""
        return _regions(self.folder)

    def _bytes(self, key: str, most: int = -1) -> bytes:
        if not _KEY.fullmatch(key) or key in _NO_REGION or key.startswith(_NO_FOLDER):
            raise ZoneError(f'"{key}" is not the name of a time zone', key=key)
        try:
            with open(os.path.join(self.folder, *key.split("/")), "rb") as file:
                return file.read(most)
        except OSError as error:
            raise ZoneError(f'the tz database has no zone "{key}"', key=key) from error


def _text(folder: str, file: str, most: int = -1) -> str:
    """Return the first `most` characters of a file (-1: all), "" if it cannot be read."""
    try:
        with open(os.path.join(folder, file), encoding="utf-8") as stream:
            return stream.read(most)
    except OSError:
        return ""


def _version_of(folder: str) -> str:
    line = _text(folder, "tzdata.zi", 40).removeprefix("# version ") or _text(folder, "+VERSION", 40)
    line = line.partition("\n")[0].strip()
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
    """Return the newest tz database of this machine; raises ZoneError if it has none."""
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
