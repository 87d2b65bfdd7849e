"""Notes that came from Anki, and go back to it as what they are there (`notes/origin.py`)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from studyapp import disk
from studyapp.notes import ankiedit, ankifield, ankimodel, ankitext, apkg, origin
from studyapp.notes.ankiedit import Edit
from studyapp.notes.ankimodel import Model
from studyapp.notes.caption import named
from studyapp.notes.deck import tag_of
from studyapp.notes.foreign import ForeignNote
from studyapp.notes.media import FOLDER, LARGEST, Shelf, file_of
from studyapp.notes.note import Note
from studyapp.notes.origin import Original, Origins
from studyapp.study import words

_MARKED = re.compile(r"/c?\d{1,3}\Z")
_NAMED = re.compile(
    r"\[sound:(?P<sound>[^\[\]]+)\]|\bsrc\s*=\s*(?:\"(?P<two>[^\"]+)\"|'(?P<one>[^']+)'"
    r"|(?P<bare>[^\s\"'<>]+))|\burl\(\s*[\"']?(?P<style>[^()\"']+)",
    re.IGNORECASE,
)


class Place(NamedTuple):
    """Where a note's file lies, and what it says there (a digest)."""

    folder: Path
    says: str


class Part(NamedTuple):
    """A note that came from elsewhere: as it goes out, as it is here, and its pack's folder."""

    out: ForeignNote
    said: Note
    folder: Path


@dataclass(frozen=True)
class Back:
    """What goes back as it came; `strange` are the notes whose edits no field can say, `gone` those
    of cards that Anki has no more."""

    origins: Origins
    strange: tuple[ForeignNote, ...]
    gone: tuple[ForeignNote, ...]


def files(came: Origins, here: Mapping[str, Place], away: Mapping[str, Place]) -> dict[Path, str]:
    """The files that are to say what came of notes (by guid), those of the pack that is brought,
    *here*, and those that have gone out and are known again, *away*; only what changes. Of the
    latter, fields that are as they were say what they did."""
    found = _placed(came, {**here, **away})
    known_again = {came.parts[guid][0] for guid in came.parts.keys() & away.keys()}
    made = {}
    for folder, says in found.items():
        path = folder / origin.FILE
        before = origin.read(disk.said(path))
        notes = {base: replace(came.notes[base], says=said) for base, said in says.items()}
        for base in notes.keys() & before.notes.keys() & known_again:
            if before.notes[base].fields == notes[base].fields:
                says_before = before.notes[base].says
                kept = {mark: says_before.get(mark, said) for mark, said in says[base].items()}
                notes[base] = replace(notes[base], says=kept)
        after = before.plus(Origins(came.types, notes))
        if after != before:
            made[path] = origin.written(after)
    return made


def says_less(came: Origins, guid: str) -> bool:
    """Whether a text of Anki's says less of a note than *came* of it in a package: a text knows no
    templates."""
    one = came.notes.get(guid) or came.notes.get(_MARKED.sub("", guid))
    if one is None:
        return False
    kind = ankimodel.note_type(came.types[one.type])
    shown, told = apkg.parts(kind, one.fields, one.places), ankitext.said(kind.name, one.fields)
    if told is None or shown.keys() != {""}:
        return True
    whole = shown[""]
    return (whole.question, whole.answer, whole.card) != (told.question, told.answer, told.card)


def without_card(came: Origins, places: Mapping[str, Place]) -> Iterator[str]:
    """What is told of notes of here whose card was in Anki when it came, and is there no more."""
    for folder, says in _placed(came, places).items():
        before = origin.read(disk.said(folder / origin.FILE))
        for base in filter(before.notes.__contains__, says):
            one = came.notes[base]
            missing = before.notes[base].says.keys() - says[base].keys()
            marks = _marks(came.types[one.type], one) if missing else frozenset()
            if marks and (lost := missing - marks):
                cards = words.count(len(lost), "card")
                note = named(ankifield.read(one.fields[0], cloze=True).text)
                yield f"{note}: the note has lost {cards} there, kept here and not sent back"


def _marks(model: Model, one: Original) -> Set[str]:
    """What a note of Anki's is here, by its marks."""
    return apkg.parts(ankimodel.note_type(model), one.fields, one.places).keys()


def _is_gone(came: Origins, guid: str) -> bool:
    """Whether a note of here is of a card that its note in Anki had, and has no more."""
    base = _MARKED.sub("", guid)
    if guid in came.parts or base not in came.notes:
        return False
    one = came.notes[base]
    marks = _marks(came.types[one.type], one)
    return bool(marks) and guid.removeprefix(base) not in marks


def _placed(
    came: Origins, places: Mapping[str, Place]
) -> Mapping[Path, Mapping[str, Mapping[str, str]]]:
    """What notes of Anki's say, by folder, note and mark."""
    found: dict[Path, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for guid, place in places.items():
        if guid in came.parts:
            base, mark = came.parts[guid]
            found[place.folder][base][mark] = place.says
    return found


def agreed(folder: Path) -> dict[str, str]:
    """What the notes of a pack said, by guid, when what came of them said the same."""
    known = origin.read(disk.said(folder / origin.FILE))
    return {guid: known.notes[base].says[mark] for guid, (base, mark) in known.parts.items()}


def back(parts: Sequence[Part], known: Callable[[Path], Origins]) -> Back:
    """What of *parts* goes back as it came, by what is *known* in their folders."""
    found: dict[str, dict[str, Part]] = defaultdict(dict)
    gone = list[ForeignNote]()
    for part in parts:
        came = known(part.folder)
        if part.out.guid in came.parts:
            base, mark = came.parts[part.out.guid]
            found[base][mark] = part
        elif _is_gone(came, part.out.guid):
            gone.append(part.out)
    folders = dict.fromkeys(part.folder for marked in found.values() for part in marked.values())
    types = _newest(map(known, folders))
    notes, strange = dict[str, Original](), list[ForeignNote]()
    for base, marked in found.items():
        one = _joined([known(part.folder).notes[base] for part in marked.values()])
        if len(one.fields) != len(types[one.type]["flds"]):
            continue
        now = _now(one, types[one.type], marked)
        if now is None:
            strange += [part.out for mark, part in marked.items() if _edit(one, mark, part)]
            if marked.keys() == {""}:  # as one of ours it takes the edit along, and adds nothing
                continue
        notes[base] = replace(now or one, says=dict.fromkeys(marked, ""))
    used = {one.type for one in notes.values()}
    return Back(Origins({of: types[of] for of in used}, notes), tuple(strange), tuple(gone))


def _joined(several: Sequence[Original]) -> Original:
    """A note of Anki's whose parts lie in several packs: as the newest package had it."""
    says = {mark: said for one in several for mark, said in one.says.items()}
    return replace(max(several, key=lambda one: one.changed or 0), says=says)


def _newest(several: Iterable[Origins]) -> dict[int, Model]:
    """The types of several packs, each as the newest package had it."""
    types = dict[int, Model]()
    for one in several:
        for of, model in one.types.items():
            types[of] = max(types.get(of, model), model, key=lambda it: int(it["mod"]))
    return types


def _now(one: Original, model: Model, parts: Mapping[str, Part]) -> Original | None:
    """A note of Anki's as it is to be there; None if its fields cannot say it."""
    tags = next((said for part in parts.values() if (said := _tags(one, part)) is not None), None)
    edits = {mark: edit for mark, part in parts.items() if (edit := _edit(one, mark, part))}
    if not edits and tags is None:
        return one
    fields = ankiedit.fields(ankimodel.note_type(model), one, edits) if edits else one.fields
    if fields is None:
        return None
    return replace(one, changed=None, fields=fields, tags=one.tags if tags is None else tags)


def _edit(one: Original, mark: str, part: Part) -> Edit | None:
    asks, answers = origin.changes(one.says[mark], origin.said(part.said))
    return Edit(part.out, asks, answers) if asks or answers else None


def _tags(one: Original, part: Part) -> str | None:
    """The tags as Anki writes them, if they are others here."""
    if {tag_of(tag) for tag in one.tags.split()} - {""} == set(part.out.tags):
        return None
    return f" {' '.join(part.out.tags)} " if part.out.tags else ""


def shown(origins: Origins) -> set[str]:
    """The pictures and sounds that fields and types name, by what Anki calls them."""
    found = set[str]()
    for text in _texts(origins):
        if "=" not in text and "(" not in text and "[" not in text:
            continue  # each way to name one has such a sign
        for name in _NAMED.finditer(text):
            said = unescape(name[name.lastgroup or 0])
            found.add(said if name["sound"] else unquote(said))
    return found


def _texts(origins: Origins) -> Iterator[str]:
    for one in origins.notes.values():
        yield from one.fields
    for model in origins.types.values():
        yield model["css"]
        for template in model["tmpls"]:
            yield from (template["qfmt"], template["afmt"])


def file_called(name: str, folder: Path) -> Path | None:
    """The picture or the sound that Anki calls so, in the *folder* of a pack; None if there is none
    that could go out."""
    if "/" in name:
        return None
    path = file_of(f"{FOLDER}/{quote(name)}", Shelf(folder / origin.FILE, folder))
    return path if path and path.stat().st_size <= LARGEST else None
