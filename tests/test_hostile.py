"""What is printable, and that nothing else is printed: the sanitiser's laws and the commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from unicodedata import normalize

import pytest
from hostile import (
    ATTACKS,
    DENSE,
    HARMLESS,
    Texts,
    poison,
    poison_lesson,
    seen,
    trouble,
    used,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from labpack import install
from studyapp import config
from studyapp.__main__ import main
from studyapp.commands import opening, study
from studyapp.errors import marked, printable
from studyapp.stream import Guarded
from tests_support import Clock

# Any character, the steering ones as often as the others, and attacks whole.
TEXT = st.lists(
    st.text(st.characters(), max_size=5)
    | st.characters(categories=["Cc", "Cf", "Cs", "Mn", "Zl", "Zp"])
    | st.sampled_from(ATTACKS + HARMLESS)
).map("".join)


@settings(max_examples=300)
@given(TEXT)
@example("".join(map(chr, range(0x110000))))
def test_nothing_that_steers_is_left_and_nothing_grows(text: str) -> None:
    clean = printable(text)
    assert not trouble(clean)
    assert printable(clean) == clean
    assert len(clean) <= len(text)
    assert len(marked(text)) == len(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_scripts_emoji_and_maths_need_stays(text: str) -> None:
    assert printable(text) == text
    assert printable(normalize("NFD", text)) == normalize("NFD", text)


@settings(max_examples=200)
@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Mn", "Me", "Zl", "Zp"])))
def test_letters_signs_and_spaces_stay(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x1b[31mb\x9bc\x07\r\x00\x7f\n\td", "a[31mbc\n\td"),
        ("\u202eevil\u2066x\u2069", "evilx"),
        ("one\u2028two\u2029three", "one two three"),
        ("half \ud800", "half \ufffd"),
        ("e" + "\u0301" * 99 + "f", "e" + "\u0301" * 8 + "f"),
        ("\U000e0041\U0001f3f4\U000e0041", "\U0001f3f4"),
        ("\ufeffa\ufff9b\ufffb", "ab"),
    ],
)
def test_what_becomes_of_each_kind(text: str, kept: str) -> None:
    assert printable(text) == kept


@pytest.fixture
def program(
    only_pack: Path, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Run the program as its entry point does, on a database that is full of attacks; returns all
    that it prints."""
    package = install(tmp_path, monkeypatch, "probe")
    path = used(tmp_path, clock)
    poison(path, Texts())
    poison_lesson(package / "probe.py", Texts())
    for module in (opening, study):
        monkeypatch.setattr(module, "now", clock)

    def run(*words: str, answers: str = "") -> str:
        printed = BytesIO()
        monkeypatch.setattr(sys, "argv", ["studyapp", "--db", str(path), *words])
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(answers.encode())))
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, TextIOWrapper(printed, encoding="utf-8"))
        with pytest.raises(SystemExit):
            main()
        sys.stdout.flush()
        sys.stderr.flush()
        return printed.getvalue().decode()

    return run


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("review --plain", "\n3\n\n1\nm\nq\n"),
        ("quiz 1 --plain", "words\n\na\n\nq\n"),
        ("due", ""),
        ("aside", ""),
        ("lab list", ""),
        ("lab show probe", ""),
    ],
)
def test_no_command_prints_what_steers(program, words: str, answers: str) -> None:
    told = program(*words.split(), answers=answers)
    assert seen(told)
    assert trouble(told) == set()


def test_no_report_prints_what_steers(program, tmp_path: Path) -> None:
    """Whatever the devices are called, and the folder where they meet."""
    meeting = tmp_path / Texts()()[:19]
    meeting.mkdir()
    config.save(config.settings_path(), "devices", str(meeting))
    told = {words: program(*words.split()) for words in ("devices", "stats", "doctor", "backup")}
    assert len(seen(told["devices"])) == 2  # the folder and this device
    assert {words: trouble(text) for words, text in told.items() if trouble(text)} == {}


@pytest.mark.parametrize("words", ["due", "aside"])
def test_a_program_gets_the_text_as_it_is_but_escaped(program, words: str) -> None:
    told = program(words, "--json")
    assert trouble(told) == set()
    assert json.dumps(DENSE)[1:-1] in told


def test_what_is_said_of_a_command_that_cannot_be(program, tmp_path: Path) -> None:
    path = tmp_path / DENSE.replace("/", "")
    path.write_text("## no notes")
    for words in ([DENSE], ["due", DENSE], ["check", str(path)], ["import", str(path)]):
        told = program(*words)
        assert "x]" in told
        assert trouble(told) == set()


def test_a_traceback_is_plain_and_says_what_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who colours what is written on a terminal is told that this is none."""

    class Terminal(BytesIO):
        def isatty(self) -> bool:
            return True

    stream = Guarded(TextIOWrapper(printed := Terminal(), encoding="utf-8"))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stderr", stream)
    try:
        raise RuntimeError(DENSE)
    except RuntimeError:
        Console(stderr=True).print_exception(show_locals=True)
    stream.flush()
    told = printed.getvalue().decode()
    assert "RuntimeError" in told
    assert trouble(told) == set()
    assert "[0m" not in told
