"""Edits of calendar files: all of it or nothing, never a file with errors, and nobody else's work is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from svsm_cal.app import edits
from svsm_cal.app.edits import diff, edit_file
from svsm_cal.config.edit import cancel, change, move, restore, slip
from svsm_cal.config.load import load
from svsm_cal.errors import CalendarError, InputError, UsageError

EXAMPLE = Path(__file__).parents[2] / "examples/svsm/calendar.toml"
DAY = date(2025, 3, 26)
CANCEL = partial(cancel, series="devel-call", date=DAY)
ADDED = "  { date = 2025-03-26 },\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "calendar.toml"
    path.write_bytes(EXAMPLE.read_bytes())
    return path


def test_an_edit_is_written(file):
    edited = edit_file(str(file), CANCEL)
    assert edited.before == EXAMPLE.read_text(encoding="utf-8")
    assert file.read_text(encoding="utf-8") == edited.after
    assert edited.after.replace(ADDED, "", 1) == edited.before
    assert edited.warnings == ()
    assert [path.name for path in file.parent.iterdir()] == ["calendar.toml"]


def test_a_dry_run_writes_nothing(file):
    before = file.stat()
    edited = edit_file(str(file), CANCEL, write=False)
    assert ADDED in edited.after
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size)


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "with a byte order mark"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("end", ["", "\n"], ids=["no last line end", ""])
def test_the_files_bytes_stay(file, mark, newline, end):
    text = mark + EXAMPLE.read_text(encoding="utf-8").rstrip().replace("\n", newline) + end.replace("\n", newline)
    file.write_bytes(text.encode())
    edit_file(str(file), CANCEL)
    after = file.read_bytes()
    assert after.count(b"\n") == text.count("\n") + 1
    assert after.replace(ADDED.replace("\n", newline).encode(), b"", 1) == text.encode()
    edit_file(str(file), partial(restore, series="devel-call", date=DAY))
    assert file.read_bytes() == text.encode()


def test_permissions_and_links_stay(file):
    file.chmod(0o640)
    link = file.parent / "link.toml"
    link.symlink_to(file.name)
    edit_file(str(link), CANCEL)
    assert link.is_symlink()
    assert ADDED in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o777 == 0o640


# --- a result with errors ---


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (partial(cancel, series="devel-call", date=date(2025, 3, 27)), "exception-unmatched"),
        (partial(cancel, series="devel-call", date=DAY, reason=" "), "empty"),
        (partial(change, series="devel-call", date=DAY, chair="nobody"), "unknown-participant"),
        (partial(change, series="devel-call", date=DAY, duration="soon"), "duration-invalid"),
        (partial(change, series="devel-call", date=DAY, url="meet"), "url-invalid"),
        (partial(cancel, series="devel-call", date=DAY, reason="a\x1b[31m"), "control-character"),
        (lambda text: text.replace("[[series]]", "[[series]"), "toml-syntax"),
    ],
)
def test_a_result_with_errors_is_not_written(file, edit, code):
    with pytest.raises(CalendarError) as caught:
        edit_file(str(file), edit)
    assert len(caught.value.findings) == 1
    assert caught.value.findings[0].code == code
    assert caught.value.findings[0].file == str(file)
    assert file.read_bytes() == EXAMPLE.read_bytes()


def test_a_file_with_errors_is_not_edited(file):
    text = EXAMPLE.read_text(encoding="utf-8").replace('zone = "Asia/Kolkata"', 'zone = "IST"')
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CalendarError, match='"IST" means different clocks'):
        edit_file(str(file), lambda _: pytest.fail("an edit was made"))
    assert file.read_text(encoding="utf-8") == text


def test_warnings_are_those_that_the_edit_brings(file):
    edited = edit_file(str(file), partial(restore, series="devel-call", date=date(2025, 12, 10)))
    assert edited.warnings == ()
    to = partial(move, series="devel-call", date=date(2025, 12, 10), to=datetime(2025, 12, 11, 18))
    edited = edit_file(str(file), to)
    assert [warning.severity for warning in edited.warnings] == ["warning"]
    assert edit_file(str(file), CANCEL).warnings == ()  # it is known by now


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no such file"), (b"", "is empty"), (b"a = '\xff'", "is no UTF-8 text")],
)
def test_what_is_no_calendar_file(tmp_path, content, said):
    path = tmp_path / "calendar.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        edit_file(str(path), CANCEL)
    assert content is None or path.read_bytes() == content


def test_a_folder_and_a_pipe(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        edit_file(str(tmp_path), CANCEL)
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "wb") as stream:
        stream.write(EXAMPLE.read_bytes())
        stream.close()
        with pytest.raises(InputError, match="is no file that could be edited"):
            edit_file(f"/dev/fd/{reading}", CANCEL)


def test_what_is_no_text(file):
    with pytest.raises(UsageError, match="is no UTF-8 text"):
        edit_file(str(file), partial(cancel, series="devel-call", date=DAY, reason="\udcff"))
    assert file.read_bytes() == EXAMPLE.read_bytes()


# --- a write that fails ---


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_write_that_fails_leaves_the_file(file, monkeypatch, step):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        edit_file(str(file), CANCEL)
    assert caught.value.filename == str(file)
    assert file.read_bytes() == EXAMPLE.read_bytes()
    assert [path.name for path in file.parent.iterdir()] == ["calendar.toml"]


# --- several at once ---


@pytest.mark.parametrize("write", [Path.write_bytes, lambda path, data: (path.unlink(), path.write_bytes(data))])
def test_what_others_wrote_meanwhile_is_not_lost(file, write):
    theirs = EXAMPLE.read_bytes() + b"# theirs\n"

    def slowly(text):
        write(file, theirs)
        return CANCEL(text)

    with pytest.raises(InputError) as caught:
        edit_file(str(file), slowly)
    assert str(caught.value) == f"{file}: was changed by somebody else just now (look at it, then try again)"
    assert file.read_bytes() == theirs


@pytest.mark.slow
def test_edits_at_the_same_time_are_all_kept(file):
    days = [date(2027, 1, 6) + timedelta(weeks=number) for number in range(8)]
    code = (
        "import sys; from datetime import date\n"
        "from svsm_cal.app.edits import edit_file; from svsm_cal.config.edit import cancel\n"
        "edit_file(sys.argv[1], lambda text: cancel(text, 'devel-call', date.fromisoformat(sys.argv[2])))"
    )

    def run(day):
        return subprocess.run([sys.executable, "-c", code, str(file), str(day)], check=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, days))
    cancelled = {override.recurrence.date() for override in load(file).series[0].overrides}
    assert cancelled >= set(days)


def test_where_folders_cannot_be_locked(file, monkeypatch):
    import fcntl

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    edit_file(str(file), CANCEL)
    assert ADDED in file.read_text(encoding="utf-8")
    monkeypatch.setitem(sys.modules, "fcntl", None)  # as on Windows
    edit_file(str(file), partial(restore, series="devel-call", date=DAY))
    assert file.read_bytes() == EXAMPLE.read_bytes()


# --- what is shown ---


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("end", ["", "\n"], ids=["no last line end", ""])
@pytest.mark.parametrize("comment", ["", " # \x85 \u2028"], ids=["", "with odd blanks"])
def test_a_diff_can_be_applied(file, newline, end, comment):
    text = EXAMPLE.read_text(encoding="utf-8").replace("date = 2025-03-19 },", f"date = 2025-03-19 }},{comment}")
    text += '\n[[deadline]]\nid = "last"\ntitle = "Last"\ndate = 2025-03-19' + end
    file.write_bytes(text.replace("\n", newline).encode())
    for edit in (CANCEL, partial(slip, milestone="last", date=DAY)):
        edited = edit_file(str(file), edit, write=False)
        shown = diff(edited).encode()
        subprocess.run(["git", "apply", "--unsafe-paths", "-p0", "-"], input=relative(shown, file), cwd=file.parent, check=True)
        assert file.read_bytes() == edited.after.encode()


def relative(shown, file):
    return shown.replace(str(file).encode(), b"calendar.toml")


def test_no_change_has_no_diff():
    assert diff(edits.Edited("calendar.toml", "a\n", "a\n")) == ""
