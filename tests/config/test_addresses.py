"""Participants' addresses from a file of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

import svsm_cal
from svsm_cal.config.people import with_addresses
from svsm_cal.errors import InputError
from tests.support import small

TEXT = small("""\
[[participant]]
id = "dionna"
name = "Dionna Glaze"
zone = "America/Los_Angeles"
[[participant]]
id = "joerg"
name = "Joerg Roedel"
zone = "Europe/Berlin"
email = "joerg@example.org"
""")
CANARY = "canary-secret"


def addresses(tmp_path, text):
    path = tmp_path / "addresses.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = with_addresses(svsm_cal.loads(TEXT), str(path))
    return {each.id: each.email for each in found.participants}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"dionna": None, "joerg": "joerg@example.org"}),
        ('dionna = "d@example.org"', {"dionna": "d@example.org", "joerg": "joerg@example.org"}),
        ('joerg = "other@example.org"', {"dionna": None, "joerg": "other@example.org"}),
        ('\ufeffdionna = "d@example.org" # new', {"dionna": "d@example.org", "joerg": "joerg@example.org"}),
        ('dionna = "joerg@example.org"\njoerg = "j@example.org"', {"dionna": "joerg@example.org", "joerg": "j@example.org"}),
    ],
)
def test_addresses_are_put_in(tmp_path, text, expected):
    assert addresses(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'dionne = "{CANARY}@example.org"', 'addresses.toml: "dionne" is not a participant of C (did you'),
        (f'dionna = "{CANARY}"', 'addresses.toml: the value of "dionna" is not a valid e-mail address'),
        ("dionna = 5", 'addresses.toml: the value of "dionna" is not a valid e-mail address'),
        ('dionna = "JOERG@example.org"', 'addresses.toml: "dionna" has the address of "joerg" (give each'),
        (f"{CANARY}", "addresses.toml: is not valid TOML"),
        (b"\xff\xfe", "addresses.toml: is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_without_an_address(tmp_path, text, said):
    with pytest.raises(InputError) as caught:
        addresses(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/{said}")
    assert "\n" not in message
    assert CANARY not in message


def test_a_file_that_is_not_there():
    with pytest.raises(InputError, match=r"^nowhere\.toml: cannot be read: No such file or directory"):
        with_addresses(svsm_cal.loads(TEXT), "nowhere.toml")


def test_the_example_needs_no_addresses_in_it(tmp_path):
    example = (Path(__file__).parents[2] / "examples/svsm/calendar.toml").read_text()
    without = "".join(line for line in example.splitlines(keepends=True) if not line.startswith("email"))
    path = tmp_path / "addresses.toml"
    path.write_text('dionna = "dionna@example.org"\n')
    found = with_addresses(svsm_cal.loads(without), str(path))
    assert [each.id for each in found.participants if each.email] == ["dionna"]
