"""Builds a dataclass from plain values, each checked against its annotation.

Declarations (read with ast), events (read from a pipe) and reference figures (read from a file)
come from outside; dataclasses alone check nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def build(cls: Callable[..., T], values: Mapping[str, object]) -> T:
    """Return cls(**values). Raise ValueError, one sentence, for a field that is not as annotated.

    Lists become tuples and mappings nested dataclasses, as JSON needs. Numbers are finite.
    """
    hints, required = _shape(cls)
    if unknown := [name for name in values if name not in hints]:
        raise ValueError(f"{cls.__name__} has no {unknown[0]}")
    if missing := [name for name in required if name not in values]:
        raise ValueError(f"{cls.__name__} needs {missing[0]}")
    kept = {}
    for name, value in values.items():
        try:
            kept[name] = fit(value, hints[name])
        except ValueError as error:
            raise ValueError(f"{name} of {cls.__name__}: {error}") from None
    return cls(**kept)


def fit(value: object, hint: Any) -> Any:
    """Return *value* as *hint* asks for it, or raise ValueError."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, UnionType):
        return _first(value, arguments)
    if origin is Literal:
        if not isinstance(value, str) or value not in arguments:
            raise ValueError(f"{_short(value)} is not one of {', '.join(arguments)}")
        return value
    if origin is tuple:
        if not isinstance(value, tuple | list):
            raise ValueError(f"{_short(value)} is not a tuple")
        return tuple(fit(item, arguments[0]) for item in value)
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise ValueError(f"{_short(value)} is not a mapping")
        return {fit(key, arguments[0]): fit(item, arguments[1]) for key, item in value.items()}
    if is_dataclass(hint) and isinstance(hint, type):
        if isinstance(value, Mapping):
            return build(hint, value)
        if isinstance(value, hint):
            return value
        raise ValueError(f"{_short(value)} is not a {hint.__name__}")
    return _plain(value, hint)


def _plain(value: object, hint: Any) -> object:
    allowed = (int, float) if hint is float else hint
    if not isinstance(value, allowed) or (isinstance(value, bool) and hint is not bool):
        raise ValueError(f"{_short(value)} is not {_WORDS[hint]}")
    if hint in (int, float) and not _finite(value):
        raise ValueError(f"{_short(value)} is not a finite number")
    return value


def _finite(number: Any) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number too large for a float
        return False


_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    NoneType: "None",
}


def _first(value: object, hints: tuple[Any, ...]) -> object:
    problem = ValueError()
    for hint in hints:
        try:
            return fit(value, hint)
        except ValueError as error:
            if hint is not NoneType:
                problem = error
    raise problem


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


@cache
def _shape(cls: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the annotation of each field, and the fields without a default."""
    required = (
        field.name
        for field in fields(cls)
        if field.default is MISSING and field.default_factory is MISSING
    )
    return get_type_hints(cls), tuple(required)
