"""The rules of `check`: each broken once, with its line and message."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studyapp.errors import StudyError
from studyapp.notes.check import ChapterCount, Findings, as_json, check
from tests_support import questionnaire, work

TODAY = date(2026, 11, 21)
FIRST = 8  # the line on which a body begins


def write_page(root: Path, name: str, kind: str, body: str, chapter: int = 1) -> Path:
    path = root / name
    path.write_text(
        f"---\npack: p\npart: 1. Part\nchapter: {chapter}\ntitle: Chapter {chapter}\n"
        f"kind: {kind}\n---\n{body}"
    )
    return path


def found(root: Path, today: date = TODAY) -> list[tuple[str, int, str]]:
    problems = check([root], today).problems
    return [(problem.path.name, problem.line, problem.message) for problem in problems]


def test_a_folder_in_order(tmp_path: Path) -> None:
    write_page(
        tmp_path, "q.md", "questionnaire",
        "## Why? {#why}\n\nSo.\n\n- [ ] so\n\n<!-- section: 1.1, family: why, as-of: 2024 -->\n"
        "## Do it {#do}\n<!-- card: do -->\n"
        "## Which? {#which}\n- [ ] a {#a}\n- [ ] b {#b}\n<!-- card: items -->\n"
        "## What? {#what}\n==a=={#c}\n<!-- card: cloze -->\n"
        "## In which order? {#order}\n1. a\n2. b\n<!-- card: order -->\n",
    )  # fmt: skip
    write_page(tmp_path, "r.md", "reading", "## 1.1 One\n## 1.2 Two\n")
    write_page(tmp_path, "t.md", "jargon", "## Epoch {#epoch}\nOne pass.\n")
    write_page(
        tmp_path,
        "t10.md",
        "jargon",
        "## Epochs {#epochs}\nPasses.\n<!-- depth: more, reverse: no -->\n",
        chapter=10,
    )
    write_page(tmp_path, "r2.md", "reading", "## 2.1 One\n", chapter=2)
    report = check([tmp_path], TODAY)
    assert report == Findings(
        problems=(),
        notes=7,
        cards=1 + 0 + 2 + 1 + 1 + 2 + 1,
        chapters=(
            ChapterCount("p", 1, "Chapter 1", 5, 1, {"core": 7, "more": 0, "history": 0}),
            ChapterCount("p", 2, "Chapter 2", 0, 0, {"core": 0, "more": 0, "history": 0}),
            ChapterCount("p", 10, "Chapter 10", 0, 1, {"core": 0, "more": 1, "history": 0}),
        ),
    )


def test_json(tmp_path: Path) -> None:
    path = write_page(tmp_path, "t.md", "jargon", "## Epoch {#epoch}\n")
    assert as_json(check([tmp_path], TODAY)) == {
        "problems": [{"path": str(path), "line": FIRST, "message": "the term has no meaning"}],
        "notes": 1,
        "cards": 2,
        "chapters": [
            {
                "pack": "p",
                "chapter": 1,
                "title": "Chapter 1",
                "questions": 0,
                "terms": 1,
                "cards": {"core": 2, "more": 0, "history": 0},
            }
        ],
    }


def test_a_chapter_has_at_most_120_core_cards(tmp_path: Path) -> None:
    terms = [f"## Term {n} {{#t{n}}}\n\nMeaning {n}.\n" for n in range(60)]
    path = write_page(tmp_path, "t.md", "jargon", "\n".join(terms))
    assert found(tmp_path) == []
    path.write_text(path.read_text() + "\n## One more {#one}\n\nThat.\n")
    message = "chapter 1 has 122 core cards, over 120; say which go deeper: depth"
    assert found(tmp_path) == [("t.md", 1, message)]
    path.write_text(path.read_text() + "\n<!-- depth: more -->\n")
    assert found(tmp_path) == []


def test_points_alone_are_an_answer_of_ones_own(tmp_path: Path) -> None:
    write_page(tmp_path, "q.md", "questionnaire", "## Q? {#q}\n- [ ] the gradient\n")
    assert check([tmp_path], TODAY, own=[tmp_path]).problems == ()
    assert [message for *_, message in found(tmp_path)] == [
        "the answer says nothing of its core point: the gradient",
        "the question has no answer",
    ]
    deck = "---\npack: p\ndeck: D\nkind: questionnaire\n---\n## Q? {#q}\n"
    (tmp_path / "q.md").write_text(f"{deck}- [ ] the gradient\n")
    assert found(tmp_path) == []
    (tmp_path / "q.md").write_text(deck)
    assert [message for *_, message in found(tmp_path)] == ["the question has no answer"]


POINT = "- [ ] a\n"


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        (f"## Q? {{#q}}\n{POINT}", 0, "the question has no answer"),
        ("## Q? {#q}\nA.\n", 0, "the answer has no points (- [ ] …) that a good answer must make"),
        ("## Q? {#q}\nA.\n- [ ] extra: a\n", 0, "the answer has no points (- [ ] …) that a good"),
        (f"\n## Q? {{#q}}\nA.\n{POINT}<!-- section: 2.1 -->", 1, "section: 2.1 is not one of"),
        (
            f"## Q? {{#q}}\nA.\n{POINT}<!-- section: 1.9 -->", 0,
            "section: 1.9 is not in the chapter's table of contents",
        ),
        (f"## Q? {{#q}}\nA.\n{POINT}<!-- as-of: 2023 -->", 0, "as-of: 2023 is more than 24 months"),
        (f"## Q? {{#q}}\nA.\n{POINT}<!-- as-of: 2027 -->", 0, "as-of: 2027 is yet to come"),
        (
            f"## Q? {{#q}}\n{'word ' * 121}\n{POINT}", 0,
            "the answer has 121 words, over 120; shorten it or say why: long",
        ),
        (
            f"## What  *is* it? {{#q}}\nA.\n{POINT}\n## what is `it` {{#r}}\nA.\n{POINT}", 4,
            "the same question is already at {path}:8",
        ),
        ("## Q?", 0, "the question has no {#id}"),
        (
            "## Q? {#q}\nIt stores the examples.\n\n- [ ] it stores the examples\n- [ ] a GPU\n", 0,
            "the answer says nothing of its core point: a GPU",
        ),
        (f"## Q? {{#q}}\nThe AI Act says so.\n{POINT}", 0, "a law (AI Act) will date"),
        (f"## Q? {{#q}}\nWith PyTorch 2.11.\n{POINT}", 0, "a version (PyTorch 2.11) will date"),
        (f"## Q? {{#q}}\nAn hour costs $3.\n{POINT}", 0, "a price ($3) will date"),
        (f"## Q? {{#q}}\nAn hour costs 3 euros.\n{POINT}", 0, "a price (3 euros) will date"),
    ],
)  # fmt: skip
def test_rules_for_questions(tmp_path: Path, body: str, line: int, message: str) -> None:
    write_page(tmp_path, "r.md", "reading", "## 1.1 One\n")
    path = write_page(tmp_path, "q.md", "questionnaire", body)
    ((name, where, what),) = found(tmp_path)
    assert (name, where) == ("q.md", FIRST + line)
    assert what.startswith(message.replace("{path}", str(path)))


@pytest.mark.parametrize(
    "body",
    [
        f"## Q? {{#q}}\n{'word ' * 121}\n{POINT}<!-- long: five parts -->",
        f"## Q? {{#q}}\n{'word ' * 120}+ = – .\n```\n{'code ' * 50}\n```\n{POINT}",
        f"## Q? {{#q}}\nA.\n{POINT}## R? {{#r}}\nA.\n{POINT}",
        "## Q? {#q}\nIt stored 23,581 examples.\n\n- [ ] storing\n- [ ] 23581 of them\n",
        "## Q? {#q}\nIt prints:\n\n```text\n0.5\n```\n\n- [ ] 0.5\n- [ ] extra: a GPU\n",
        f"## Q? {{#q}}\nThe AI Act. PyTorch 2.11. $3.\n{POINT}<!-- as-of: 2026 -->",
        f"## Q? {{#q}}\nThe slope of $3x^2$ is $6x$.\n{POINT}",
    ],
)
def test_what_a_question_may_be(tmp_path: Path, body: str) -> None:
    write_page(tmp_path, "q.md", "questionnaire", body)
    assert found(tmp_path) == []


def test_without_reading_pages_any_section_of_the_chapter_will_do(tmp_path: Path) -> None:
    body = f"## Q? {{#q}}\nA.\n{POINT}<!-- section: 1.9 -->"
    write_page(tmp_path, "q.md", "questionnaire", body)
    write_page(tmp_path, "r.md", "reading", "## 2.1 One\n", chapter=2)
    assert found(tmp_path) == []


@pytest.mark.parametrize(("today", "count"), [(date(2026, 12, 31), 0), (date(2027, 1, 1), 1)])
def test_a_dated_answer_lasts_two_full_years(tmp_path: Path, today: date, count: int) -> None:
    body = f"## Q? {{#q}}\nA.\n{POINT}<!-- as-of: 2024 -->"
    write_page(tmp_path, "q.md", "questionnaire", body)
    assert len(found(tmp_path, today)) == count


@pytest.mark.parametrize(
    ("term", "meaning", "gives_away"),
    [
        ("Epoch", "An epoch is one pass.", True),
        ("Epoch", "EPOCHS are passes.", False),
        ("Test set", "The final\ntest set is this.", True),
        ("Test set", "A set to test on.", False),
        ("fit", "What `model.fit` does.", True),
        ("`valid_pct`", "The share valid_pct takes.", True),
        ("Loss (of a model)", "The loss is minimised.", True),
        ("Overfitting", "See [here](fact:overfitting.gap).", False),
        ("Overfitting", "See [overfitting](fact:x.gap).", True),
        ("C++", "Faster than C, slower than C++.", True),
        ("C++", "Faster than C.", False),
        ("*", "Any (thing)", False),
    ],
)
def test_a_meaning_never_contains_its_term(
    tmp_path: Path, term: str, meaning: str, gives_away: bool
) -> None:
    write_page(tmp_path, "t.md", "jargon", f"## {term} {{#t}}\n\n{meaning}\n")
    message = f"the meaning contains its own term, {term}"
    assert found(tmp_path) == ([("t.md", FIRST, message)] if gives_away else [])


def test_a_meaning_does_not_print_what_is_accepted_as_its_term(tmp_path: Path) -> None:
    term = "## Tensor rank {#rank}\nThe number of axes, or ndim.\n<!-- synonyms: ndim; order"
    write_page(tmp_path, "t.md", "jargon", f"{term} -->\n")
    message = "the meaning prints ndim, which is accepted as its term"
    assert found(tmp_path) == [("t.md", FIRST, message)]
    write_page(tmp_path, "t.md", "jargon", f"{term}, reverse: no -->\n")
    assert found(tmp_path) == []


def test_an_empty_cell(tmp_path: Path) -> None:
    table = "| Term | Meaning | Id | Family |\n|-|-|-|-|\n| a | | a | |\n| | b | b | f |\n"
    write_page(tmp_path, "t.md", "jargon", table)
    assert found(tmp_path) == [
        ("t.md", FIRST + 2, "the term has no meaning"),
        ("t.md", FIRST + 3, "the row has no term"),
    ]


def test_the_same_term_in_two_files(tmp_path: Path) -> None:
    first = write_page(tmp_path, "1.md", "jargon", "## Epoch {#a}\nOne pass.\n", chapter=2)
    write_page(tmp_path, "2.md", "jargon", "## epoch {#b}\nA sweep.\n", chapter=10)
    assert found(tmp_path) == [("2.md", FIRST, f"the same term is already at {first}:8")]


def test_another_pack_may_ask_the_same(tmp_path: Path) -> None:
    write_page(tmp_path, "1.md", "jargon", "## Epoch {#a}\nOne pass.\n")
    other = write_page(tmp_path, "2.md", "jargon", "## Epoch {#a}\nOne pass.\n")
    other.write_text(other.read_text().replace("pack: p", "pack: q"))
    assert found(tmp_path) == []


def test_sections_of_a_chapter(tmp_path: Path) -> None:
    write_page(tmp_path, "r.md", "reading", "## 1.1 A\n## 1.1 B\n## 2.1 C\n")
    assert found(tmp_path) == [
        ("r.md", FIRST + 1, "the section 1.1 is there twice"),
        ("r.md", FIRST + 2, "the section 2.1 is not one of chapter 1"),
    ]


def test_a_moment_names_a_section_of_any_chapter_of_the_pack(tmp_path: Path) -> None:
    moments = "## 0:10 A\n<!-- section: 2.1 -->\n## 0:20 B\n<!-- section: 2.2 -->\n## 0:30 C\n"
    write_page(tmp_path, "l.md", "reading\nlecture: 2", moments)
    assert found(tmp_path) == []  # nothing to hold it against
    write_page(tmp_path, "r.md", "reading", "## 2.1 One\n", chapter=2)
    assert found(tmp_path) == [
        ("l.md", FIRST + 3, "section: 2.2 is in no table of contents of the pack")
    ]


def test_problems_come_by_path_and_line(tmp_path: Path) -> None:
    for name in ("10.md", "9.md"):
        body = f"## A {name} {{#a{name[:-3]}}}\n\n## B\n"
        write_page(tmp_path, name, "jargon", body)
    assert [(name, line) for name, line, _ in found(tmp_path)] == [
        ("9.md", FIRST),
        ("9.md", FIRST + 2),
        ("10.md", FIRST),
        ("10.md", FIRST + 2),
    ]


def test_no_folder_and_no_content(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Hello\n")
    with pytest.raises(StudyError, match=r"^There is no content file \(\*\.md\) in .*\.$"):
        check([tmp_path], TODAY)
    with pytest.raises(StudyError, match=r"^There is no folder .*nowhere\.$"):
        check([tmp_path / "nowhere"], TODAY)


WORDS = st.lists(st.sampled_from(["loss", "x", "Test", "set", "fit."]), max_size=5).map(" ".join)


@settings(deadline=None, max_examples=50)
@given(term=st.sampled_from(["loss", "test set", "x"]), before=WORDS, after=WORDS)
def test_a_term_within_any_words_is_found(
    tmp_path_factory: pytest.TempPathFactory, term: str, before: str, after: str
) -> None:
    root = tmp_path_factory.mktemp("terms")
    write_page(root, "t.md", "jargon", f"## {term} {{#t}}\n\nSo {before} {term.upper()} {after}\n")
    assert [message for _, _, message in found(root)] == [
        f"the meaning contains its own term, {term}"
    ]


LINKS = "See [it](fact:overfit.error_gap?n=64), [that](fact:overfit.no_such), [run](lesson:gone)."
CUT = "[b](fact:overfit)\n[a](fact:overfit/gap)\n[c](fact:overfit.gap/x?n=1)"


def test_a_link_that_leads_nowhere_is_told_whole(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(questionnaire(f"## Why so? {{#why-so}}\n\n{CUT}\n\n- [ ] b\n"))
    found = check([tmp_path], TODAY, facts={"overfit": {"gap"}}).problems
    assert [problem.message for problem in found] == [
        "the link names no fact: fact:overfit.NAME (fact:overfit)",
        "there is no experiment overfit/gap (fact:overfit/gap)",
        "overfit has no fact gap/x (fact:overfit.gap/x)",
    ]


def test_links_to_facts_and_experiments_must_exist(tmp_path: Path) -> None:
    body = f"## Why so? {{#why-so}}\n\n{LINKS} `[x](lesson:code)`\n\n- [ ] so\n"
    fenced = "\n```\n[x](lesson:fenced)\n```\n"
    (tmp_path / "a.md").write_text(questionnaire(body + fenced))
    moment = "## 0:10 A\n\n[x](lesson:lost)\n"
    write_page(tmp_path, "l.md", "reading\nlecture: 2", moment)
    facts = {"overfit": {"error_gap"}, "code": set()}
    found = check([tmp_path], TODAY, facts=facts).problems
    assert [problem.message for problem in found] == [
        "overfit has no fact no_such (fact:overfit.no_such)",
        "there is no experiment gone (lesson:gone)",
        "there is no experiment lost (lesson:lost)",
    ]
    assert check([tmp_path], TODAY).problems == ()


def test_nearly_the_same_question_is_told_unless_a_family_keeps_it_apart(tmp_path: Path) -> None:
    first = "## What does the loss function measure here? {#one}\n\nA.\n\n- [ ] a\n"
    second = "## What does a loss function measure here? {#two}\n\nB.\n\n- [ ] b\n"
    (tmp_path / "a.md").write_text(questionnaire(first, second))
    (problem,) = check([tmp_path], TODAY).problems
    assert "nearly the question at a.md:" in problem.message
    family = "\n<!-- family: loss -->\n"
    (tmp_path / "a.md").write_text(questionnaire(first + family, second + family))
    assert check([tmp_path], TODAY).problems == ()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.lists(st.sampled_from("abcdefghi"), min_size=4, max_size=9), max_size=9))
def test_every_question_that_is_nearly_another_is_told_once(
    tmp_path: Path, asked: list[list[str]]
) -> None:
    words = [frozenset(f"w{letter}" for letter in letters) for letters in asked]
    notes = [
        f"## {' '.join(sorted(said))} {{#q{number}}}\n\nA.\n\n- [ ] a\n"
        for number, said in enumerate(words)
    ]
    (tmp_path / "a.md").write_text(questionnaire(*notes, "## Last? {#last}\n\nA.\n\n- [ ] a"))
    told = [it for it in check([tmp_path], TODAY).problems if "nearly" in it.message]
    alike = [
        number
        for number, said in enumerate(words)
        if any(
            len(said & other) >= 0.8 * len(said | other) and said != other
            for other in words[:number]
        )
    ]
    assert len(told) == len(alike)


def test_twice_as_many_questions_are_twice_the_work(tmp_path: Path) -> None:
    """Even if they differ in a number alone."""

    def checked(many: int) -> int:
        asked = "## What does loss {0} of the weather model measure? {{#q{0}}}\n\nA.\n\n- [ ] a\n"
        (tmp_path / "a.md").write_text(questionnaire(*map(asked.format, range(many))))
        return work(lambda: check([tmp_path], TODAY))

    checked(10)  # imports
    assert checked(400) < 2.3 * checked(200)


def test_eight_words_in_a_row_may_not_be_shared(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "notes.txt").write_text("One two, three four! Five\nsix seven eight nine ten.")
    ours = tmp_path / "ours"
    ours.mkdir()
    body = "Zero one TWO three four five six seven eight. Nine.\n\n- [ ] a\n"
    text = f"## Why so? {{#why-so}}\n\n{body}"
    (ours / "a.md").write_text(questionnaire(text))
    (problem,) = check([ours], TODAY, against=theirs).problems
    assert problem.message == (
        "shares eight words with notes.txt: one two three four five six seven eight"
    )
    (ours / "a.md").write_text(questionnaire(text.replace("six", "6")))
    assert check([ours], TODAY, against=theirs).problems == ()
    with pytest.raises(StudyError, match="no folder"):
        check([ours], TODAY, against=tmp_path / "nowhere")


def test_questions_may_begin_alike_and_go_on_otherwise(tmp_path: Path) -> None:
    body = (
        "## What is printed? {{#{0}}}\n\n```\n{1}\n```\n\n<!-- answer -->\n\nOne.\n\n- [ ] one\n\n"
    )
    cites = "## Why? {#c}\n\n[So](fact:overfit.gap)\n\n<!-- answer -->\n\nOne.\n\n- [ ] one\n"
    different = body.format("a", "first second third") + body.format("b", "fourth fifth sixth")
    write_page(tmp_path, "a.md", "questionnaire", different + cites)
    write_page(tmp_path, "b.md", "questionnaire", body.format("d", "first second third"))
    assert [message.split(" at ")[0] for _, _, message in found(tmp_path)] == [
        "the question cites an experiment, whose figure belongs to the answer",
        "the same question is already",
    ]


NOTES = "".join(
    f"## {name}? {{#{name}}}\n\nSo {name}.\n\n- [ ] {name}\n\n{comment}\n\n"
    for name, comment in {
        "one": "", "two": "", "three": "<!-- family: f -->", "four": "",
        "five": "<!-- family: f -->",
        "deep": "<!-- depth: more -->", "cards": "<!-- card: both -->",
    }.items()
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[x](note:none)", "the prompt note:none names no note of the pack"),
        ("[x](note:epoch)", "the prompt note:epoch is no question with one card"),
        ("[x](note:cards)", "the prompt note:cards is no question with one card"),
        ("[x](note:deep)", "the prompt note:deep is no core question, but more"),
        (
            "[x](note:one)\n\nA word.\n\n[x](note:one)",
            "the prompt note:one is already in section 1.1",
        ),
        (
            "\n\n".join(f"[x](note:{name})" for name in ("one", "two", "three", "four")),
            "4 prompts, over 3; keep the hard ones",
        ),
        (
            "[x](note:three)\n\n[x](note:five)",
            "the prompt note:five is of the family f, as one before it is",
        ),
        (
            "See [x](note:one).",
            "a link to a note (note:) stands alone, between empty lines",
        ),
    ],
)
def test_prompts(tmp_path: Path, text: str, message: str) -> None:
    write_page(tmp_path, "q.md", "questionnaire", NOTES)
    write_page(tmp_path, "t.md", "jargon", "## Epoch {#epoch}\nOne pass.\n")
    write_page(tmp_path, "r.md", "reading", f"## 1.1 One\n\n{text}\n")
    assert found(tmp_path) == [("r.md", FIRST, message)]


def test_prompts_that_are_right(tmp_path: Path) -> None:
    write_page(tmp_path, "q.md", "questionnaire", NOTES)
    text = "\n\nProse.\n\n".join(f"[x](note:{name})" for name in ("one", "two", "three"))
    write_page(tmp_path, "r.md", "reading", f"## 1.1 One\n\n{text}\n\n## 1.2 Two\n\n[x](note:four)")
    assert not found(tmp_path)


def test_an_answer_asks_no_note(tmp_path: Path) -> None:
    answer = "## Why? {#why}\n\nSo.\n\n[x](note:why)\n\n- [ ] so\n"
    write_page(tmp_path, "q.md", "questionnaire", answer)
    assert found(tmp_path) == [
        ("q.md", FIRST + 4, "only the text of a section asks a note: note:why")
    ]
