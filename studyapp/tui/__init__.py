"""The terminal app: screens coordinate, widgets show and post messages."""

from __future__ import annotations


def run(
    db: str, *, review: bool = False, chapter: int | None = None, quiz: int | None = None
) -> str | None:
    """Run the app on a database until the learner leaves; returns why it could not open, if so."""
    import gc

    gc.disable()  # what start-up makes is kept; the app turns it on again when it is open
    from studyapp import config
    from studyapp.tui.app import StudyApp

    app = StudyApp(db, config.load(), review=review, chapter=chapter, quiz=quiz)
    app.run()
    return app.failure
