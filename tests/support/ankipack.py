"""Packages as Anki writes them, of all three generations, with the same notes in each."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import zstandard

CREATED = int(datetime(2026, 1, 1, 4, tzinfo=UTC).timestamp())  # study day 0
NOON = 1000 * (CREATED + 8 * 3600)
DAY = 86_400_000
LEGACY, MIDDLE, NEWEST = "collection.anki2", "collection.anki21", "collection.anki21b"
META = {LEGACY: None, MIDDLE: b"\x08\x02", NEWEST: b"\x08\x03"}

_TABLES = """
CREATE TABLE notes (id integer primary key, guid text, mid integer, mod integer, usn integer,
  tags text, flds text, sfld text, csum integer, flags integer, data text);
CREATE TABLE cards (id integer primary key, nid integer, did integer, ord integer, mod integer,
  usn integer, type integer, queue integer, due integer, ivl integer, factor integer,
  reps integer, lapses integer, left integer, odue integer, odid integer, flags integer, data text);
CREATE TABLE revlog (id integer primary key, cid integer, usn integer, ease integer,
  ivl integer, lastIvl integer, factor integer, time integer, type integer);
CREATE TABLE col (id integer primary key, crt integer, mod integer, scm integer, ver integer,
  dty integer, usn integer, ls integer, conf text, models text, decks text, dconf text, tags text);
"""
_NEWER = """
CREATE TABLE notetypes (id integer primary key, name text collate unicase, mtime_secs integer,
  usn integer, config blob);
CREATE TABLE fields (ntid integer, ord integer, name text collate unicase, config blob,
  primary key (ntid, ord)) without rowid;
CREATE TABLE templates (ntid integer, ord integer, name text collate unicase, mtime_secs integer,
  usn integer, config blob, primary key (ntid, ord)) without rowid;
CREATE TABLE decks (id integer primary key, name text collate unicase, mtime_secs integer,
  usn integer, common blob, kind blob);
CREATE TABLE config (key text primary key, usn integer, mtime_secs integer, val blob) without rowid;
CREATE UNIQUE INDEX idx_notetypes_name ON notetypes (name);
"""
HR = "{{FrontSide}}\n\n<hr id=answer>\n\n"
TYPES = {  # name, fields, templates, whether it hides
    1: ("Basic", ["Front", "Back", "Source"], [("{{Front}}", f"{HR}{{{{Back}}}}")], False),
    2: (
        "Reversed",
        ["Front", "Back"],
        [("{{Front}}", f"{HR}{{{{Back}}}}"), ("{{Back}}", f"{HR}{{{{Front}}}}")],
        False,
    ),
    3: ("Cloze", ["Text"], [("{{cloze:Text}}", "{{cloze:Text}}")], True),
    4: (
        "Vocabulary",
        ["Word", "Sound", "Plural"],
        [
            ("<style>b{}</style>{{Word}}", f"{HR}{{{{Sound}}}}"),
            ("{{#Plural}}Plural of {{Word}}?{{/Plural}}", "{{Plural}}"),
            ("{{type:Word}}{{Plural}}", "{{Plural}}<hr id=answer>{{type:Word}}"),
        ],
        False,
    ),
}
DECKS = {1: "Default", 5: "Lang::Spanish", 6: "Crammed"}
NOTES = [  # id, guid, type, tags, fields
    (10, "g10", 1, " animal big ", "el <b>perro</b> <img src='a b.png'>\x1fthe dog\x1fmy uncle"),
    (11, "g11", 2, "", "gato\x1fcat"),
    (12, "g12", 3, "", "The {{c1::sum}} of {{c2::\\(a+b\\)}}"),
    (13, "g13", 4, "", "ox\x1f[sound:ox.mp3]\x1foxen"),
]
CARDS = [  # id, note, deck, place, type, queue, due, interval, reps, lapses, odue, odid, data
    (100, 10, 5, 0, 2, 2, 40, 7, 2, 1, 0, 0, '{"s":7.5,"d":5.25,"lrt":0}'),
    (101, 11, 5, 0, 1, 1, CREATED + 30 * 3600, 0, 1, 0, 0, 0, "{}"),
    (102, 11, 5, 1, 0, -1, 3, 0, 0, 0, 0, 0, ""),
    (103, 12, 6, 0, 2, -2, -99, 10, 3, 0, 50, 5, ""),
    (104, 12, 1, 1, 0, 0, 4, 0, 0, 0, 0, 0, ""),
    (105, 13, 1, 0, 3, 1, 33, 1, 9, 2, 0, 0, ""),
    (106, 13, 1, 1, 0, 0, 5, 0, 0, 0, 0, 0, ""),
    (107, 13, 1, 2, 0, 0, 5, 0, 0, 0, 0, 0, ""),
]
REVIEWS = [  # id, card, ease, factor, time, type
    (NOON, 100, 3, 2500, 8000, 0),
    (NOON + 33 * DAY, 100, 1, 2500, 9000, 1),
    (NOON + 33 * DAY + 1, 100, 0, 0, 0, 4),  # by hand
    (NOON + DAY - 36_000_000, 101, 2, 2500, 4000, 0),  # two in the night: of the day before
    (NOON + 2 * DAY, 103, 4, 0, 5000, 3),  # crammed
    (NOON + 2 * DAY, 999, 3, 2500, 5000, 1),  # of a card that is gone
]


def field(number: int, value: bytes) -> bytes:
    """A field of a message of protobuf, shorter than 128 bytes or so long as two say."""
    size = len(value)
    said = bytes([size]) if size < 128 else bytes([128 | size & 127, size >> 7])
    return bytes([number << 3 | 2]) + said + value


def collection(path: Path, *, newer: bool = False) -> bytes:
    """The collection as a database's bytes."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as base, base:
        base.create_collation("unicase", lambda a, b: (a > b) - (a < b))
        base.executescript(_TABLES)
        models = {
            str(key): {
                "name": name,
                "type": int(hides),
                "flds": [{"name": one, "ord": at} for at, one in enumerate(fields)],
                "tmpls": [
                    {"name": "x", "ord": at, "qfmt": front, "afmt": back}
                    for at, (front, back) in enumerate(templates)
                ],
            }
            for key, (name, fields, templates, hides) in TYPES.items()
        }
        decks = {str(key): {"name": name} for key, name in DECKS.items()}
        conf = json.dumps({"rollover": 4, "creationOffset": 0, "localOffset": 0})
        said = ["", "", ""] if newer else [conf, json.dumps(models), json.dumps(decks)]
        base.execute(
            "INSERT INTO col VALUES (1, ?, ?, 0, ?, 0, 0, 0, ?, ?, ?, '', '')",
            (CREATED, NOON, 18 if newer else 11, *said),
        )
        base.executemany("INSERT INTO notes VALUES (?, ?, ?, 0, 0, ?, ?, '', 0, 0, '')", NOTES)
        for card in CARDS:
            of, nid, did, place, kind, queue, due, ivl, reps, lapses, odue, odid, data = card
            base.execute(
                "INSERT INTO cards VALUES (?,?,?,?,0,0,?,?,?,?,2500,?,?,0,?,?,0,?)",
                (of, nid, did, place, kind, queue, due, ivl, reps, lapses, odue, odid, data),
            )
        for at, (moment, card, ease, factor, took, kind) in enumerate(REVIEWS):
            base.execute(
                "INSERT INTO revlog VALUES (?, ?, 0, ?, 0, 0, ?, ?, ?)",
                (moment + at, card, ease, factor, took, kind),
            )
        if newer:
            base.executescript(_NEWER)
            _tables(base)
    return path.read_bytes()


def _tables(base: sqlite3.Connection) -> None:
    for key, (name, fields, templates, hides) in TYPES.items():
        kind = b"\x08\x01" if hides else b""
        base.execute("INSERT INTO notetypes VALUES (?, ?, 0, 0, ?)", (key, name, kind))
        for at, one in enumerate(fields):
            base.execute("INSERT INTO fields VALUES (?, ?, ?, x'')", (key, at, one))
        for at, (front, back) in enumerate(templates):
            said = field(1, front.encode()) + field(2, back.encode())
            base.execute("INSERT INTO templates VALUES (?, ?, 'x', 0, 0, ?)", (key, at, said))
    for key, name in DECKS.items():
        joined = name.replace("::", "\x1f")
        base.execute("INSERT INTO decks VALUES (?, ?, 0, 0, x'', x'')", (key, joined))
    for key, value in (("rollover", 4), ("creationOffset", 0), ("localOffset", 0)):
        said = json.dumps(value).encode()
        base.execute("INSERT INTO config VALUES (?, 0, 0, ?)", (key, said))


def package(
    path: Path,
    name: str,
    real: bytes,
    media: dict[str, bytes] | None = None,
    *,
    decoy: bytes = b"not this one",
    meta: bytes | None = b"",
) -> None:
    """A package whose collection is *real*, called *name*; older programs get the *decoy*."""
    media = {"a b.png": b"\x89PNG", "ox.mp3": b"ID3"} if media is None else media
    newest = name == NEWEST
    packed = zstandard.compress if newest else bytes
    if newest:
        names = b"".join(field(1, field(1, one.encode())) for one in media)
    else:
        names = json.dumps({str(at): one for at, one in enumerate(media)}).encode()
    meta = META[name] if meta == b"" else meta
    with zipfile.ZipFile(path, "w") as out:
        if meta is not None:
            out.writestr("meta", meta)
        out.writestr(name, packed(real))
        if name != LEGACY:
            out.writestr(LEGACY, decoy)
        out.writestr("media", packed(names))
        for at, content in enumerate(media.values()):
            out.writestr(str(at), packed(content))
