"""An answer as a screen shows it: with what the learner's own runs measured."""

from __future__ import annotations

from studyapp.errors import StudyError
from studyapp.study.lab.evidence import LINK, Evidence, with_evidence
from studyapp.tui.screens.page import Page


def evidence(page: Page, answer: str, *, reference: bool = False) -> Evidence:
    """*answer* with its figures; the experiments that it cites count as seen from now on.

    If the figures cannot be read, the page says so and the answer is shown as it stands.
    """
    if LINK not in answer:
        return Evidence(answer, withheld=False)
    study, desk = page.study, page.desk
    study.saw(answer)
    try:
        with desk.reading() as connection:
            return with_evidence(
                connection,
                answer,
                study.catalog,
                desk.now(),
                reference=reference,
                learner=desk.learner,
            )
    except StudyError as error:
        page.notify(str(error), severity="error")
        return Evidence(answer, withheld=False)
