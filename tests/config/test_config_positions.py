"""Where values stand in a TOML document: the text at a value's position begins with what was written for it."""

from __future__ import annotations

import tomllib
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svsm_cal.config.load import check_file
from svsm_cal.config.positions import locate

EXAMPLES = Path(__file__).parents[2] / "examples"
DOCUMENTS = {
    "plain": 'a = 1\nb = "x"\nc = 2025-03-11\n',
    "nothing": "",
    "comments only": "# a = 1\n  # [b]\n",
    "no line break at the end": "[a]\nb = 1",
    "blanks around everything": "\n\n \t a\t =\t 1  \n\t[ b ]\n  c  =  'x'  \n[[ d ]]\n e = 2\n",
    "comments everywhere": "# [no]\na = 1 # b = 2\n# c = 3\n[t] # [[no]]\nd = [ # [\n  1, # ]\n  # 2,\n  3 # }\n] # ]\ne = 5#\n",
    "dotted keys": "a.b.c = 1\na.b.d = 2\n a . e = 3\n[t]\nx.y = 4\nx.z.w = 5\n",
    "quoted keys": "\"a b\" = 1\n'c.d' = 2\n\"e\".'f g'.h = 3\n[\"t u\"]\n'=' = 4\n\"#\" = 5\n\"[x]\" = 6\n[t.\"v]\".w]\ny = 7\n",
    "an empty key": '"" = 1\n[a]\n"" = { "" = 2 }\n',
    "keys like values": "1 = 1\ntrue = true\n2025-03-11 = 2025-03-11\n7.5 = 2\n-x_ = 3\n",
    "strings with brackets": "a = \"[b]\"\nc = '{d = 1}'\ne = [\"]\", '[', \"}\", '#']\nf = { g = \"}, h = 1\", i = '#}' }\n",
    "strings with quotes": "a = \"x\\\"y\"\nb = 'x\"y'\nc = \"x'y\"\nd = \"\\\\\"\ne = '\\'\nf = \"\"\ng = ''\nh = 1\n",
    "strings over lines": 'a = """\n[b]\nc = 1 # no comment\n"""\nd = \'\'\'\n[[e]]\n"""f = 2\n\'\'\'\ng = 3\n',
    "quotes at the ends of strings over lines": (
        'a = """"x""""\nb = """""x"""""\nc = \'\'\'\'x\'\'\'\'\nd = """"""\ne = \'\'\'\'\'\'\nf = """x\\""""\ng = 1\n'
    ),
    "a backslash at a line's end": 'a = """\\\n  x \\\n  """\nb = """\\\\"""\nc = 1\n',
    "two quotes inside": 'a = """x ""y"" z"""\nb = \'\'\'x \'\'y\'\' z\'\'\'\nc = 1\n',
    "lists": "a = []\nb = [ ]\nc = [1,2,3]\nd = [[1], [2, [3, []]], []]\ne = [\n1\n,\n2\n,\n]\nf = [ 1, ]\n",
    "inline tables": "a = {}\nb = { }\nc = {d=1,e={f=2,g=[3]}}\nh = { i.j = 4, \"k l\" = 5, 'm'.n = 6 }\n",
    "inline tables in a list over lines": (
        "a = [\n  { b = 1, c = [2, 3] }, # { d = 4 }\n\n  # { e = 5 },\n  { b = 6 },\n  {},\n]\nf = 7\n"
    ),
    "tables in any order": "[b]\nc = 1\n[a.b.c]\nd = 2\n[a]\ne = 3\n[a.b]\nf = 4\n",
    "lists of tables": "[[a]]\nb = 1\n[[a]]\nb = 2\n[[a]]\n[[c]]\nb = 3\n",
    "a table of a list's table": "[[a]]\nb = 1\n[a.c]\nd = 2\n[[a]]\n[a.c]\nd = 3\n[a.c.e]\nf = 4\n",
    "a list of a list's table": (
        "[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2\n[[a]]\n[[a.b]]\nc = 3\n[a.b.d]\ne = 4\n[[a.b.f]]\ng = 5\n"
        "[[a.b.f]]\ng = 6\n"
    ),
    "a list in a table": "[a]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2\n[a.d]\ne = 3\n",
    "dotted keys in a list's table": "[[a]]\nb.c = 1\nb.d = 2\n[[a]]\nb.c = 3\n",
    "dates and times": (
        "a = 2025-03-11\nb = 2025-03-11T18:00:00\nc = 2025-03-11 18:00:00 # blank\nd = 18:00:00\n"
        "e = 2025-03-11T18:00:00.5+01:00\nf = [2025-03-11 18:00:00 , 18:00:00]\n"
    ),
    "numbers": "a = +1\nb = -0\nc = 0xdead_beef\nd = 1_000\ne = 1e3\nf = -inf\ng = nan\nh = 0b1\ni = 0o17\nj = [+1.5,-2]\n",
    "lines ended as on Windows": (
        "a = 1\r\n[b] # c\r\nd = [\r\n  2,\r\n  { e = 3 },\r\n]\r\nf = \"\"\"\r\nx\r\n\"\"\"\r\n[[g]]\r\nh = 4\r\n"
    ),
    "other alphabets": "\"größe\" = 'süß'\n\"キー\" = \"値\" # コメント\na = 1\n[\"表\"]\nb = '🗓'\nc = 2\n",
    "a key like another's path": "\"a.b\" = 1\na.b = 2\n[\"c.d\"]\ne = 3\n[c.d]\ne = 4\n",
    **{f"examples/{path.parent.name}": path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*/calendar.toml")},
}  # fmt: skip


def leaves(value, path=()):
    """Yield the path and value of everything that is no table with something in it."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, (*path, key))
        return
    if path:
        yield path, value
    for number, each in enumerate(value if isinstance(value, list) else ()):
        yield from leaves(each, (*path, number))


def text_of(text, path, positions):
    """Return the text from a value's position on."""
    line, column = positions.line_column(path)
    return "\n".join(text.split("\n")[line - 1 :])[column - 1 :]


def read_back(written, value):
    """Return what the longest prefix of a text that is one TOML value of the same type means."""
    written = written[:400] if isinstance(value, str) else written.split("\n")[0]
    ends = [number for number, each in enumerate(written, 1) if not isinstance(value, str) or each in "'\""]
    for end in reversed(ends):
        try:
            found = tomllib.loads(f"x = {written[:end].strip()}")
        except tomllib.TOMLDecodeError:
            continue
        if set(found) == {"x"} and type(found["x"]) is type(value):
            return found["x"]
    return None


def literals(value):
    """Return how a text that means `value` may begin."""
    if isinstance(value, str):
        return ('"', "'")
    if isinstance(value, list):
        return ("[",)
    if isinstance(value, dict):
        return ("{", "[")
    if isinstance(value, date | time):
        return (value.isoformat()[:5],)
    if isinstance(value, bool):
        return (str(value).lower(),)
    return tuple("+-0123456789in")


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in DOCUMENTS.items()])
def test_a_value_stands_where_it_is_said_to(text):
    positions = locate(text)
    for path, value in leaves(tomllib.loads(text)):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            continue  # perhaps [[tables]], which have no text of their own
        written = text_of(text, path, positions)
        assert written.startswith(literals(value)), path
        if not isinstance(value, list | dict) and len(text) < 1000:
            assert repr(read_back(written, value)) == repr(value), path


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in DOCUMENTS.items()])
def test_every_key_stands_where_it_is_said_to(text):
    positions = locate(text)
    for path, _ in leaves(tomllib.loads(text)):
        if isinstance(path[-1], int):
            continue
        line, column = positions.line_column(path, key=True)
        written = text.split("\n")[line - 1][column - 1 :]
        name = path[-1]
        assert name in written, path
        assert written.startswith(
            (
                name,
                f'"{name}"',
                f"'{name}'",
                "[",
                *(str(part) for part in path),
                *(f"{quote}{part}{quote}" for quote in "'\"" for part in path),
            )
        ), path


PLACES = [
    ("a table", "x = 1\n[a]\nb = 1\n", ("a",), False, (2, 1)),
    ("a table of a list", "[[a]]\n\n[[a]]\n", ("a", 1), True, (3, 1)),
    ("a list of tables as a whole", "[[a]]\n\n[[a]]\n", ("a",), True, (1, 1)),
    ("an inline table", "a = [\n  { b = 1 },\n  { b = 2 },\n]\n", ("a", 1), False, (3, 3)),
    ("a key in it", "a = [\n  { b = 1 },\n  { b = 2 },\n]\n", ("a", 1, "b"), True, (3, 5)),
    ("a value in it", "a = [\n  { b = 1 },\n  { b = 2 },\n]\n", ("a", 1, "b"), False, (3, 9)),
    ("a key and its value", "abc = 1\n", ("abc",), True, (1, 1)),
    ("a value after its key", "abc = 1\n", ("abc",), False, (1, 7)),
    ("what is not there, at its table", "x = 1\n[a]\nb = 1\n", ("a", "c"), False, (2, 1)),
    ("what is not there, at its list", "x = 1\na = [1]\n", ("a", 7, "b"), False, (2, 5)),
    ("what is nowhere", "x = 1\n", ("a", "b"), False, (1, 1)),
    ("nothing", "x = 1\n", (), False, (1, 1)),
    ("columns count characters", '"größe" = "süß"\nb = { "ä" = "ö", c = 1 }', ("b", "c"), False, (2, 22)),
    ("a column after a Windows line", "a = 1\r\nb = 2\r\n", ("b",), False, (2, 5)),
]


@pytest.mark.parametrize(("text", "path", "key", "expected"), [pytest.param(*row[1:], id=row[0]) for row in PLACES])
def test_line_and_column(text, path, key, expected):
    assert locate(text).line_column(path, key=key) == expected


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
def test_an_editors_line_ends_and_mark_move_no_finding(tmp_path, start, end):
    text = (EXAMPLES / "svsm" / "calendar.toml").read_text(encoding="utf-8").replace("2025-01-22", "2025-01-21")
    file = tmp_path / "calendar.toml"
    file.write_bytes((start + text.replace("\n", end)).encode())
    (found,) = check_file(file)
    line = next(number for number, each in enumerate(text.split("\n"), 1) if "2025-01-21" in each)
    assert (found.line, found.column) == (line, text.split("\n")[line - 1].index("2025-01-21") + 1)


# Documents made of parts, each written in one of several ways.
BARE = st.sampled_from(["a", "b", "id", "x-1", "9"])
SCALARS = st.sampled_from(
    [
        "1",
        "-1.5",
        "true",
        '"x"',
        "'y'",
        '"]#}"',
        "'[{'",
        '"""\n]# """',
        "'''a\n'b'''",
        "2025-03-11",
        "18:00:00",
        '"\\""',
        "[]",
        "{}",
        '""',
    ]
)
GAPS = st.sampled_from(["", " ", "\t", "\n", " # ] }\n", "\n\n# [x]\n"])


@st.composite
def values(draw, depth=2):
    kind = draw(st.sampled_from(["scalar", "list", "table"])) if depth else "scalar"
    if kind == "list":
        items = [f"{draw(GAPS)}{draw(values(depth=depth - 1))}{draw(GAPS)}" for _ in range(draw(st.integers(0, 3)))]
        return f"[{','.join(items)}{draw(GAPS)}]"
    if kind == "table":
        keys = draw(st.lists(BARE, max_size=3, unique=True))
        return "{ " + ", ".join(f"{key} = {draw(values(depth=depth - 1))}" for key in keys) + " }"
    return draw(SCALARS)


@st.composite
def documents(draw):
    parts = []
    for name in draw(st.lists(st.sampled_from(["t", '"u v"', "w.x", "[y]", "[y.z]", "[y]"]), max_size=5)):
        pairs = [
            f"{key} = {draw(values())}{draw(st.sampled_from(['', ' # c', '  ']))}\n"
            for key in draw(st.lists(BARE, max_size=3, unique=True))
        ]
        parts.append(f"{draw(GAPS)}\n[{name}]\n{''.join(pairs)}")
    return "".join(parts)


@pytest.mark.slow
@given(documents())
@settings(max_examples=150)
def test_a_value_of_any_document_stands_where_it_is_said_to(text):
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # a table declared twice
    positions = locate(text)
    for path, value in leaves(document):
        if not isinstance(value, list | dict):
            assert repr(read_back(text_of(text, path, positions), value)) == repr(value)
