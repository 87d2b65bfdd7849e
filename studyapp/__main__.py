"""The `studyapp` command, also `python -m studyapp`."""

from __future__ import annotations

import sys
from io import TextIOWrapper

from studyapp.errors import INTERRUPTED, StudyError
from studyapp.stream import Guarded


def main() -> None:
    """Run the command."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    for name in ("stdout", "stderr"):
        if isinstance(stream := getattr(sys, name), TextIOWrapper):
            setattr(sys, name, Guarded(stream))
    try:
        _run()
    except KeyboardInterrupt:  # much is imported before a command is there to say so
        print("Cancelled.", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _run() -> None:
    """What is asked most often without the cost of a command line: the bare command, which opens
    Today, and the number for a prompt."""
    if sys.argv[1:] not in ([], ["due", "--short"]):
        from studyapp.commands.main import main as command

        command()
        return
    from studyapp import config

    failure: str | None = None
    try:
        if sys.argv[1:]:
            from datetime import datetime

            from studyapp.commands import count

            now = datetime.now().astimezone()
            print(count.due(config.default_database(), config.default_learner(), now))
        else:
            from studyapp.tui.start import run

            failure = run(config.default_database(), config.default_learner())
    except StudyError as error:
        failure = str(error)
    except Exception as error:
        from studyapp.study import crash

        failure = crash.told(error, config.default_database())
    if failure:
        sys.exit(f"Error: {failure}")


if __name__ == "__main__":
    main()
