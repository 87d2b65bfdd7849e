"""An answer as a screen shows it: with what the learner's own runs measured."""

from __future__ import annotations

from studyapp.errors import StudyError
from studyapp.store.engine import reading
from studyapp.study.lab.evidence import LINK, Evidence, with_evidence
from studyapp.tui.screens.page import Page


def evidence(page: Page, answer: str, *, reference: bool = False) -> Evidence:
    """*answer* with its figures; the experiments that it cites count as seen from now on.

    If the figures cannot be read, the page says so and the answer is shown as it stands.
    """
    study = page.study
    if LINK not in answer:
        return Evidence(answer, withheld=False)
    study.saw(answer)
    assert study.engine is not None
    try:
        with reading(study.engine) as connection:
            return with_evidence(
                connection, answer, study.catalog, study.clock(), reference=reference
            )
    except StudyError as error:
        page.notify(str(error), severity="error")
        return Evidence(answer, withheld=False)
