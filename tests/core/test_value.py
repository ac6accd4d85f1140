"""Values: against `dataclasses.dataclass(frozen=True)`, whose behaviour they promise, and the language's own protocols."""

import __future__

import copy
import dataclasses
import pickle
import sys

import pytest

from svsm_cal.value import Value, fields_of, replace


class Point(Value):
    x: int
    y: int = 0


class Labelled(Point):
    label: str = ""


class SameFields(Value):
    x: int
    y: int = 0


@dataclasses.dataclass(frozen=True)
class Twin:
    x: int
    y: int = 0


class Single(Value):
    x: object


class Empty(Value):
    pass


@pytest.mark.parametrize("flags", [0, __future__.annotations.compiler_flag], ids=["annotations evaluated", "annotations as text"])
def test_fields_are_found_however_the_module_treats_annotations(flags):
    """From Python 3.14 on, a class body without the future import has a function for its annotations instead of a dict."""
    source = """
class Node(Value):
    \"\"\"A docstring.\"\"\"
    name: str
    parent: "Node | None" = None
    _hidden: int
    CONSTANT = 5

    def method(self): return self.name
"""
    namespace = {"Value": Value, "__name__": __name__}
    exec(compile(source, "<test>", "exec", flags, dont_inherit=True), namespace)
    node = namespace["Node"]
    assert fields_of(node) == ("name", "parent")
    assert node("a") == node("a", None)
    assert node("a").method() == "a"
    assert (node.CONSTANT, node.__doc__) == (5, "A docstring.")


if sys.version_info >= (3, 14):  # before, such a name must exist

    def test_an_annotation_may_name_what_does_not_exist_yet():
        class Early(Value):
            later: Later  # noqa: F821
            count: int = 0

        assert fields_of(Early) == ("later", "count")
        assert Early(1) == Early(1, 0)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((1,), {}),
        ((1, 2), {}),
        ((1,), {"y": 2}),
        ((), {"x": 1}),
        ((), {"y": 2, "x": 1}),
        ((None, None), {}),
    ],
)
def test_takes_what_a_dataclass_takes(args, kwargs):
    point, twin = Point(*args, **kwargs), Twin(*args, **kwargs)
    assert (point.x, point.y) == (twin.x, twin.y)


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ((), {}, r"Point\(\).*missing \['x'\]"),
        ((), {"y": 1}, r"missing \['x'\]"),
        ((1, 2, 3), {}, r"takes 2 fields, not 3"),
        ((1,), {"x": 1}, r"twice \['x'\]"),
        ((1,), {"z": 1}, r"unknown \['z'\]"),
        ((1, 2), {"z": 1}, r"unknown \['z'\]"),
        ((1, 2), {"y": 1}, r"twice \['y'\]"),
    ],
)
def test_refuses_what_a_dataclass_refuses(args, kwargs, said):
    with pytest.raises(TypeError):
        Twin(*args, **kwargs)
    with pytest.raises(TypeError, match=said):
        Point(*args, **kwargs)


@pytest.mark.parametrize("name", ["x", "y", "unheard_of"])
def test_is_frozen(name):
    point = Point(1, 2)
    with pytest.raises(AttributeError, match=f"Point is frozen: {name} cannot be set"):
        setattr(point, name, 3)
    with pytest.raises(AttributeError, match=f"Point is frozen: {name} cannot be deleted"):
        delattr(point, name)
    assert point == Point(1, 2)


def test_has_slots_and_no_dict():
    assert not hasattr(Point(1), "__dict__")
    assert not hasattr(Labelled(1), "__dict__")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (Point(1, 2), Point(1, 2), True),
        (Point(1), Point(1, 0), True),
        (Point(1), Point(1.0), True),
        (Point(1, 2), Point(2, 1), False),
        (Point(1, 2), SameFields(1, 2), False),
        (Point(1, 2), Labelled(1, 2), False),
        (Labelled(1, 2), Labelled(1, 2, "a"), False),
        (Point(1, 2), (1, 2), False),
        (Point(1, 2), None, False),
        (Single((1, 2)), Single((1, 2)), True),
        (Single(1), Single(2), False),
        (Single(Single), Single(Empty), False),
        (Single(1), 1, False),
        (Empty(), Empty(), True),
        (Empty(), Empty, False),
    ],
)
def test_equality_is_of_class_and_fields(one, other, equal):
    assert (one == other) is equal
    assert (one != other) is not equal
    assert (other == one) is equal
    if equal:
        assert hash(one) == hash(other)


def test_is_hashable_when_its_fields_are():
    assert len({Point(1, 2), Point(1, 2), Point(2, 1), SameFields(1, 2)}) == 3
    assert len({Single(1), Single(1), 1, Empty(), Empty(), Empty}) == 4
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point([]))


@pytest.mark.parametrize("value", [Point(1, (2, 3)), Labelled(Point(1), Point(2)), Single((1, 2)), Empty()])
@pytest.mark.parametrize(
    "again",
    [
        *(
            lambda value, protocol=protocol: pickle.loads(pickle.dumps(value, protocol))
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
        copy.copy,
        copy.deepcopy,
        replace,
    ],
)
def test_survives_being_copied(value, again):
    copied = again(value)
    assert type(copied) is type(value)
    assert copied == value
    assert hash(copied) == hash(value)
    assert repr(copied) == repr(value)


def test_deepcopy_copies_what_is_inside():
    value = Point([1])
    assert copy.deepcopy(value).x is not value.x
    assert copy.copy(value).x is value.x


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Point(1, 2), "Point(x=1, y=2)"),
        (Labelled(1), "Labelled(x=1, y=0, label='')"),
        (Point(Point(1)), "Point(x=Point(x=1, y=0), y=0)"),
        (Empty(), "Empty()"),
    ],
)
def test_repr_can_be_read_back(value, text):
    assert repr(value) == text
    assert eval(text) == value


@pytest.mark.parametrize(
    ("value", "changes", "expected"),
    [
        (Point(1, 2), {}, Point(1, 2)),
        (Point(1, 2), {"x": 3}, Point(3, 2)),
        (Point(1, 2), {"y": None}, Point(1, None)),
        (Labelled(1, 2, "a"), {"x": 3, "label": "b"}, Labelled(3, 2, "b")),
    ],
)
@pytest.mark.parametrize("by", [replace, getattr(copy, "replace", replace)])  # copy.replace: from Python 3.13 on
def test_replace(value, changes, expected, by):
    before = copy.copy(value)
    assert by(value, **changes) == expected
    assert value == before


def test_replace_refuses_a_field_there_is_not():
    with pytest.raises(TypeError, match=r"unknown \['z'\]"):
        replace(Point(1), z=1)


@pytest.mark.parametrize(
    ("value", "names"),
    [(Point, ("x", "y")), (Point(1), ("x", "y")), (Labelled, ("x", "y", "label")), (Empty, ()), (Empty(), ())],
)
def test_fields_come_in_order_those_inherited_first(value, names):
    assert fields_of(value) == names


def test_matches_by_position():
    match Labelled(1, 2, "a"):
        case Labelled(x, y, label):
            assert (x, y, label) == (1, 2, "a")
        case _:
            pytest.fail("Labelled(1, 2, 'a') did not match by position")


def test_a_subclass_keeps_the_defaults_it_inherits():
    assert Labelled(5) == Labelled(5, 0, "")
    assert Point(1).y == 0
