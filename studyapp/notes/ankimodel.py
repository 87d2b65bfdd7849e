"""Anki's types of notes in one shape, that of version 11 of its schema, so that they can go back.

Whatever a stranger's collection says, what is made of it has each key with a value of its kind:
Anki would refuse a whole package for a single one that is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from studyapp.notes.ankitype import NoteType, Template, undecorated
from studyapp.notes.protobuf import message

Model: TypeAlias = dict[str, Any]

_TYPE = {"name": "", "type": 0, "mod": 0, "sortf": 0, "css": "", "latexPre": "", "latexPost": "",
         "latexsvg": False}  # fmt: skip
_FIELD = {"name": "", "ord": 0, "sticky": False, "rtl": False, "font": "Arial", "size": 20,
          "description": "", "plainText": False, "collapsed": False, "excludeFromSearch": False,
          "preventDeletion": False}  # fmt: skip
_TEMPLATE = {"name": "", "ord": 0, "qfmt": "", "afmt": "", "bqfmt": "", "bafmt": "", "bfont": "",
             "bsize": 0}  # fmt: skip
_LARGE = range(-(1 << 63), 1 << 63)
_ROOM = {"type": range(2), "mod": range(1 << 40), "tag": range(1 << 32)}
_ROOM |= dict.fromkeys(("sortf", "size", "bsize"), range(1 << 8)) | {"ord": range(1 << 12)}
_MAYBE = ("id", "tag", "originalStockKind", "originalId")  # numbers, where there are any
# The names of what messages of version 18 number.
_TYPE_KEYS = {1: "type", 2: "sortf", 3: "css", 5: "latexPre", 6: "latexPost", 7: "latexsvg",
              9: "originalStockKind", 10: "originalId"}  # fmt: skip
_FIELD_KEYS = {1: "sticky", 2: "rtl", 3: "font", 4: "size", 5: "description", 6: "plainText",
               7: "collapsed", 8: "excludeFromSearch", 9: "id", 10: "tag",
               11: "preventDeletion"}  # fmt: skip
_TEMPLATE_KEYS = {1: "qfmt", 2: "afmt", 3: "bqfmt", 4: "bafmt", 6: "bfont", 7: "bsize",
                  8: "id"}  # fmt: skip


def model(of: int, said: Mapping[str, Any]) -> Model:
    """The type with the id *of*, made whole."""
    fields = sorted((_whole(one, _FIELD) for one in _dicts(said.get("flds"))), key=_place)
    templates = [
        {**_whole(one, _TEMPLATE), "did": None} for one in _dicts(said.get("tmpls"))
    ]  # a deck of there, which is not told of here
    made = {**_whole(said, _TYPE), "id": of, "usn": -1, "did": None}
    required = [[one["ord"], "any", [0]] for one in templates]  # which Anki counts anew
    return {**made, "flds": fields, "tmpls": templates, "req": required}


def is_sound(made: Model) -> bool:
    """Whether Anki has such a type: each of its parts has a name, and they are counted from 0."""
    parts = (made["flds"], made["tmpls"])
    return (
        _fits("id", made["id"])
        and bool(made["name"].strip())
        and all(
            some
            and all(one["name"].strip() for one in some)
            and sorted(map(_place, some)) == list(range(len(some)))
            for some in parts
        )
    )


def newer(
    said: Sequence[object],
    fields: Sequence[tuple[int, object, object]],
    templates: Sequence[tuple[int, object, object]],
) -> Mapping[str, Any]:
    """A type as the tables of version 18 have it: its name, time and message, and place, name and
    message of its fields and templates."""
    name, changed, config = said
    return {
        **_said(config, _TYPE_KEYS, _TYPE),
        "name": name,
        "mod": changed,
        "flds": [
            {**_said(say, _FIELD_KEYS, _FIELD), "name": n, "ord": at} for at, n, say in fields
        ],
        "tmpls": [
            {**_said(say, _TEMPLATE_KEYS, _TEMPLATE), "name": n, "ord": at}
            for at, n, say in templates
        ],
    }


def note_type(made: Model) -> NoteType:
    """What a type means for its notes."""
    templates = {
        one["ord"]: Template(undecorated(one["qfmt"]), undecorated(one["afmt"]))
        for one in made["tmpls"]
    }
    names = tuple(one["name"] for one in made["flds"])
    return NoteType(made["name"], names, templates, made["type"] == 1)


def _whole(said: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    made = {}
    for key, default in defaults.items():
        found = said.get(key)
        if type(found) is not type(default) or (type(found) is int and not _fits(key, found)):
            found = default
        if isinstance(found, str):  # half a character is none, there or here
            found = found.encode("utf-8", "replace").decode()
        made[key] = found
    numbers = {key: said[key] for key in _MAYBE if type(said.get(key)) is int}
    return made | {key: found for key, found in numbers.items() if _fits(key, found)}


def _fits(key: str, found: int) -> bool:
    """Whether a number is one that Anki has room for."""
    return found in _ROOM.get(key, _LARGE)


def _said(config: object, keys: Mapping[int, str], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A message by the names of its values."""
    made = dict[str, Any]()
    for number, value in _values(config):
        key = keys.get(number)
        if key is None:
            continue
        if isinstance(value, bytes):
            made[key] = value.decode("utf-8", "replace")
        elif isinstance(defaults.get(key), bool):
            made[key] = bool(value)
        else:
            made[key] = value - (value >> 63 << 64)
    return made


def _values(config: object) -> Iterator[tuple[int, int | bytes]]:
    yield from message(config) if isinstance(config, bytes) else ()


def _dicts(said: object) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in said if isinstance(one, dict)) if isinstance(said, list) else ()


def _place(one: Mapping[str, Any]) -> int:
    return int(one["ord"])
