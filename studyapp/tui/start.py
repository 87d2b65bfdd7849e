"""Run the app in this terminal."""

from __future__ import annotations

import sys


def has_terminal() -> bool:
    """Whether there is a terminal to read keys from and to draw on, which Textual does as errors
    are written; without one it would wait for keys for ever."""
    return all(stream and stream.isatty() for stream in (sys.__stdin__, sys.__stderr__))


def run(
    db: str,
    name: str | None,
    *,
    new: bool = False,
    review: bool = False,
    chapter: str | None = None,
    quiz: str | None = None,
    book: bool = False,
) -> str | None:
    """Run the app for the learner *name* (None: the first one) on a database until they leave;
    returns why it could not open, if so, or what there is to say if the app came to grief."""
    import gc

    if not has_terminal():
        return "The app needs a terminal; --plain asks as lines, and studyapp due says what is due."
    gc.disable()  # what start-up makes is kept; the app turns it on again when it is open
    from studyapp import config
    from studyapp.tui.app import StudyApp

    app = StudyApp(
        db,
        config.load(),
        review=review,
        chapter=chapter,
        quiz=quiz,
        book=book,
        who=name,
        new=new,
    )
    app.run()
    if app.grief is not None:
        from studyapp.study import crash

        return crash.told(app.grief, db, tuple(app.desk.rated) if app.desk else ())
    return app.failure
