"""`svsm-cal feed-url`: the address of a participant's own feed, which is where `build` puts it."""

import pytest

from tests.support import EXAMPLE, run

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    return path


def test_it_is_where_the_feed_is(tmp_path, secret):
    out = tmp_path / "site"
    assert run("build", out, "--secret-file", secret).exit_code == 0
    address = run("feed-url", "dionna", "--secret-file", secret).output.strip()
    assert address.startswith("https://coconut-svsm.example.org/calendar/p/")
    path = out / address.removeprefix("https://coconut-svsm.example.org/calendar/")
    assert b"America/Los_Angeles" in path.read_bytes()
    assert len(address) < 256
    # Another base, and the secret itself from the environment.
    other = run("feed-url", "dionna", "--base", "https://c.example.org", env={"SVSM_CAL_SECRET": SECRET}).output.strip()
    assert other == address.replace("https://coconut-svsm.example.org/calendar", "https://c.example.org")


def test_another_word_is_another_address(tmp_path, secret):
    text = EXAMPLE.read_text(encoding="utf-8")
    rotated = tmp_path / "calendar.toml"
    rotated.write_text(text.replace('id = "dionna"', 'id = "dionna"\nfeed = "second"'), encoding="utf-8")
    before, after = (run("feed-url", "dionna", "--secret-file", secret, calendar=each).output for each in (EXAMPLE, rotated))
    assert before != after
    others = [run("feed-url", "vasant", "--secret-file", secret, calendar=each).output for each in (EXAMPLE, rotated)]
    assert others[0] == others[1]
    out = tmp_path / "site"
    assert run("build", out, "--secret-file", secret).exit_code == 0
    old = out / "p" / before.split("/p/")[1].strip()
    assert old.exists()
    assert run("build", out, "--secret-file", secret, calendar=rotated).exit_code == 0
    assert not old.exists()
    assert (out / "p" / after.split("/p/")[1].strip()).exists()
    # Neither the word nor the secret is told to anybody.
    assert not [path for path in out.rglob("*") if path.is_file() and (SECRET.encode() in path.read_bytes())]


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        (["feed-url", "nobody"], {"SVSM_CAL_SECRET": SECRET}, 'no participant "nobody"'),
        (["feed-url", "dionna"], {}, "no secret (give the --secret-file that build uses)"),
        (["feed-url", "dionna"], {"SVSM_CAL_SECRET": "short"}, "SVSM_CAL_SECRET: is shorter than 16 bytes"),
        (["feed-url", "dionna", "--secret-file", "/nowhere"], {}, "/nowhere: cannot be read"),
        (["feed-url", "dionna", "--base", "https://example.org/" + "x" * 250], {"SVSM_CAL_SECRET": SECRET}, "a shorter --base"),
    ],
)
def test_what_cannot_be_told(args, env, said):
    result = run(*args, env=env)
    assert result.exit_code != 0
    assert said in result.output
    assert SECRET not in result.output
