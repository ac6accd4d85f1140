"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from svsm_cal.errors import PublicationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["alone", "replace_folder", "write_file"]

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_file(path: str, data: bytes) -> None:
    """Write a file under a temporary name beside it, and rename it once it is on disk; raises OSError naming `path`.

    A symbolic link keeps pointing where it does, and what is no regular file (a pipe, a terminal) is written to.
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
    """Return the permissions of a file that is there, those of a new one otherwise."""
    try:
        return stat.S_IMODE(os.stat(target).st_mode)
    except OSError:
        return 0o666 & ~_umask()


def replace_folder(path: str, files: Mapping[str, bytes], *, ours: Callable[[str], Callable[[str], bool] | None]) -> None:
    """Put a new folder with `files` (relative path -> bytes) where `path` is, in one step.

    `ours(folder)` gives what tells our files in an existing folder from others', None if the folder is not ours.
    Other files in it are kept, and ours that say the same keep their times; where all do nothing is touched. Raises
    PublicationError, leaving everything as it was, when the folder is somebody else's, has folders of somebody else's
    in it, or is the current one; OSError where it cannot be written.
    """
    target = os.path.realpath(path)
    if not path:
        raise PublicationError("no folder to publish to (name one)")
    if os.path.exists(target) and not os.path.isdir(target):
        raise PublicationError(f"{path}: is a file (name a folder to publish to)")
    if _is_current(target):
        raise PublicationError(f"{path}: is the folder you are in, which cannot be exchanged (name another, or one in it)")
    kept = _foreign(path, target, ours)
    in_the_way = {*files, *(name.partition("/")[0] for name in files if "/" in name)}.intersection(kept)
    if in_the_way:
        raise PublicationError(f'{path}: holds "{min(in_the_way)}", which svsm-cal did not publish (move it away)')
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
        shutil.rmtree(fresh, ignore_errors=True)  # what was there before, once it has changed places


def _all_files(target: str) -> list[str]:
    return [each for name in sorted(os.listdir(target)) for each in _files_in(target, name)]


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return None


def _linked(old: str, new: str) -> bool:
    """Let a new name stand for a file that is there, where the file system can; returns whether it does."""
    os.makedirs(os.path.dirname(new), exist_ok=True)
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError:
        return False
    return True


@contextmanager
def alone(path: str) -> Iterator[None]:
    """Let nobody else who asks for the same work on a folder, or what is to be one, at the same time; waits for its turn."""
    parent = os.path.dirname(os.path.realpath(path))
    os.makedirs(parent, exist_ok=True)
    try:
        import fcntl
    except ImportError:  # a system without it has one publisher at a time
        yield
        return
    descriptor = os.open(parent, os.O_RDONLY)
    try:
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
    """Return the relative paths of others' files in an existing folder, which are to be kept."""
    if not os.path.isdir(target) or not os.listdir(target):
        return []
    is_ours = ours(target)
    if is_ours is None:
        raise PublicationError(f"{path}: holds something that svsm-cal did not publish (choose a folder of its own)")
    foreign = []
    for name in sorted(os.listdir(target)):
        inside = _files_in(target, name)
        if os.path.isdir(os.path.join(target, name)) and not any(map(is_ours, inside)):
            raise PublicationError(f'{path}: holds the folder "{name}", which svsm-cal did not publish (move it away)')
        foreign += [each for each in inside if not is_ours(each)]
    return foreign


def _files_in(folder: str, name: str) -> list[str]:
    whole = os.path.join(folder, name)
    if not os.path.isdir(whole) or os.path.islink(whole):
        return [name]
    found = []
    for parent, folders, names in os.walk(whole):
        folders.sort()
        relative = os.path.relpath(parent, folder).replace(os.sep, "/")
        links = [each for each in folders if os.path.islink(os.path.join(parent, each))]
        found += [f"{relative}/{each}" for each in sorted([*names, *links])]
    return found


def _write(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _put(fresh: str, target: str) -> None:
    """Rename `fresh` to `target`; what was there, if anything, is then at `fresh`, or gone."""
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
        shutil.rmtree(aside, ignore_errors=True)


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
