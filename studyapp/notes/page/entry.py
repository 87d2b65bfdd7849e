"""A note as its chunk says it: heading, question, answer, points, template and variants."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from studyapp.notes.card import find_clozes, numbered_items
from studyapp.notes.note import CardStyle, FileKind, Note, NoteKind, Template, Variant
from studyapp.notes.page import comment, field, point, table
from studyapp.notes.page.comment import GONE, Line
from studyapp.notes.page.file import FIX, Chunk, File, Gap
from studyapp.notes.page.identifier import checked_id, identify
from studyapp.notes.page.point import Task
from studyapp.notes.variant import KEYS

_ANSWER = re.compile(r"<!--[ \t]*answer[ \t]*-->[ \t]*", re.IGNORECASE)
VARIANT = re.compile(r"<!--\s*variant\s*-->")
_TEMPLATE = re.compile(r" {0,3}<!--\s*template[ \t]*$")
_TEMPLATE_OF_COMMENT = re.compile(r"template\b", re.IGNORECASE)


def notes(file: File, chunks: Sequence[Chunk], kind: FileKind) -> tuple[Note, ...]:
    """The notes of some chunks of a file of this *kind*, each id once."""
    what = NoteKind.TERM if kind is FileKind.JARGON else NoteKind.QUESTION
    lines: dict[str, int] = {}
    notes = []
    for chunk in chunks:
        if chunk.table:
            found = table.terms(file, chunk)
        elif chunk.title is not None:
            found = [_note(file, chunk, chunk.title, what)]
        else:
            continue
        for note in found:
            if note is None:
                continue
            if note.id in lines:
                message = f"the id {note.id} is used already on line {lines[note.id]}"
                file.report(note.line, message)
            else:
                lines[note.id] = note.line
                notes.append(note)
    return tuple(notes)


def _note(file: File, chunk: Chunk, title: str, kind: NoteKind) -> Note | None:
    line = chunk.start + 1
    prompt, name = identify(file, line, title)
    if not prompt:
        file.report(line, "the heading is empty")
    elif name is None:
        file.report(line, f"the {kind} has no {{#id}}; {FIX}")
        column = _end_of_heading(file.lines[chunk.start])
        file.gaps.append(Gap(line, column, " {#", "}", prompt, kind))
    last = next(n for n in range(chunk.end, 0, -1) if file.lines[n - 1].strip())
    chunk, others = _parts(file, chunk)
    comments, lines = comment.split(file, chunk)
    tasks, taken = point.tasks(file, chunk)
    front, lines = _parted(file, kind, comments, lines, taken)
    kept = comment.kept(lines, taken)
    note = Note(
        id=name or "",
        kind=kind,
        prompt=prompt,
        answer="\n".join(line.text for line in kept),
        path=file.path,
        line=line,
        last=last,
        points=tuple(task.point for task in tasks),
        template=_template(file, comments),
        front=front,
        **field.said(file, comments, len(tasks)),
    )
    _check_card(file, note, kept, tasks)
    if others:
        note = _with_variants(file, note, others)
    return note if prompt and name else None


def _end_of_heading(line: str) -> int:
    """Where the text of a heading ends: before spaces and the # that may close it."""
    whole = line.rstrip(" \t")
    text = whole.rstrip("#")
    return len(text.rstrip(" \t") if text.endswith((" ", "\t")) else whole)


def _parted(
    file: File,
    kind: NoteKind,
    comments: Sequence[tuple[int, str]],
    lines: list[Line],
    taken: set[int],
) -> tuple[str, list[Line]]:
    """What the question says below its heading, as `<!-- answer -->` ends it, and the lines of the
    answer; all of them without such a line."""
    marks = [number for number, text in comments if text.lower() == "answer"]
    if not marks:
        return "", lines
    mark = marks[0]
    if kind is NoteKind.TERM:
        file.report(mark, "a term has no <!-- answer -->: all of its text is the meaning")
        return "", lines
    for other in marks[1:]:
        file.report(other, f"the answer begins already on line {mark}")
    if not _ANSWER.fullmatch(file.lines[mark - 1]):
        file.report(mark, "<!-- answer --> must stand alone on its line, from its beginning")
        return "", lines
    above = [line for line in lines if line.number < mark]
    for line in above:
        if line.number in taken:
            file.report(line.number, "a point belongs to the answer, below <!-- answer -->")
            break
    front = "\n".join(line.text for line in comment.kept(above, taken))
    if not front:
        file.report(mark, "<!-- answer --> needs a part of the question above it")
    return front, [line for line in lines if line.number > mark]


def _template(file: File, comments: Sequence[tuple[int, str]]) -> Template | None:
    """The template in the comments of a note, with its lines as they are."""
    found = []
    for line, text in comments:
        if _TEMPLATE.match(file.lines[line - 1]):
            found.append(line)
        elif _TEMPLATE_OF_COMMENT.match(text):
            file.report(line, "a template begins with <!-- template alone on its line")
    for line in found[1:]:
        file.report(line, "a note has one template; this one is not read")
    if not found:
        return None
    text = "\n".join(file.lines[found[0] - 1 :])
    inner = text[text.index("<!--") + 4 : text.index("-->")]
    return Template(inner.strip().removeprefix("template").strip("\n"), found[0])


def _parts(file: File, chunk: Chunk) -> tuple[Chunk, list[Chunk]]:
    """Cut a note at its lines `<!-- variant -->`: its own text, then each variant, which begins
    with its question. What does not is reported and left out."""
    marks = [
        (index, token.map[0])
        for index, token in enumerate(chunk.tokens)
        if token.type == "html_block" and token.map and VARIANT.fullmatch(token.content.strip())
    ]
    if not marks:
        return chunk, []
    ends = [*marks[1:], (len(chunk.tokens), chunk.end)]
    parts = []
    for (index, line), (stop, end) in zip(marks, ends, strict=True):
        tokens = chunk.tokens[index + 1 : stop]
        if tokens and tokens[0].type == "heading_open" and tokens[0].markup == "###":
            first = tokens[0].map[0] if tokens[0].map else line
            parts.append(Chunk(first, end, tokens, tokens[1].content))
        else:
            file.report(line + 1, "a variant begins with its question: ### … below this line")
    return replace(chunk, end=marks[0][1], tokens=chunk.tokens[: marks[0][0]]), parts


def _with_variants(file: File, note: Note, parts: Sequence[Chunk]) -> Note:
    """*note* with the cases that are written below its own."""
    if note.kind is not NoteKind.QUESTION or note.card is not CardStyle.ANSWER:
        file.report(parts[0].start + 1, "only a question that is one card has variants")
        return note
    if len(parts) > len(KEYS):
        file.report(parts[len(KEYS)].start + 1, f"a note has at most {len(KEYS)} variants")
    variants, sources = [], list(note.sources)
    for key, part in zip(KEYS, parts, strict=False):
        line = part.start + 1
        prompt, name = identify(file, line, part.title or "")
        if name is not None:
            file.report(line, "a variant has no id: it is a case of its note")
        if not prompt:
            file.report(line, "the heading is empty")
            continue
        comments, lines = comment.split(file, part)
        tasks, taken = point.tasks(file, part)
        front, lines = _parted(file, note.kind, comments, lines, taken)
        points = tuple(task.point for task in tasks)
        answer = "\n".join(one.text for one in comment.kept(lines, taken))
        for at, text in comments:
            if re.match(r"(?!(?:source|need)\b)[\w-]+\s*:", text, re.IGNORECASE):
                file.report(at, "a variant has only need: and source:; the rest is its note's")
        allowed = [one for one in comments if re.match(r"(?:source|need)\b", one[1].lower())]
        said = field.said(file, allowed, len(points))
        sources += said["sources"]
        need = said.get("need")
        variants.append(Variant(key, prompt, answer, points, need, file.path, line, front))
    return replace(note, variants=tuple(variants), sources=tuple(sources))


def _check_card(file: File, note: Note, lines: Sequence[Line], tasks: Sequence[Task]) -> None:
    """What a style of card needs in order to be asked."""
    match note.card:
        case CardStyle.ITEMS:
            if not tasks:
                file.report(note.line, "card: items needs points")
            for task in tasks:
                if task.bare:
                    file.report(task.first, f"a point of an items note has no {{#id}}; {FIX}")
                    text = task.point.text
                    file.gaps.append(Gap(task.line, task.column, " {#", "}", text, "point"))
        case CardStyle.BOTH:
            if not note.answer:
                file.report(note.line, "card: both needs a text below the heading, the other side")
        case CardStyle.CLOZE:
            _check_clozes(file, note, lines)
        case CardStyle.ORDER:
            if len(numbered_items(note.answer)) < 2:
                file.report(note.line, "card: order needs a numbered list of at least two items")
        case _:
            pass


def _check_clozes(file: File, note: Note, lines: Sequence[Line]) -> None:
    found = find_clozes(note.answer)
    if not found:
        file.report(note.line, "card: cloze needs a ==hidden=={#id} text in the answer")
    names: set[str] = set()
    for cloze in found:
        line = lines[note.answer.count("\n", 0, cloze.end)]
        if cloze.id in names:
            file.report(line.number, f"the id {cloze.id} is used already in this note")
        elif cloze.id:
            names.add(cloze.id)
        elif note.answer.startswith("{#", cloze.end):
            mark = re.match(r"[^}\s]*", note.answer[cloze.end + 2 :])
            checked_id(file, line.number, mark[0] if mark else "")
        else:
            file.report(line.number, f"=={cloze.text}== has no {{#id}}; {FIX}")
            column = cloze.end - (note.answer.rfind("\n", 0, cloze.end) + 1)
            column = _nth(line.marked, column, lambda character: character != GONE)
            file.gaps.append(Gap(line.number, column, "{#", "}", cloze.text, "cloze"))


def _nth(line: str, count: int, counts: Callable[[str], bool]) -> int:
    """The place in *line* right after its first *count* characters that count."""
    seen = 0
    for place, character in enumerate(line):
        if seen == count:
            return place
        seen += counts(character)
    return len(line)
