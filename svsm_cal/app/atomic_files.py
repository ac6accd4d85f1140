"""Atomic writes of files and folders."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from svsm_cal.errors import PublicationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_file(path: str, data: bytes) -> None:
    """Write a file to a temporary file on disk, then rename it; raises OSError naming `path`.

    The target of a symbolic link is replaced, not the link. A pipe or a terminal is written to directly.
    """
    target = os.path.realpath(path)
    try:
        if os.path.islink(target):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if os.path.exists(target) and not os.path.isfile(target) and not os.path.isdir(target):
            with open(target, "wb") as stream:
                stream.write(data)
        else:
            _write_beside(target, data)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error


def _write_beside(target: str, data: bytes) -> None:
    folder = os.path.dirname(target)
    descriptor, temporary = tempfile.mkstemp(prefix=".svsm-cal-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync(folder)


def _mode(target: str) -> int:
    """Return the permissions of an existing file, or the default ones."""
    try:
        return stat.S_IMODE(os.stat(target).st_mode)
    except OSError:
        return 0o666 & ~_umask()


def replace_folder(path: str, files: Mapping[str, bytes], *, ours: Callable[[str], Callable[[str], bool] | None]) -> None:
    """Replace the folder at `path` by one with `files` (relative path -> bytes), in one step.

    `ours(folder)` returns a predicate for the files in an existing folder that may be replaced, or None if the folder
    is not ours. Other files are kept. Unchanged files keep their times, and a folder without changes is not touched.
    Raises PublicationError, without any change, for a folder that is not ours, has foreign folders in it or is the
    current one; OSError if it cannot be written.
    """
    target = os.path.realpath(path)
    if not path:
        raise PublicationError("no folder to publish to (give one)")
    if os.path.exists(target) and not os.path.isdir(target):
        raise PublicationError(f"{path}: is a file (give a folder to publish to)")
    if _is_current(target):
        raise PublicationError(f"{path}: is the current folder, which cannot be replaced (give another, or one in it)")
    kept = _foreign(path, target, ours)
    in_the_way = {*files, *(name.partition("/")[0] for name in files if "/" in name)}.intersection(kept)
    if in_the_way:
        raise PublicationError(f'{path}: contains "{min(in_the_way)}", which svsm-cal did not publish (move it away)')
    same = {name for name, data in files.items() if _read(os.path.join(target, *name.split("/"))) == data}
    if len(same) == len(files) and {*files, *kept} == {*_all_files(target)}:
        return
    parent = os.path.dirname(target)
    os.makedirs(parent, exist_ok=True)
    fresh = tempfile.mkdtemp(prefix=f".{os.path.basename(target)}-", dir=parent)
    try:
        for name in kept:
            copy = os.path.join(fresh, *name.split("/"))
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            shutil.copy2(os.path.join(target, *name.split("/")), copy, follow_symlinks=False)
        for name, data in files.items():
            place = name.split("/")
            if name not in same or not _linked(os.path.join(target, *place), os.path.join(fresh, *place)):
                _write(os.path.join(fresh, *place), data)
        for folder, _, _ in os.walk(fresh):
            os.chmod(folder, 0o777 & ~_umask())
            _sync(folder)
        _put(fresh, target)
        _sync(parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)  # after the exchange: the old folder


def _all_files(target: str) -> list[str]:
    return [path for name in sorted(os.listdir(target)) for path in _files_in(target, name)]


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return None


def _linked(old: str, new: str) -> bool:
    """Make a hard link to an existing file; return whether the file system can."""
    os.makedirs(os.path.dirname(new), exist_ok=True)
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError:
        return False
    return True


@contextmanager
def folder_lock(path: str) -> Iterator[None]:
    """Hold a lock on the folder of a file or folder at `path`, waiting for others; without locks on this system, none.

    The path itself cannot be locked: it is replaced.
    """
    parent = os.path.dirname(os.path.realpath(path))
    os.makedirs(parent, exist_ok=True)
    try:
        import fcntl

        descriptor = os.open(parent, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_current(target: str) -> bool:
    try:
        return os.path.isdir(target) and os.path.samefile(target, os.curdir)
    except OSError:
        return False  # the current folder is gone


def _foreign(path: str, target: str, ours: Callable[[str], Callable[[str], bool] | None]) -> list[str]:
    """Return the relative paths of foreign files in an existing folder, which are kept."""
    if not os.path.isdir(target) or not os.listdir(target):
        return []
    is_ours = ours(target)
    if is_ours is None:
        raise PublicationError(f"{path}: contains files that svsm-cal did not publish (choose another folder)")
    foreign = []
    for name in sorted(os.listdir(target)):
        inside = _files_in(target, name)
        if os.path.isdir(os.path.join(target, name)) and not any(map(is_ours, inside)):
            raise PublicationError(f'{path}: contains the folder "{name}", which svsm-cal did not publish (move it away)')
        foreign += [file for file in inside if not is_ours(file)]
    return foreign


def _files_in(folder: str, name: str) -> list[str]:
    whole = os.path.join(folder, name)
    if not os.path.isdir(whole) or os.path.islink(whole):
        return [name]
    paths = []
    for parent, folders, files in os.walk(whole):
        folders.sort()
        relative = os.path.relpath(parent, folder).replace(os.sep, "/")
        links = [link for link in folders if os.path.islink(os.path.join(parent, link))]
        paths += [f"{relative}/{file}" for file in sorted([*files, *links])]
    return paths


def _write(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _put(fresh: str, target: str) -> None:
    """Rename `fresh` to `target`; an existing folder is then at `fresh`, or removed."""
    if not os.path.isdir(target):
        os.rename(fresh, target)
    elif not _exchange(fresh, target):
        # Without an atomic exchange there is a moment without a folder.
        aside = f"{fresh}-old"
        os.rename(target, aside)
        try:
            os.rename(fresh, target)
        except OSError:
            os.rename(aside, target)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(first: str, second: str) -> bool:
    """Exchange two folders in one step (renameat2 on Linux); return whether the system can."""
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
        return  # some systems cannot open a folder; the rename is done anyway
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
