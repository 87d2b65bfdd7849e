"""An answer as a screen shows it, in full or in brief, with what the learner's runs measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studyapp.errors import StudyError
from studyapp.notes.card import Face
from studyapp.study.lab.evidence import LINK, Evidence, with_evidence
from studyapp.tui.screens.page import Page
from studyapp.tui.widgets.points import Points
from studyapp.tui.widgets.prose import Prose, laid_out


@dataclass(frozen=True, slots=True)
class Shown:
    """What of an answer is on the screen: `whole` is all of it, and a figure may be `withheld`."""

    whole: bool = False
    withheld: bool = False


def show(
    page: Page,
    prose: Prose,
    face: Face,
    file: Path,
    wanted: Callable[[str], bool],
    *,
    reference: bool = False,
) -> Shown:
    """Show in *prose* the answer of *face*, from a note in *file*, in full if that is *wanted* of
    its text, else what its points do not say."""
    told = evidence(page, face.back, reference=reference, key=page.key_of("lesson"))
    whole = wanted(told.text)
    if whole:
        page.study.saw(face.back)
    text = told.text if whole else face.gist
    prose.show(text, page.gallery(text, file))
    prose.display = bool(text)
    return Shown(whole, whole and told.withheld)


def has_room(page: Page, points: Points, answer: str, file: Path, width: int, *, raw: bool) -> bool:
    """Whether *points* and the *answer* in full, *width* cells wide, are in sight at once with the
    rule above them and a line before each, however high the page's body is now."""
    around = page.query("TitleBar, Told, KeyBar, Ratings, Grades")
    room = page.size.height - sum(one.outer_size.height for one in around if one.display)
    gallery, window = page.gallery(answer, file), page.app.size.height
    lines = laid_out(answer, width, raw=raw, gallery=gallery, window=window)
    return 1 + 1 + points.height_at(width) + 1 + len(lines) <= room


def evidence(page: Page, answer: str, *, reference: bool = False, key: str = "") -> Evidence:
    """*answer* with its figures; *key* leads to their experiments, where the page has one.

    If they cannot be read, the page says so and the answer is shown as it stands.
    """
    if LINK not in answer:
        return Evidence(answer, withheld=False)
    desk = page.desk
    try:
        with desk.reading() as connection:
            return with_evidence(
                connection,
                answer,
                page.study.catalog,
                desk.now(),
                reference=reference,
                key=key,
                learner=desk.learner,
            )
    except StudyError as error:
        page.notify(str(error), severity="error")
        return Evidence(answer, withheld=False)
