"""A table -> a dataclass, with the tables in it; what it cannot have is told by its name."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Section = TypeVar("Section")
_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def section(kind: type[Section], table: object) -> Section:
    """What a table says, as a `kind`.

    Raises:
        ValueError: it is no table, has a key that there is not, lacks one or has a value of another
            type.
    """
    if not isinstance(table, Mapping):
        raise ValueError(f"{table!r} stands where a table of keys does")
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
    unknown = table.keys() - known.keys()
    if unknown:
        raise ValueError(
            f"{', '.join(sorted(unknown))}: not known here; there are {', '.join(known)}"
        )
    lacking = [
        name
        for name, each in known.items()
        if name not in table and each.default is MISSING and each.default_factory is MISSING
    ]
    if lacking:
        raise ValueError(f"{', '.join(lacking)}: missing")
    types = get_type_hints(kind)
    return kind(**{name: _value(name, types[name], value) for name, value in table.items()})


def _value(name: str, wanted: Any, value: Any) -> Any:
    types = (wanted, *get_args(wanted))
    kinds = [each for each in types if isinstance(each, type) and is_dataclass(each)]
    if kinds and get_origin(wanted) is tuple:
        return tuple(section(kinds[0], each) for each in _tables(name, value))
    if kinds and isinstance(value, Mapping):
        return section(kinds[0], value)
    if isinstance(value, list):
        value = tuple(value)
    if not _is(wanted, value):
        raise ValueError(f"{name} is {_shown(value)}; it takes {_described(wanted)}")
    return value


def _tables(name: str, value: object) -> list[Mapping[str, Any]]:
    """The tables of a key that may have several, `[[name]]`."""
    if isinstance(value, list | tuple) and all(isinstance(each, Mapping) for each in value):
        return list(value)
    raise ValueError(f"{name}: write it as [[{name}]], once or several times")


def _is(wanted: Any, value: object) -> bool:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if wanted is Any:
        return True
    if origin in (Union, UnionType):
        return any(_is(each, value) for each in arguments)
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if origin is tuple:
        return isinstance(value, list | tuple) and all(_is(arguments[0], each) for each in value)
    if origin is not None:  # a mapping
        return isinstance(value, Mapping) and all(_is(arguments[1], v) for v in value.values())
    if wanted in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, int | float if wanted is float else wanted)


def _described(wanted: Any) -> str:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, UnionType):
        return " or ".join(_described(each) for each in arguments if each is not NoneType)
    if origin is Literal:
        return f"one of {', '.join(arguments)}"
    if origin is tuple:
        return f"a list, each {_described(arguments[0])}"
    if origin is not None:
        kind = arguments[1]
        return "a table" if kind is Any else f"a table, each value {_described(kind)}"
    return _WORDS.get(wanted, "a table")


def _shown(value: object) -> str:
    return repr(list(value) if isinstance(value, tuple) else value)
