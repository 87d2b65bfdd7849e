"""First paint and first true counts against a Textual hello-world, in one run.

    python benchmarks/start.py [RUNS]

Each program runs in a terminal of its own (a pty, 80×24); the clock runs from the start of the
process to the moment its text arrives. Medians; the runs of the three alternate.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

HELLO = """
from textual.app import App
from textual.widgets import Static

class Hello(App):
    def compose(self):
        yield Static("Hello, World!")

Hello().run()
"""
OURS = [sys.executable, "-P", "-m", "studyapp"]


def until(command: list[str], marks: list[bytes], folder: Path) -> list[float]:
    """Seconds from the start of *command* to each of *marks* in what it paints."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "",  # an app that was installed is compiled
        "TERM": "xterm-256color",
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment,
        start_new_session=True,
    )
    os.close(follower)
    seen, times = b"", []
    for mark in marks:
        while mark not in seen:
            ready, _, _ = select.select([leader], [], [], 30)
            if not ready:
                raise SystemExit(f"{command[-1]}: {mark!r} never came:\n{seen[-2000:]!r}")
            seen += os.read(leader, 65536)
        times.append(time.perf_counter() - started)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    os.close(leader)
    return times


def main(runs: int = 10) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            [*OURS, "due"],
            env={**os.environ, "XDG_DATA_HOME": name},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        hello, paint, counts = [], [], []
        for _ in range(runs):
            hello += until([sys.executable, "-c", HELLO], [b"Hello, World!"], folder)
            first, true = until(OURS, [b"studyapp", b"Chapter 1 is"], folder)
            paint.append(first)
            counts.append(true)
    base = statistics.median(hello)
    print(f"medians of {runs} runs, Python {sys.version.split()[0]}")
    for what, times, limit in (
        ("hello-world, first paint", hello, None),
        ("studyapp, first paint", paint, 1.5),
        ("studyapp, first true counts", counts, 3.0),
    ):
        median = statistics.median(times)
        ratio = f"{median / base:.2f} × (limit {limit})" if limit else ""
        print(f"{what:<30}{median * 1000:7.0f} ms  {ratio}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
