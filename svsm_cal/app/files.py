"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from svsm_cal.errors import PublicationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["replace_folder", "write_file"]

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_file(path: str, data: bytes) -> None:
    """Write a file under a temporary name beside it, and rename it once it is on disk; raises OSError naming `path`."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        _write_beside(path, folder, data)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    _sync(folder)


def _write_beside(path: str, folder: str, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=".svsm-cal-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def replace_folder(path: str, files: Mapping[str, bytes], *, ours: Callable[[str], Iterable[str] | None]) -> None:
    """Put a new folder with `files` (relative path -> bytes) where `path` is, in one step.

    `ours(path)` says which files an existing folder has from us, None if it is not ours; single files besides
    those are kept. Raises PublicationError, leaving everything as it was, when the folder is somebody else's or
    has folders of somebody else's in it.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isdir(target):
        raise PublicationError(f"{path}: is a file (name a folder to publish to)")
    kept = _foreign(path, target, ours)
    parent = os.path.dirname(target)
    os.makedirs(parent, exist_ok=True)
    fresh = tempfile.mkdtemp(prefix=f".{os.path.basename(target)}-", dir=parent)
    try:
        for name in kept:
            shutil.copy2(os.path.join(target, name), os.path.join(fresh, name))
        for name, data in files.items():
            _write(os.path.join(fresh, *name.split("/")), data)
        for folder, _, _ in os.walk(fresh):
            os.chmod(folder, 0o777 & ~_umask())
            _sync(folder)
        _put(fresh, target)
        _sync(parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)  # what was there before, once it has changed places


def _foreign(path: str, target: str, ours: Callable[[str], Iterable[str] | None]) -> list[str]:
    """Return the names of single files to keep."""
    if not os.path.isdir(target) or not os.listdir(target):
        return []
    known = ours(target)
    if known is None:
        raise PublicationError(f"{path}: holds something that svsm-cal did not publish (choose a folder of its own)")
    own = {name.partition("/")[0] for name in known}
    foreign = sorted(name for name in os.listdir(target) if name not in own)
    folders = [name for name in foreign if os.path.isdir(os.path.join(target, name))]
    if folders:
        raise PublicationError(f'{path}: holds the folder "{folders[0]}", which svsm-cal did not publish (move it away)')
    return foreign


def _write(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _put(fresh: str, target: str) -> None:
    """Rename `fresh` to `target`; what was there, if anything, is then at `fresh`."""
    if not os.path.isdir(target):
        os.rename(fresh, target)
    elif not _exchange(fresh, target):
        # No exchange on this system: for a moment there is nothing.
        aside = f"{fresh}-old"
        os.rename(target, aside)
        try:
            os.rename(fresh, target)
        except OSError:
            os.rename(aside, target)
            raise
        os.rename(aside, fresh)


def _exchange(first: str, second: str) -> bool:
    """Let two folders change places in one step, where the system can (Linux's renameat2); returns whether it did."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    done: int = renameat2(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE)
    return done == 0


def _sync(folder: str) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # some systems cannot open a folder; the rename itself stands
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
