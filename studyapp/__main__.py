"""The `studyapp` command, also `python -m studyapp`."""

from __future__ import annotations

import sys
from io import TextIOWrapper


def main() -> None:
    """Open Today for the bare command, without the cost of a command line; else run the command."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a sign that a terminal lacks is no error
    if len(sys.argv) > 1:
        from studyapp.commands.main import main as command

        command()
        return
    from studyapp import config
    from studyapp.errors import StudyError
    from studyapp.tui.start import run

    try:
        failure = run(config.default_database(), config.default_learner())
    except StudyError as error:
        failure = str(error)
    if failure:
        sys.exit(f"Error: {failure}")


if __name__ == "__main__":
    main()
