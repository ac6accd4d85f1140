"""Frozen, slotted values: what `dataclass(frozen=True, slots=True)` gives, at a fiftieth of its start-up cost.

A dataclass compiles six functions for each class, half a millisecond of every run; the look-ups have some
forty value classes and less than a tenth of a second. Here nothing is compiled. To a type checker these are
frozen dataclasses (PEP 681). Defaults must be immutable, as they are shared.
"""

from __future__ import annotations

import sys
from functools import cached_property, wraps
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable

_set = object.__setattr__


def _annotated(namespace: dict[str, Any]) -> tuple[str, ...]:
    """Return a class body's annotated names, from `__annotations__` or its annotate function (PEP 649)."""
    if sys.version_info >= (3, 14) and "__annotations__" not in namespace:
        from annotationlib import Format, call_annotate_function, get_annotate_from_class_namespace

        if annotate := get_annotate_from_class_namespace(namespace):
            return tuple(call_annotate_function(annotate, Format.FORWARDREF))
    return tuple(namespace.get("__annotations__", ()))


@dataclass_transform(frozen_default=True)
class _ValueType(type):
    """Turns a class body's annotations into slots, and its assignments into defaults.

    Only a class with a cached_property has a `__dict__` beside its slots, to keep that in.
    """

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _ValueType:
        own = tuple(each for each in _annotated(namespace) if not each.startswith("_"))
        defaults = {each: namespace.pop(each) for each in own if each in namespace}
        inherited = bases[0] if bases else None
        keeps = any(isinstance(each, cached_property) for each in namespace.values())
        namespace["__slots__"] = (*own, "__dict__") if keeps else own
        namespace["_names"] = namespace["__match_args__"] = (*getattr(inherited, "_names", ()), *own)
        namespace["_defaults"] = defaults = {**getattr(inherited, "_defaults", {}), **defaults}
        namespace["_padding"] = tuple(map(defaults.get, namespace["_names"]))
        namespace["_content"] = attrgetter(*namespace["_names"] or ("__class__",))
        namespace["_fields"] = frozenset(namespace["_names"])
        namespace["_asked"] = namespace["_fields"] - defaults.keys()
        namespace["_required"] = max((at for at, each in enumerate(namespace["_names"], 1) if each not in defaults), default=0)
        return super().__new__(cls, name, bases, namespace)


class Value(metaclass=_ValueType):
    """A frozen value: equal to one of the same class with equal fields, hashable if they are."""

    _names: ClassVar[tuple[str, ...]]
    _defaults: ClassVar[dict[str, Any]]
    _padding: ClassVar[tuple[Any, ...]]  # the defaults, by place
    _fields: ClassVar[frozenset[str]]
    _content: ClassVar[attrgetter[Any]]  # the fields, read by a loop in C; the class where there are none
    _asked: ClassVar[frozenset[str]]  # those without a default
    _required: ClassVar[int]  # so many fields must be given by place, at least

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names = self._names
        if kwargs or not self._required <= len(args) <= len(names):
            args = _bound(type(self), args, kwargs)
        elif len(args) < len(names):
            args += self._padding[len(args) :]
        any(map(_set, repeat(self), names, args))  # a loop in C: _set returns None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        content = self._content
        equal: bool = content(self) == content(other)
        return equal

    def __hash__(self) -> int:
        return hash(self._content(self))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names)
        return f"{type(self).__qualname__}({shown})"

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), tuple(getattr(self, name) for name in self._names)

    def __replace__(self, /, **changes: Any) -> Self:
        """Return a copy with some fields changed: what `copy.replace` calls from Python 3.13 on."""
        return replace(self, **changes)


def _bound(cls: type[Value], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return the fields' values in order; raises TypeError as a function with that signature would."""
    names, defaults = cls._names, cls._defaults
    if not args and cls._asked <= kwargs.keys() <= cls._fields:
        return tuple([kwargs.get(name, default) for name, default in zip(names, cls._padding, strict=True)])
    if len(args) > len(names):
        raise TypeError(f"{cls.__name__}() takes {len(names)} fields, not {len(args)}")
    given = dict(zip(names, args, strict=False))
    twice = given.keys() & kwargs.keys()
    unknown = kwargs.keys() - set(names)
    given |= kwargs
    missing = [name for name in names if name not in given and name not in defaults]
    if twice or unknown or missing:
        raise TypeError(f"{cls.__name__}(): twice {sorted(twice)}, unknown {sorted(unknown)}, missing {missing}")
    return tuple(given[name] if name in given else defaults[name] for name in names)


_SomeValue = TypeVar("_SomeValue", bound=Value)


def fields_of(value: Value | type[Value]) -> tuple[str, ...]:
    """Return the names of a value's fields, in order."""
    return value._names


def replace(value: _SomeValue, /, **changes: Any) -> _SomeValue:
    """Return a copy of a value with some fields changed; raises TypeError for a field that it does not have."""
    if not changes.keys() <= value._fields:
        raise TypeError(f"{type(value).__name__}(): unknown {sorted(changes.keys() - value._fields)}")
    return type(value)(*[changes[name] if name in changes else getattr(value, name) for name in value._names])


_Result = TypeVar("_Result")


def kept(compute: Callable[[_SomeValue], _Result]) -> Callable[[_SomeValue], _Result]:
    """Return a function that computes its result once for each value, and keeps it in the value.

    It is `cached_property` for what is computed in a module above the value's own. The value's class must have a
    cached_property itself, so that it has a `__dict__`.
    """
    key = f"{compute.__module__}.{compute.__qualname__}"

    @wraps(compute)
    def result(value: _SomeValue) -> _Result:
        known = value.__dict__
        try:
            return known[key]  # type: ignore[no-any-return]
        except KeyError:
            found = known[key] = compute(value)
            return found

    return result
