"""The `studyapp` command, also `python -m studyapp`."""

from __future__ import annotations

import sys


def main() -> None:
    """Open Today for the bare command, without the cost of a command line; else run the command."""
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
