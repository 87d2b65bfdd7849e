"""Tables of text that no head explains: which sign parts their columns, and which two of these say
what. What has as many columns in nearly each row may be prose, code or figures; it is taken for
notes only where nothing speaks against it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from studyapp.notes import columns
from studyapp.notes.wording import plain

_SIGNS = "\t;,"
_ENDINGS = ("", ".csv", ".tsv", ".tab", ".txt", ".text", ".md", ".markdown")
_TABLES = (".csv", ".tsv", ".tab")
_LOG = {"card_id", "review_rating", "review_time"}
_FEW = 3  # rows that a table has at least whose file is not called as one
_ODD, _ODD_OF_TEXT = 4, 10  # one of so many rows may have more or fewer cells than the others
_SHOWN = 60  # characters
_MARK = re.compile(r"[ \t]*(?:#{1,6}[ \t]|[-*+>|][ \t|]|`{3}|~{3}|//|/\*)")
_CODE = re.compile(r"[={}<>\[\]\\]|\(\)|;$|^(?:import|from|let|var|const|return|def|int)\b")
QUOTES = {True: '"', False: None}  # of `csv.reader`, by whether quotes keep cells together
_SAID = re.compile(r"\"?sep=(?P<sign>[^\"\r\n])\"?[ ;,]*", re.IGNORECASE)
_FIGURE = re.compile(r"[\W\d_]*")
_LOOKED_AT = 2000  # rows
_LONG = 60_000  # bytes of a beginning from which the text may go on


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of `width` columns: the sign between them, and where a row names them, which of them
    asks, which answers, which have options, be they picked by letters or numbers or wrong ones that
    the right one stands apart from, and which are settings of a program that asks them, or number
    the rows. `is_sure` says whether it holds notes, `is_log` that it logs reviews, `is_half` that
    its first row names columns, but none that asks or none that answers, `is_quoted` that quotes
    keep cells whole."""

    sign: str
    width: int = 0
    names: tuple[str, ...] = ()
    left: int = 0
    right: int = 1
    options: tuple[int, ...] = ()
    is_picked: bool = False
    is_apart: bool = False
    settings: tuple[int, ...] = ()
    is_sure: bool = False
    is_log: bool = False
    is_half: bool = False
    is_quoted: bool = True

    def ordered(self, row: Sequence[str]) -> list[str]:
        """A row that begins with what asks and its options, then what answers; no settings."""
        used = (self.left, self.right, *self.options, *self.settings)
        others = [cell for at, cell in enumerate(row) if at not in used]
        question, answer = ("".join(row[at : at + 1]) for at in used[:2])
        if tuple(row) == self.names:
            return [question, answer, *others]
        offered = self._offered(row)
        if offered and not self.is_apart:
            answer = columns.chosen(answer, offered, is_picked=self.is_picked)
        asked = columns.asked(question, answer, offered, is_apart=self.is_apart)
        return [asked, answer, *others]

    def _offered(self, row: Sequence[str]) -> list[str]:
        return columns.offered(["".join(row[at : at + 1]) for at in self.options])

    def why_unread(self, row: Sequence[str]) -> str:
        """Why a row cannot be read that has other cells than most, and what it says; empty of one
        that can: it asks and answers, and has no cell that may be a part of either."""
        cells = len(row)
        if cells > self.width:
            more = f"{cells} cells where the others have {self.width}, so what answers is not sure"
            return f"this row has {more}; not read: {begun(row)}"
        if cells < self.width and not "".join(row[self.right : self.right + 1]).strip():
            return f"this row has no answer; not read: {begun(row)}"
        if cells < self.width and cells <= self.left:
            return f"this row has no question; not read: {begun(row)}"
        return ""


def look(lines: Sequence[str], path: Path, *, is_whole: bool = True) -> Sheet | None:
    """The table that these lines are; None if too few rows have as many columns, and none names
    them. Of lines that are not the whole the last row may be cut off."""
    lines, said = parted(lines)
    found = [_read(lines, sign, path, is_whole=is_whole) for sign in said or _SIGNS]
    return max(filter(None, found), key=lambda one: (one.is_sure, bool(one.names)), default=None)


def parted(lines: Sequence[str]) -> tuple[list[str], str]:
    """The lines of a table, and the sign between its columns if its first line says it, as some
    programs write it; that line is empty then."""
    said = _SAID.fullmatch(lines[0]) if lines else None
    return (["", *lines[1:]], said["sign"]) if said else ([*lines], "")


def _read(lines: Sequence[str], sign: str, path: Path, *, is_whole: bool) -> Sheet | None:
    """The table with this *sign*. Of tabs, quotes that do not fit are part of the text."""
    rows = _rows(lines, sign, is_whole=is_whole)
    if rows or sign != "\t":
        return _sheet(sign, rows, path) if rows else None
    rows = _rows(lines, sign, is_whole=is_whole, is_quoted=False)
    found = _sheet(sign, rows, path) if rows else None
    return found and replace(found, is_quoted=False)


def of_head(head: bytes, path: Path) -> Sheet | None:
    """The same of a file that begins with *head*; None of one that is called as no text is. A table
    of which one cell is nearly all of its head is seen as a whole."""
    if path.suffix.lower() not in _ENDINGS:
        return None
    lines, is_whole = _lines(head), len(head) < _LONG
    if not is_whole and len(lines) <= _FEW and path.suffix.lower() in _TABLES:
        with suppress(OSError):
            return look(_lines(path.read_bytes()), path)
    return look(lines, path, is_whole=is_whole)


def _lines(text: bytes) -> list[str]:
    return re.sub(r"\r\n?", "\n", text.decode("utf-8-sig", "ignore")).split("\n")


def why_not(head: bytes, path: Path) -> str:
    """What to say of a file that is a table, and not surely one of notes; empty of any other."""
    found = of_head(head, path)
    if found is not None and found.is_log:
        return f"{path} is a log of reviews, not of notes: `studyapp fit --log` reads it."
    if found is None and path.suffix.lower() not in _TABLES:
        return ""
    if found is not None and found.is_half:
        return (
            f"{path} is a table whose first row does not say which column asks and which answers: "
            "call one of them question and another answer; or if that row is a note as the others "
            "are, say so with --format anki-text."
        )
    return (
        f"{path} may be a table of notes, which cannot be seen for sure: "
        "if each row is a question and its answer, say so with --format anki-text."
    )


def shorn(row: Sequence[str], width: int) -> list[str]:
    """A row without the empty cells behind the *width* that a row has."""
    end = len(row)
    while end > width and not row[end - 1].strip():
        end -= 1
    return list(row[:end])


def is_log(names: Iterable[str]) -> bool:
    """Whether columns are those of a log of reviews."""
    return {*names} >= _LOG


def is_comment(row: Sequence[str]) -> bool:
    """Whether a row is none: it begins with # and has one cell alone."""
    return len(row) == 1 and row[0].startswith("#")


def begun(row: Sequence[str]) -> str:
    """How a row that is not read begins."""
    said = " | ".join(" ".join(cell.split()) for cell in row if cell.strip())
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN].rstrip()} …"


def _rows(
    lines: Sequence[str], sign: str, *, is_whole: bool, is_quoted: bool = True
) -> list[list[str]]:
    """The rows between which nothing is left over, but for one that is too long; none if a quote
    does not fit."""
    rows = list[list[str]]()
    text = (f"{line}\n" for line in lines)
    reader = csv.reader(text, delimiter=sign, quotechar=QUOTES[is_quoted], strict=True)
    while len(rows) < _LOOKED_AT:
        try:
            row = next(reader, None)
        except csv.Error as error:
            if "limit" in str(error):
                continue  # told where it is read
            if is_whole or "unexpected end" not in str(error):
                return []
            return rows
        if row is None:
            return rows if is_whole else rows[:-1]
        if any(map(str.strip, row)) and not is_comment(row):
            rows.append(row)
    return rows


def _sheet(sign: str, rows: Sequence[Sequence[str]], path: Path) -> Sheet | None:
    head = next((row for row in rows if len(row) > 1), rows[0])
    names = tuple(plain(cell).casefold() for cell in head)
    if is_log(names):
        return Sheet(sign, is_log=True)
    width = _width(rows)
    if max(width, len(head)) < 2:
        return None
    below = [row for row in rows if len(row) > 1 and row is not head]
    names = columns.named(head)
    said = columns.sides(names, below)
    if said and (len(head) > 2 or not {*head} & {"q", "a"}):  # which may as well be said
        named = _named(Sheet(sign, max(width, len(head)), tuple(head), *said), names, below)
        unread = sum(bool(named.why_unread(shorn(row, named.width))) for row in rows)
        is_sure = width <= len(head) and unread + 1 < len(rows) and 2 * unread < len(rows)
        return replace(named, is_sure=is_sure)
    if width > 2 and columns.says_one_side(names):
        return Sheet(sign, width, is_half=True)
    even = [row for row in (shorn(row, width) for row in rows) if len(row) == width]
    is_named = sign == "\t" or path.suffix.lower() in _TABLES
    ragged = len(rows) - len(even)
    if is_named:
        ragged = sum(bool(Sheet(sign, width).why_unread(shorn(row, width))) for row in rows)
    most = max(1, len(rows) // _ODD) if is_named and len(even) > 1 else len(rows) // _ODD_OF_TEXT
    if width < 2 or ragged > most:
        return None
    is_sure = len(even) >= (1 if sign == "\t" else 2 if is_named else _FEW)
    is_sure = is_sure and not any(_speaks_against(even, sign, is_named=is_named))
    return Sheet(sign, width, is_sure=is_sure)


def _named(table: Sheet, names: Sequence[str], rows: Sequence[Sequence[str]]) -> Sheet:
    """A table with what its *names* say of options, and of what is no part of a note."""
    places = tuple(at for at in columns.options(names) if at not in (table.left, table.right))
    idle = (*columns.settings(names), *columns.numbering(names, rows))
    idle = tuple(at for at in idle if at not in (table.left, table.right, *places))
    table = replace(table, options=places, settings=idle)
    answers = ["".join(row[table.right : table.right + 1]) for row in rows]
    is_picked = bool(places) and columns.picks(answers, [table._offered(row) for row in rows])
    return replace(table, is_picked=is_picked, is_apart=columns.stand_apart(names))


def _width(rows: Sequence[Sequence[str]]) -> int:
    """How many cells most rows have; of two counts that are as common, the one met first."""
    return Counter(map(len, rows)).most_common(1)[0][0]


def _speaks_against(rows: Sequence[Sequence[str]], sign: str, *, is_named: bool) -> Iterator[bool]:
    """Whether rows are figures, marked as text is, prose with a blank behind each sign, or code."""
    few = len(rows) // 10
    looked = 2 if sign == "\t" else 1  # who parts by tabs seldom writes figures alone
    yield sum(all(map(_FIGURE.fullmatch, row[:looked])) for row in rows) > len(rows) // 4
    yield any(sum(not row[at].strip() for row in rows) > len(rows) // 4 for at in (0, 1))
    yield len(rows) > 1 and any(map(_is_of_figures, zip(*rows, strict=True)))
    yield any(_MARK.match(row[0]) for row in rows)
    if sign != "\t":
        yield sum(cell.startswith(" ") for row in rows for cell in row[1:]) > few
        yield sum(cell.count("(") != cell.count(")") for row in rows for cell in row) > few
    if not is_named:
        yield sum(any(map(_CODE.search, row)) for row in rows) > few


def _is_of_figures(column: Sequence[str]) -> bool:
    """Whether a column has a name above figures alone."""
    first, *others = column
    return not _FIGURE.fullmatch(first) and all(map(_FIGURE.fullmatch, others))
