"""Starts the worker, reads what it says and ends it; nothing of a lesson runs in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO

from studyapp.errors import SettingError, StudyError, printable
from studyapp.journal import ending, journal
from studyapp.lab.catalog import Declaration
from studyapp.lab.knobs import check
from studyapp.lab.lines import Cancelled, Failed, Finished, Message, Outcome, Splitter, decode
from studyapp.lab.protocol import REVIEWS, Remark
from studyapp.lab.trust import check as check_trust

DEVICES = ("auto", "cpu", "cuda", "mps")
PATIENCE = 1.0  # seconds between asking the process to stop and killing it
CHUNK = 1 << 14  # bytes read before others on the event loop get their turn
REQUEST = "request.json"  # in the folder of the run, until the worker has read it
KEPT = 1 << 16  # bytes of stderr kept for the display of an error


class LiveRun:
    """One execution of a lesson, in a process session of its own. Made by `start`."""

    def __init__(self, lesson: str, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.pid = process.pid
        self._lesson = lesson
        self._process = process
        self._folder = folder
        self._transports: list[asyncio.BaseTransport] = []
        self._errors = b""
        self._cancelled = False
        self._ended = asyncio.get_running_loop().create_future()
        # Not in the loop's executor: leaving the app would wait for the run.
        threading.Thread(target=self._reap, args=[self._ended.get_loop()], daemon=True).start()

    async def events(self) -> AsyncGenerator[Message, None]:
        """Yield metrics, progress and notes as they come, and the Outcome last. Call it once.

        Nothing is queued here: while nobody asks for the next event, the pipe fills up and the
        worker waits. Leaving early (aclose, a cancelled task) kills the process.
        """
        errors = asyncio.ensure_future(self._keep_errors())
        splitter, unreadable = Splitter(), 0
        said: Outcome | None = None
        try:
            stdout = await self._connect(self._process.stdout)
            while chunk := await self._read(stdout):
                for line in splitter.feed(chunk):
                    message = _decoded(line)
                    if message is None:
                        unreadable += 1
                    elif isinstance(message, Outcome):
                        said = said or message
                    else:
                        yield message
                await asyncio.sleep(0)  # a flood must not keep a key waiting
            await self._ended
            await asyncio.wait({errors}, timeout=PATIENCE)
            unreadable += splitter.close()
            if unreadable:
                lines = "one line" if unreadable == 1 else f"{unreadable} lines"
                yield Remark(f"{self._lesson} sent {lines} that could not be read.")
            yield self._outcome(said)
        finally:
            errors.cancel()
            self.close()

    async def cancel(self) -> None:
        """Ask the process to stop and kill it after a second; `events` then ends in Cancelled."""
        self._cancelled = True
        self._signal(signal.SIGTERM)
        await asyncio.wait({self._ended}, timeout=PATIENCE)
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Kill what is left of the run and remove its folder."""
        self._signal(signal.SIGKILL)
        for transport in self._transports:
            transport.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if not self._ended.done():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def _reap(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for the process, then end whatever it started and left behind."""
        self._process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(RuntimeError):  # the loop is closed: the app is gone
            loop.call_soon_threadsafe(_set, self._ended)

    async def _connect(self, pipe: IO[bytes] | None) -> asyncio.StreamReader:
        reader = asyncio.StreamReader(limit=CHUNK)  # it stops reading at twice that
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        self._transports.append(transport)
        return reader

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        """Return the next bytes; none at the end, which a process that fled may not let come."""
        reading = asyncio.ensure_future(reader.read(CHUNK))
        try:
            await asyncio.wait({reading, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({reading}, timeout=PATIENCE)
            return reading.result() if reading.done() else b""
        finally:
            reading.cancel()

    async def _keep_errors(self) -> None:
        stderr = await self._connect(self._process.stderr)
        while chunk := await stderr.read(CHUNK):
            self._errors = (self._errors + chunk)[-KEPT:]
            await asyncio.sleep(0)

    def _outcome(self, said: Outcome | None) -> Outcome:
        if isinstance(said, Finished):
            return said
        if self._cancelled or isinstance(said, Cancelled):
            return Cancelled()
        details = printable(self._errors.decode("utf-8", "replace"))
        message = _death(self._process.returncode, details) if said is None else said.message
        code = self._process.returncode
        journal.warning("%s failed with %s: %s", self._lesson, code, ending(details))
        return Failed(message if said else f"{self._lesson} {message}", details)


async def start(
    lesson: Declaration,
    given: Mapping[str, object],
    device: str = "auto",
    seed: int = 0,
    reviews: bytes | None = None,
) -> LiveRun:
    """Start the lesson with the knobs that the learner set; the others take their defaults.

    *reviews*, as `lab/memory.py` packs them, are laid into the folder of the run, if the lesson is
    one that gets them; they go with it at the latest.

    Raises, before anything is started, SettingError for a knob or a device that is not allowed, and
    StudyError for a lesson whose code the learner has not let run.
    """
    check_trust(lesson)
    knobs = check(lesson.knobs, given)
    if device not in DEVICES:
        allowed = f"{', '.join(DEVICES[:-1])} or {DEVICES[-1]}"
        raise SettingError(f"device = {printable(device)} is not allowed; it must be {allowed}.")
    threads = _threads()
    request = {
        "module": lesson.module,
        "path": str(lesson.path),
        "knobs": knobs,
        "given": list(given),
        "device": device,
        "seed": seed,
        "threads": threads,
    }
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"studyapp-{os.getpid()}-"))
        # A file, for a pipe that is full would hold up the app; in a thread, as it may be large.
        await asyncio.to_thread(_write_request, folder / REQUEST, request)
        if reviews is not None and lesson.is_given_reviews:
            await asyncio.to_thread((folder / REVIEWS).write_bytes, reviews)
        process = _spawn(folder, threads)
    except BaseException as error:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise StudyError(f"{lesson.name} cannot be started: {error.strerror}.") from error
        raise
    return LiveRun(lesson.name, process, folder)


def run(
    lesson: Declaration,
    given: Mapping[str, object],
    device: str = "auto",
    seed: int = 0,
    reviews: bytes | None = None,
) -> Iterator[Message]:
    """Run the lesson and yield what `Run.events` yields, where no event loop is running.

    Ctrl+C ends the process, and so does closing the iterator.
    """

    async def events() -> AsyncGenerator[Message, None]:
        live = await start(lesson, given, device, seed, reviews)
        async for message in live.events():
            yield message

    messages = events()

    async def following() -> Message | None:
        return await anext(messages, None)

    running = asyncio.Runner()
    loop = running.get_loop()
    try:
        while True:
            step = loop.create_task(following())
            with _control_c_after(partial(loop.call_soon_threadsafe, step.cancel)):
                message = loop.run_until_complete(step)
            if message is None:
                return
            yield message
    finally:  # it cancels a step that is in the midst of something, and then closes the generators
        with _control_c_after(lambda: None):
            running.close()


@contextlib.contextmanager
def _control_c_after(ask: Callable[[], object]) -> Iterator[None]:
    """Have Ctrl+C call *ask*, and be KeyboardInterrupt only after the block.

    Raised in the midst of asyncio's code, it would leave a loop that no longer runs to an end; and
    asyncio's own runner, which cancels too, has moments in which it does not yet.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    is_asked = False

    def keep(*_: object) -> None:
        nonlocal is_asked
        is_asked = True
        ask()

    signal.signal(signal.SIGINT, keep)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if is_asked:
            raise KeyboardInterrupt from None


def _write_request(file: Path, request: Mapping[str, object]) -> None:
    file.write_text(json.dumps(request), "utf-8")


def _spawn(folder: Path, threads: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads cost 10-27 s instead of 2-6 s
        "PYTHONHASHSEED": "0",  # the order of a set must not change a result
        # glibc gives large tensors back and takes them anew at every step: a third of the time.
        "MALLOC_MMAP_THRESHOLD_": "1000000000",
        "MALLOC_TRIM_THRESHOLD_": "4000000000",
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "studyapp.lab.worker", REQUEST],
        stdin=subprocess.PIPE,  # kept open: its end tells the worker that the app is gone
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )


def _threads() -> int:
    """Return how many threads the worker gets: half the cores, so that the app stays quick."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)) // 2)
    return max(1, (os.cpu_count() or 1) // 2)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _decoded(line: bytes | None) -> Message | None:
    try:
        return None if line is None else decode(line)
    except ValueError:
        return None


def _death(code: int, details: str) -> str:
    """Say how a process ended that said nothing itself; *code* is its return code."""
    if code == 0:
        return "ended without a result."
    if code == -signal.SIGKILL:
        return "was killed, perhaps because memory ran out."
    if code < 0:
        return f"crashed (signal {-code}: {signal.strsignal(-code)})."
    last = (details.strip().splitlines() or ["no reason given"])[-1]
    return f"stopped with exit code {code}: {last}"
