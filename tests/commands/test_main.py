"""The commands as a learner or a script runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import click
import pytest
from click.testing import CliRunner, Result

from studyapp import __main__ as program
from studyapp.commands.main import main
from studyapp.commands.opening import now
from studyapp.config import Current, Settings
from studyapp.lab import catalog
from studyapp.study import library
from studyapp.study.sitting import Sitting
from tests_support import question, questionnaire


def run(*words: str, lines: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=lines)


@pytest.fixture(autouse=True)
def database(tmp_path: Path, only_pack: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "learner.db"
    monkeypatch.setenv("STUDYAPP_DB", str(path))
    return path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("trial typing --stop --predict typed", "one at a time"),
        ("trial typing --stop --leave-out q00", "one at a time"),
        ("trial typing --predict typed --other-arm q00", "one at a time"),
        ("trial typing --yes", "--yes goes with --leave-out"),
        ("trial typing --sure 70", "give both"),
        ("due --short --json", "--short and --json do not go together"),
        ("quiz 1 --book --json", "--json alone asks none"),
        ("add - answer", "give no ANSWER"),
        ("exam 2027-01-31 --off", "--off goes with no DATE"),
        ("backup x.zip --list", "--list takes no FILE"),
        ("export x.apkg --chapter 1 --pack test", "do not go together"),
        ("import x --undo --dry-run", "goes with neither"),
        ("import x --yes", "go with --as-attempt"),
        ("check --run .  --fix", "no --fix"),
        ("reschedule --yes --dry-run", "--yes goes with no --dry-run"),
    ],
)
def test_no_option_is_passed_over_beside_another(words: str, told: str, database: Path) -> None:
    refused = run(*words.split())
    assert refused.exit_code in (1, 2)
    assert told in " ".join(refused.output.replace("│", " ").split())
    assert not database.exists()


@pytest.mark.parametrize("left", [KeyboardInterrupt, click.Abort])
@pytest.mark.parametrize("words", ["due", "stats", "sync", "fit", "export x.apkg", "lab list"])
def test_ctrl_c_ends_any_command_with_a_word(
    words: str, left: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(*_: object, **__: object) -> None:
        raise left

    for module, name in ((library, "open_desk"), (library, "open_study"), (catalog, "read")):
        monkeypatch.setattr(module, name, pressed)
    ended = run(*words.split())
    assert (ended.exit_code, ended.output) == (130, "Cancelled.\n")


def test_ctrl_c_ends_what_is_not_a_command_yet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pressed() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "_run", pressed)
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert (ended.value.code, capsys.readouterr().err) == (130, "Cancelled.\n")


def test_due_after_limits() -> None:
    rest = {"learning": 0, "review": 0}
    result = run("due", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output) == {
        "new": 10,
        "learning": 0,
        "review": 0,
        "waiting": 0,
        "siblings": 0,
        "absence": None,
        "exam": None,
        "backlog": None,
        "tomorrow": {"new": 10, "learning": 0, "review": 0},
        "chapters": [
            {
                "pack": "test",
                "chapter": 1,
                "title": "Chapter 1",
                "name": "1",
                "started": True,
                "paused": None,
                "new": 10,
                **rest,
            },
            {
                "pack": "test",
                "chapter": 2,
                "title": "Chapter 2",
                "name": "2",
                "started": False,
                "paused": None,
                "new": 0,
                **rest,
            },
        ],
    }
    assert "0 review, 0 learning, 10 new" in run("due").output


def test_a_plain_review_from_a_pipe() -> None:
    """Reveal and rate three cards, undo one, stop at the end of the input."""
    result = run("review", "--plain", lines="\n3\n\n1\n\n4\nu\n")
    assert result.exit_code == 0, result.output
    assert "What does Term 0 mean?" in result.output
    assert "Meaning number 0." in result.output
    assert "1 again 10 minutes · 2 hard 15 minutes · 3 good" in result.output
    assert "undone: easy" in result.output
    assert "2 cards in about 1 minute." in result.output
    stats = json.loads(run("stats", "--json").output)
    assert stats["reviews"] == 2
    told = run("stats").output
    assert "\n1 study day in a row; 0 cards that keep slipping\n" in told
    assert "\nStudied on 1 day of the last 365: 2 reviews.\n" in told
    assert sum(stats["year"]["cards"]["intervals"]["counts"]) == 2
    assert stats["cards"]["learning"] == 1
    assert set(stats["true_retention"]) == {"value", "low", "high", "n"}


def test_plain_review_explains_wrong_keys_and_quits() -> None:
    result = run("review", "--plain", lines="3\n\nx\n5\n2\nq\n")
    assert 'Press enter to see the answer first. As an answer it is "3".' in result.output
    assert result.output.count("Rate with 1 again") == 2
    assert "hard: again in 15 m" in result.output
    assert json.loads(run("stats", "--json").output)["reviews"] == 1


def test_plain_review_of_nothing_says_so() -> None:
    run("review", "--plain", "--chapter", "1", lines="\n3\n" * 10)
    result = run("review", "--plain", lines="")
    assert result.exit_code == 0
    assert "Nothing is due now." in result.output or "Still due" in result.output


def test_points_are_lettered_in_plain_mode(content: Path) -> None:
    result = run("review", "--plain", lines="\n3\n" * 3 + "\n")
    assert "  a first of q00" in result.output
    assert "  b extra: second of q00" in result.output


def test_the_books_own_questionnaire_and_its_deeper_cards_from_a_pipe(content: Path) -> None:
    path = content / "1" / "questionnaire.md"
    head, mark, rest = path.read_text().partition("{#q07}")
    path.write_text(head + mark + rest.replace("1.1", "1.1, depth: more, book: 1", 1))
    assert json.loads(run("stats", "--json").output)["cards"]["new"] == 21
    told = run("stats").output
    assert (
        "; 21 cards to know (core): 21 new, 0 learning, 0 review; 1 more comes if you ask" in told
    )
    told = run("quiz", "1", "--book", "--plain", lines="\n\na\nm\n").output
    assert "What is q07?" in told
    assert "question 1 of the book's 1]" in told
    assert "a: its card, which comes only if you ask for it" in told
    assert "Asked for: 1 new card, within the day's limits." in told
    assert json.loads(run("stats", "--json").output)["cards"] == {
        "new": 21, "learning": 1, "review": 0
    }  # fmt: skip
    refused = run("quiz", "2", "--book", "--plain")
    assert refused.exit_code == 1
    assert "Chapter 2 marks no question as the book's own." in refused.output


def test_a_plain_questionnaire_from_a_pipe() -> None:
    """Write two answers, accept what the ticks propose, skip one, undo, and go on later."""
    told = run("quiz", "1", "--plain", lines="My words.\nTwo lines.\n\na\n\nNo idea.\n\n\nm\n")
    assert told.exit_code == 0, told.output
    assert "question 1 of all 12" in told.output
    assert "m missed · p partly · g got it; enter: got it" in told.output
    assert "2 of all 12 answered: 1 got it, 1 missed." in told.output
    assert "It goes on where you left it." in told.output
    again = run("quiz", "1", "--plain", lines="s\nu\nq\n").output
    assert "question 3 of all 12" in again
    assert "question 4 of all 12" in again
    assert "undone" in again
    assert "2 of all 12 answered: 1 got it, 1 not judged." in again
    assert "You wrote:\nNo idea." in again
    summary = json.loads(run("quiz", "1", "--json").output)
    assert (summary["chapter"], summary["questions"]) == (1, 12)
    assert summary["attempts"][0]["grades"] == {"missed": 0, "partly": 0, "got it": 1, "done": 0}
    assert summary["mastery"]["introduced"] == 1
    assert json.loads(run("stats", "--json").output)["reviews"] == 1


def test_a_plain_questionnaire_says_what_it_begins() -> None:
    assert "A new attempt begins: all 12 questions." in run("quiz", "1", "--plain").output
    told = run("quiz", "2", "--plain", lines="\na\np\nq\n").output
    assert "A new pretest begins: all 4 questions. The chapter is not started." in told
    assert "A new card that you miss in it stays new." in told
    assert "1 of all 4 answered: 1 partly." in told
    again = run("quiz", "2", "--plain").output
    assert "The pretest of " in again
    assert " goes on: 1 of all 4 answered." in again
    grades = json.loads(run("quiz", "2", "--json").output)["attempts"][0]["grades"]
    assert grades == {"missed": 0, "partly": 1, "got it": 0, "done": 0}


def test_plain_mode_keeps_each_line_as_it_comes() -> None:
    run("quiz", "1", "--plain", lines='"q"\n"No end"')  # of which only one would be a command
    again = run("quiz", "1", "--plain", lines="\n").output
    assert 'You wrote:\nq\n"No end"' in again
    told = run("quiz", "1", "--plain", lines="After the reference.\n\nm\n").output
    assert "Enter shows the reference again." in told
    assert "1 missed" in told
    long = run("quiz", "1", "--plain", lines=f"Short.\n{'x' * 100_001}\n\n\nq\n")
    assert long.exit_code == 0
    assert "An answer can have 100,000 characters" in long.output


def test_ticks_in_plain_mode_are_letters_and_nothing_else() -> None:
    told = run("quiz", "1", "--plain", lines="\nall\nnone\nm\n\na, b\n\nq\n").output
    assert told.count("Letters from a to b, like ab, or enter for none") == 1
    assert "1 got it, 1 missed" in told


def test_something_to_do_is_done_only_when_the_learner_says_so(content: Path) -> None:
    note = "## Run the cell {#run}\n\nOpen it and run it.\n\n<!-- card: do, number: 1 -->"
    (content / "1" / "do.md").write_text(questionnaire(note))
    run("sync")
    told = run("quiz", "1", "--plain", lines="\n\nq\n").output
    assert "Open it and run it." in told
    assert "d done; enter: not yet" in told
    assert "question 2 of all 13" in told
    assert "1 done" in run("quiz", "1", "--plain", lines="s\n" * 12 + "\nd\nq\n").output


def test_a_plain_questionnaire_to_its_end() -> None:
    told = run("quiz", "2", "--plain", lines="\n\ng\n" * 4)
    assert "4 of all 4 answered: 4 got it." in told.output
    assert "goes on" not in told.output


def test_a_grade_needs_the_learner(content: Path) -> None:
    told = run("quiz", "1", "--plain", lines="Words.\n\n\n\nx\nq\n").output
    assert told.count("Judge with m missed, p partly or g got it") == 2
    assert json.loads(run("stats", "--json").output)["reviews"] == 0


def test_a_questionnaire_of_no_chapter_is_one_sentence() -> None:
    for words in (("quiz", "9", "--plain"), ("quiz", "9", "--json")):
        result = run(*words, lines="")
        assert result.exit_code == 1
        assert result.output == "Error: There is no chapter 9; the nearest is 2, Chapter 2.\n"


def test_an_unknown_chapter_is_one_sentence() -> None:
    result = run("review", "--plain", "--chapter", "7", lines="")
    assert result.exit_code == 1
    assert result.output.strip() == "Error: There is no chapter 7; the nearest is 2, Chapter 2."


def test_sync_reports_what_changed(content: Path) -> None:
    assert "19 added" in run("sync").output
    path = content / "1" / "more.md"
    path.write_text(questionnaire(question("later")))
    report = json.loads(run("sync", "--json").output)
    assert (report["added"], report["unchanged"], report["problems"]) == (1, 19, [])


def test_aside_lists_what_is_out_of_the_way(database: Path) -> None:
    assert run("aside").output.startswith("No card is suspended")
    assert run("aside", "--json").output == "[]\n"
    told = run("review", "--plain", lines="m\nq\n").output
    assert "marked to mend later\n" in told
    assert "1 card to mend: studyapp aside lists it." in told
    desk, _ = library.open_study(str(database), Current(Settings()), now, None)
    Sitting(desk).suspend()
    desk.close()
    (one,) = json.loads(run("aside", "--json").output)
    assert (one["why"], one["chapter"]) == (["to mend", "suspended"], 1)
    assert f"{one['path']}:{one['line']}: to mend, suspended: Term 0" in run("aside").output


def test_check_lists_every_problem_and_exits_with_1(content: Path) -> None:
    assert run("check", str(content)).exit_code == 0
    (content / "1" / "a.md").write_text("no front matter\n")
    (content / "1" / "b.md").write_text(questionnaire(question("q00")))
    (content / "1" / "c.md").write_bytes(b"---\nkind: \xff\n---\n")
    (content / "1" / "d.md").write_text(questionnaire("## Why? {#why}\n\n```python\nx = 1\n"))
    result = run("check", str(content), "--json")
    assert result.exit_code == 1
    report = json.loads(result.output)
    names = {Path(problem["path"]).name for problem in report["problems"]}
    assert names == {"a.md", "questionnaire.md", "c.md", "d.md"}  # b.md has the id first
    assert all(problem["line"] >= 1 and problem["message"] for problem in report["problems"])
    assert {row["chapter"]: row["questions"] for row in report["chapters"]}[2] == 4
    plain = run("check", str(content))
    assert f"{content / '1' / 'a.md'}:1: " in plain.output


@pytest.mark.parametrize("home", ["packs/mine", "packs-of/anna/mine"])
def test_ones_own_questions_need_no_points(tmp_path: Path, home: str) -> None:
    note = questionnaire("## Why? {#why}\n\nBecause.\n")
    for folder in (tmp_path / "data/studyapp" / home, tmp_path / "pack"):
        folder.mkdir(parents=True)
        (folder / "q.md").write_text(note)
    assert run("check", str(tmp_path / "data/studyapp" / home)).exit_code == 0
    told = run("check", str(tmp_path / "pack"))
    assert (told.exit_code, told.output.count("has no points")) == (1, 1)


def test_check_fix_writes_missing_ids(content: Path) -> None:
    path = content / "1" / "new.md"
    path.write_text(
        questionnaire("## Why so?\n\nBecause.\n\n- [ ] because\n\n<!-- section: 1.1 -->")
    )
    assert run("check", str(content)).exit_code == 1
    assert run("check", str(content), "--fix").exit_code == 0
    assert "{#why-so}" in path.read_text()


def test_check_fix_writes_ids_of_ones_own_that_no_other_device_makes(content: Path) -> None:
    path = library.own_packs() / "mine" / "new.md"
    path.parent.mkdir(parents=True)
    path.write_text(questionnaire("## Why so?\n\nBecause.\n\n- [ ] ==because=="))
    assert run("check", str(path.parent), "--fix").exit_code == 0
    assert re.search(r"Why so\? \{#why-so-[0-9a-z]{5}\}", path.read_text())


def test_ones_own_files_are_kept_before_ids_are_written(database: Path) -> None:
    """Once: where no id is missing, nothing is written."""
    run("due")
    path = library.own_packs() / "mine" / "new.md"
    path.parent.mkdir(parents=True)
    path.write_text(questionnaire("## Why so?\n\nBecause.\n\n- [ ] because"))
    for _ in range(2):
        assert run("check", str(path.parent), "--fix").exit_code == 0
    (kept,) = (database.parent / "backups").glob("*-change.zip")
    with ZipFile(kept) as archive:
        assert b"## Why so?\n" in archive.read("packs/mine/new.md")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("desired_retention = 2", "desired_retention = 2 is not allowed: give a number from 0.7"),
        ("desired_retension = .9", "not valid TOML"),
        ("desired_retension = 0.9", "no setting 'desired_retension'; did you mean desired_ret"),
        ('learning_steps = ["10"]', "learning_steps = ['10'] is not allowed: give a list of times"),
        ("new_a_day = true", "new_a_day = True is not allowed: give a whole number from 0 to 999"),
        ('light_days = ["sun"]', "light_days = ['sun'] is not allowed: give mon, tue"),
        ('light_days = { sun = ["none"] }', "is not allowed: give reduced or minimum, in quotes"),
        ('rest_days = ["sunday"]', "rest_days = ['sunday'] is not allowed: give a list of mon"),
        ("minutes_a_day = 0", "minutes_a_day = 0 is not allowed: give a whole number from 1"),
    ],
)
def test_a_wrong_setting_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "config" / "studyapp" / "settings.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    result = run("due")
    assert result.exit_code == 1
    assert sentence in result.output
    assert result.output.count("\n") == 1


def test_settings_change_the_schedule(tmp_path: Path) -> None:
    path = tmp_path / "config" / "studyapp" / "settings.toml"
    path.parent.mkdir(parents=True)
    path.write_text('new_a_day = 3\nlearning_steps = ["30m"]\n')
    assert json.loads(run("due", "--json").output)["new"] == 3
    assert "1 again 30 minutes" in run("review", "--plain", lines="\n").output


@pytest.mark.parametrize("where", ["folder", "garbage"])
def test_a_database_that_will_not_open_is_one_sentence(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "x"
    if where == "folder":
        target.mkdir()
    else:
        target.write_bytes(b"garbage " * 1000)
    monkeypatch.setenv("STUDYAPP_DB", str(target))
    result = run("due")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1


def test_the_command_line_is_a_real_program(tmp_path: Path) -> None:
    """With the real content, in an empty folder, in a process of its own."""
    environment = {**os.environ, "STUDYAPP_DB": str(tmp_path / "real.db")}
    done = subprocess.run(
        [sys.executable, "-m", "studyapp", "due", "--json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    counts = json.loads(done.stdout)
    assert counts["new"] == 10
    assert counts["chapters"][0]["title"] == "Your deep learning journey"


def test_the_app_asks_for_a_terminal(tmp_path: Path) -> None:
    """It would wait for keys for ever, and use a core for that."""
    done = subprocess.run(
        [sys.executable, "-m", "studyapp", "quiz", "1"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "Error: The app needs a terminal; --plain asks as lines, "
        "and studyapp due says what is due.\n"
    )


# learners


def test_an_unknown_learner_is_made_only_with_new(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("--learner", "Anna", "due")
    assert refused.exit_code == 1
    assert refused.output == (
        "Error: There is no learner 'Anna'; known so far: me. --new makes a new one.\n"
    )
    made = run("--learner", "Anna", "--new", "review", "--plain", lines="\n3\n")
    assert made.exit_code == 0, made.output
    assert json.loads(run("--learner", "anna", "stats", "--json").output)["reviews"] == 1
    assert json.loads(run("stats", "--json").output)["reviews"] == 0
    assert json.loads(run("--learner", "me", "stats", "--json").output)["reviews"] == 0
    monkeypatch.setenv("STUDYAPP_LEARNER", "Anna")
    assert json.loads(run("stats", "--json").output)["reviews"] == 1
    assert json.loads(run("--learner", "me", "stats", "--json").output)["reviews"] == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--new", "due"], "--new makes a learner; give a name with --learner."),
        (["--learner", "ME", "--new", "due"], "There is a learner 'ME' already; leave out --new."),
        (["--learner", "", "due"], "'' is not a learner's name; give 1 to 40 printable characters"),
        (["--learner", "a\x07", "sync"], r"'a\x07' is not a learner's name"),
    ],
)
def test_a_wrong_learner_is_one_sentence(words: list[str], sentence: str) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {sentence}")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        ["review", "--plain"],
        ["quiz", "1", "--json"],
        ["due"],
        ["sync"],
        ["stats"],
        ["export", "post.md", "--chapter", "1"],
        ["lab", "run", "overfit"],
    ],
)
def test_every_command_that_opens_the_study_asks_whose_it_is(command: list[str]) -> None:
    assert "There is no learner 'Bob'" in run("--learner", "Bob", *command).output


def test_a_terminal_that_lacks_signs_gets_others(only_pack: Path, database: Path) -> None:
    path = only_pack / "1" / "jargon.md"
    path.write_text(path.read_text().replace("Term 0", "∇ 𝛼"))
    done = subprocess.run(
        [sys.executable, "-P", "-c", ONE_PACK, str(only_pack), "review", "--plain"],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        input=b"\xff\x81\n9\n",
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode("cp1252")
    assert b"What does ? ? mean?" in done.stdout


ONE_PACK = """
import sys
from pathlib import Path
from studyapp.study import library
root = Path(sys.argv.pop(1))
library.installed_roots = lambda: [root]
from studyapp.__main__ import main
main()
"""
