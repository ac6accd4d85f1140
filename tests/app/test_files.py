"""Files and folders appear whole or not at all, whichever call to the system fails."""

from __future__ import annotations

import builtins
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest

from svsm_cal.app import atomic_files
from svsm_cal.app.atomic_files import replace_folder, write_file
from svsm_cal.errors import PublicationError

OLD, NEW = b"old\n" * 1000, b"new\n" * 2000
OLD_SITE = {"index.html": b"old page", "series/devel-call.ics": b"old feed", "gone.ics": b"old"}
NEW_SITE = {"index.html": b"new page", "series/devel-call.ics": b"new feed", "p/token/calendar.ics": b"new personal feed"}


def tree(folder):
    """Return every file below a folder: relative path -> bytes; a folder without any ends in /."""
    found = {}
    for at, folders, names in os.walk(folder):
        place = os.path.relpath(at, folder)
        if not folders and not names:
            found[f"{place}/"] = b""
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as stream:
                found[os.path.normpath(os.path.join(place, name))] = stream.read()
    return found


def ours(_):
    return lambda name: name in OLD_SITE or name.startswith("p/")


def open_files():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


class Fault:
    """The n-th call among those watched fails with OSError; cleaning up is left alone."""

    WATCHED = ("replace", "rename", "fsync", "open", "chmod", "makedirs", "mkdir")

    def __init__(self, monkeypatch, number):
        self.left = number
        self.cleaning = False
        self.hit = None
        for name in self.WATCHED:
            monkeypatch.setattr(os, name, self._watched(name, getattr(os, name)))
        monkeypatch.setattr(builtins, "open", self._watched("open()", builtins.open))
        monkeypatch.setattr(shutil, "rmtree", self._spared(shutil.rmtree))

    def _watched(self, name, real):
        def call(*args, **more):
            if not self.cleaning:
                self.left -= 1
                if self.left == 0:
                    self.hit = name
                    raise OSError(5, "Input/output error", args[0] if isinstance(args[0], str) else None)
            return real(*args, **more)

        return call

    def _spared(self, real):
        def call(*args, **more):
            self.cleaning = True
            try:
                return real(*args, **more)
            finally:
                self.cleaning = False

        return call


def each_fault(act, reset):
    """Run `act` with the first, second, ... watched call failing, until none is left to; yield (call, whether it raised)."""
    for number in range(1, 200):
        reset()
        before = open_files()
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(patch, number)
            try:
                act()
                raised = False
            except OSError:
                raised = True
        assert open_files() == before
        if fault.hit is None:
            assert not raised
            return
        yield fault.hit, raised
    pytest.fail("there is no end to the calls")


@pytest.mark.parametrize("old", [OLD, None], ids=["replaced", "new"])
def test_a_file_is_old_or_new_whichever_call_fails(tmp_path, old):
    path = tmp_path / "feed.ics"

    def reset():
        path.unlink(missing_ok=True)
        if old is not None:
            path.write_bytes(old)

    before = {} if old is None else {"feed.ics": old}
    hits = []
    for hit, raised in each_fault(lambda: write_file(str(path), NEW), reset):
        hits.append(hit)
        assert tree(tmp_path) == (before or {"./": b""} if raised else {"feed.ics": NEW})
    assert {"open", "fsync", "chmod", "replace"} <= set(hits)
    assert tree(tmp_path) == {"feed.ics": NEW}


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two renames"])
@pytest.mark.parametrize("old", [OLD_SITE, None], ids=["replaced", "new"])
def test_a_folder_is_old_or_new_whichever_call_fails(tmp_path, monkeypatch, old, exchange):
    parent, out = tmp_path / "parent", tmp_path / "parent/site"
    parent.mkdir()
    if not exchange:
        monkeypatch.setattr(atomic_files.ctypes, "CDLL", _no_library)

    def reset():
        shutil.rmtree(parent)
        parent.mkdir()
        if old is not None:
            out.mkdir()
            replace_folder(str(out), old, ours=ours)
            (out / "CNAME").write_bytes(b"calendar.example.org\n")

    kept = {"CNAME": b"calendar.example.org\n"} if old is not None else {}
    before, after = {**(old or {}), **kept}, {**NEW_SITE, **kept}
    hits = []
    for hit, raised in each_fault(lambda: replace_folder(str(out), NEW_SITE, ours=ours), reset):
        hits.append(hit)
        assert tree(out) == (before if raised else after)
        assert os.listdir(parent) == (["site"] if before or not raised else [])
    assert {"open", "open()", "fsync", "chmod", "mkdir"} <= set(hits)
    assert tree(out) == after
    assert os.listdir(parent) == ["site"]


def _no_library(*_, **__):
    raise OSError("no such library")


def test_a_folder_stays_old_when_putting_it_fails_twice_over(tmp_path, monkeypatch):
    out = tmp_path / "site"
    replace_folder(str(out), OLD_SITE, ours=ours)
    monkeypatch.setattr(atomic_files.ctypes, "CDLL", _no_library)
    real, calls = os.rename, []

    def rename(old, new):
        calls.append(new)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(old, new)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(OSError, match="No space left"):
        replace_folder(str(out), NEW_SITE, ours=ours)
    assert tree(out) == OLD_SITE
    assert os.listdir(tmp_path) == ["site"]


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two renames"])
def test_an_old_folder_that_cannot_be_removed_is_no_error(tmp_path, monkeypatch, exchange):
    out = tmp_path / "site"
    replace_folder(str(out), OLD_SITE, ours=ours)
    if not exchange:
        monkeypatch.setattr(atomic_files.ctypes, "CDLL", _no_library)

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        for name in ("unlink", "rmdir"):
            patch.setattr(os, name, refused)
        replace_folder(str(out), NEW_SITE, ours=ours)
    assert tree(out) == NEW_SITE
    left = set(os.listdir(tmp_path)) - {"site"}
    assert all(name.startswith(".site-") for name in left)
    replace_folder(str(out), OLD_SITE, ours=lambda _: lambda name: name in NEW_SITE)
    assert tree(out) == OLD_SITE


@pytest.mark.parametrize("place", ["missing/feed.ics", "file/feed.ics", "folder", "link"])
def test_an_error_names_the_path_that_was_given(tmp_path, place):
    (tmp_path / "file").write_bytes(b"a file")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("missing/feed.ics")
    path = str(tmp_path / place)
    with pytest.raises(OSError, match=r"directory") as error:
        write_file(path, NEW)
    assert error.value.filename == path
    assert error.value.strerror
    assert sorted(os.listdir(tmp_path)) == ["file", "folder", "link"]


@pytest.mark.parametrize("old", [OLD, None], ids=["replaced", "new"])
def test_a_link_keeps_pointing_where_it_does(tmp_path, old):
    (tmp_path / "there").mkdir()
    target, link, further = tmp_path / "there/feed.ics", tmp_path / "feed.ics", tmp_path / "further.ics"
    if old is not None:
        target.write_bytes(old)
    link.symlink_to("there/feed.ics")
    further.symlink_to(link)
    write_file(str(further), NEW)
    assert (link.readlink(), further.readlink()) == (Path("there/feed.ics"), link)
    assert tree(tmp_path / "there") == {"feed.ics": NEW}


def test_a_pipe_is_written_to(tmp_path):
    pipe, found = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_file(str(pipe), NEW)
    reader.join(10)
    assert found == [NEW]
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_pipe_whose_reader_goes_away_is_an_error(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: os.close(os.open(pipe, os.O_RDONLY)), daemon=True)
    reader.start()
    with pytest.raises(BrokenPipeError) as error:
        write_file(str(pipe), NEW * 100)
    reader.join(10)
    assert error.value.filename == str(pipe)


def test_a_device_is_written_to():
    write_file(os.devnull, NEW)
    assert Path(os.devnull).is_char_device()


def test_an_interrupted_file_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(str(tmp_path / "feed.ics"), NEW)
    with pytest.raises(KeyboardInterrupt):
        replace_folder(str(tmp_path / "site"), NEW_SITE, ours=ours)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("umask", "file", "folder"),
    [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700), (0o002, 0o664, 0o775), (0o000, 0o666, 0o777)],
)
def test_permissions_are_what_the_umask_leaves(tmp_path, umask, file, folder):
    before = os.umask(umask)
    try:
        write_file(str(tmp_path / "feed.ics"), NEW)
        replace_folder(str(tmp_path / "site"), NEW_SITE, ours=ours)
        assert os.umask(umask) == umask  # left as it was
    finally:
        os.umask(before)
    modes = {str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {
        "feed.ics": file,
        "site": folder,
        "site/index.html": file,
        "site/series": folder,
        "site/series/devel-call.ics": file,
        "site/p": folder,
        "site/p/token": folder,
        "site/p/token/calendar.ics": file,
    }


def test_a_file_may_be_named_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_file("feed.ics", NEW)
    assert tree(tmp_path) == {"feed.ics": NEW}


def test_a_folder_that_is_a_link_stays_one(tmp_path):
    real, link = tmp_path / "releases" / "site", tmp_path / "site"
    real.mkdir(parents=True)
    link.symlink_to(real)
    for site in (OLD_SITE, NEW_SITE):
        replace_folder(str(link), site, ours=ours)
        assert link.is_symlink()
        assert tree(real) == site
    assert sorted(os.listdir(tmp_path)) == ["releases", "site"]
    assert os.listdir(real.parent) == ["site"]


def test_a_link_to_nothing_becomes_a_link_to_the_folder(tmp_path):
    link = tmp_path / "site"
    link.symlink_to("there/site")
    replace_folder(str(link), NEW_SITE, ours=ours)
    assert link.is_symlink()
    assert tree(tmp_path / "there/site") == NEW_SITE


def test_an_empty_folder_is_taken(tmp_path):
    out = tmp_path / "site"
    out.mkdir()
    replace_folder(str(out), NEW_SITE, ours=lambda _: None)
    assert tree(out) == NEW_SITE


def test_missing_parents_are_made(tmp_path):
    replace_folder(str(tmp_path / "a/b/site"), NEW_SITE, ours=ours)
    assert tree(tmp_path / "a/b/site") == NEW_SITE


def test_single_foreign_files_are_kept_with_their_times(tmp_path):
    out = tmp_path / "site"
    replace_folder(str(out), OLD_SITE, ours=ours)
    for name in ("CNAME", ".nojekyll", "robots.txt"):
        (out / name).write_bytes(name.encode())
        os.utime(out / name, (1741194000, 1741194000))
    replace_folder(str(out), NEW_SITE, ours=ours)
    assert tree(out) == NEW_SITE | {name: name.encode() for name in ("CNAME", ".nojekyll", "robots.txt")}
    assert (out / "CNAME").stat().st_mtime == 1741194000


def test_foreign_files_in_our_folders_are_kept(tmp_path):
    out = tmp_path / "site"
    replace_folder(str(out), OLD_SITE, ours=ours)
    foreign = {"series/notes.txt": b"notes", "series/old/devel-call.ics": b"mine"}
    for name, data in foreign.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_bytes(data)
    (out / "series/latest.txt").symlink_to("notes.txt")
    replace_folder(str(out), NEW_SITE, ours=ours)
    assert tree(out) == NEW_SITE | foreign | {"series/latest.txt": b"notes"}
    assert (out / "series/latest.txt").readlink() == Path("notes.txt")


def test_a_foreign_folder_where_a_file_of_ours_goes_is_left_alone(tmp_path):
    out = tmp_path / "site"
    replace_folder(str(out), {"style.css": b"old"}, ours=ours)
    (out / "index.html").mkdir()
    (out / "index.html/mine.txt").write_bytes(b"mine")
    before = tree(tmp_path)
    with pytest.raises(PublicationError, match=r'contains the folder "index.html", which svsm-cal did not publish'):
        replace_folder(str(out), NEW_SITE, ours=ours)
    assert tree(tmp_path) == before


def test_the_current_folder_is_left_alone(tmp_path, monkeypatch):
    out = tmp_path / "site"
    replace_folder(str(out), OLD_SITE, ours=ours)
    monkeypatch.chdir(out)
    for name in (".", str(out), "../site"):
        with pytest.raises(PublicationError, match="is the current folder"):
            replace_folder(name, NEW_SITE, ours=ours)
    with pytest.raises(PublicationError, match="no folder to publish to"):
        replace_folder("", NEW_SITE, ours=ours)
    assert tree(out) == OLD_SITE
    replace_folder("public", NEW_SITE, ours=ours)  # one in it will do
    assert tree(out / "public") == NEW_SITE


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda out: out.write_bytes(b"a file"), "is a file (give a folder to publish to)"),
        (lambda out: (out / "photos").mkdir(parents=True), "contains files that svsm-cal did not publish"),
    ],
    ids=["a file", "somebody else's folder"],
)
def test_what_is_somebody_elses_is_left_alone(tmp_path, prepare, said):
    out = tmp_path / "site"
    prepare(out)
    before = tree(tmp_path)
    with pytest.raises(PublicationError) as error:
        replace_folder(str(out), NEW_SITE, ours=lambda _: None)
    assert str(error.value).startswith(f"{out}: {said}")
    assert tree(tmp_path) == before


def test_a_foreign_folder_in_ours_is_left_alone(tmp_path):
    out = tmp_path / "site"
    replace_folder(str(out), OLD_SITE, ours=ours)
    (out / "photos/old").mkdir(parents=True)
    (out / "photos/old/me.jpg").write_bytes(b"me")
    before = tree(tmp_path)
    with pytest.raises(PublicationError, match=r'contains the folder "photos", which svsm-cal did not publish'):
        replace_folder(str(out), NEW_SITE, ours=ours)
    assert tree(tmp_path) == before


def test_a_file_keeps_its_permissions(tmp_path):
    there = tmp_path / "calendar.ics"
    there.write_bytes(b"old")
    there.chmod(0o600)
    write_file(str(there), b"new")
    assert (there.read_bytes(), there.stat().st_mode & 0o777) == (b"new", 0o600)


def test_a_link_to_itself_is_no_place_for_a_file(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        write_file(str(loop), b"new")
    assert loop.is_symlink()


def test_a_foreign_file_in_the_way_of_ours_is_not_lost(tmp_path):
    out = tmp_path / "site"
    replace_folder(str(out), {"index.html": b"1"}, ours=lambda _: lambda name: name == "index.html")
    (out / "style.css").write_bytes(b"somebody's")
    with pytest.raises(PublicationError, match=r'contains "style\.css", which svsm-cal did not publish'):
        replace_folder(str(out), {"index.html": b"2", "style.css": b"ours"}, ours=lambda _: lambda name: name == "index.html")
    assert {each.name: each.read_bytes() for each in out.iterdir()} == {"index.html": b"1", "style.css": b"somebody's"}
    assert [each.name for each in tmp_path.iterdir()] == ["site"]


def test_links_in_our_folders_are_kept(tmp_path):
    out = tmp_path / "site"
    ours = {"series/a.ics": b"1"}
    replace_folder(str(out), ours, ours=lambda _: ours.__contains__)
    (tmp_path / "elsewhere").mkdir()
    (out / "series/deep").symlink_to(tmp_path / "elsewhere")
    replace_folder(str(out), ours, ours=lambda _: ours.__contains__)
    assert (out / "series/deep").readlink() == tmp_path / "elsewhere"
