"""Other processes, waited for by what becomes of them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

PATIENCE = 60.0  # seconds: a machine that is busy with other things is no failure


def gone(pid: int) -> bool:
    """Wait until a process is gone, or a zombie that an outer init has not collected yet."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if " Z " in Path(f"/proc/{pid}/stat").read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False


def wait_until_asleep(pid: int) -> None:
    """Until a process waits for something, where the system tells: a signal that finds it in the
    midst of Python's own code may have it say more than it would."""
    stat = Path(f"/proc/{pid}/stat")
    deadline = time.monotonic() + PATIENCE
    while stat.exists() and " S " not in stat.read_text() and time.monotonic() < deadline:
        time.sleep(0.01)


def hear_control_c() -> None:
    """Let a process that is being started hear it: a shell that runs the tests in the background
    has them ignore it, and what they start with them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
