"""Question and answer in a learner's own notes: whose answer a text is, however it is labelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from studyapp.notes import prose

REVOLUTION = [("When did it begin?", "1789"), ("Who was king?", "Louis XVI")]
CHAT = "Sure! Here are your flashcards:\n\n"
MARKS = ["", "{n}. ", "{n}) ", "1. ", "- ", "* ", "• ", "- [ ] ", "**{n}.** ", "### ", "> "]
LABELS = [
    *(("Q", "A"), ("Question", "Answer"), ("Frage", "Antwort"), ("Question", "Réponse")),
    *(("Pregunta", "Respuesta"), ("Fråga", "Svar"), ("F", "A"), ("F", "S"), ("Q", "R")),
    *(("Front", "Back"), ("Q", "Answer")),
]
EMPHASISED = ["{}:", "**{}:**", "**{}**:", "*{}:*", "_{}_:", "***{}:***", "{} :", "**{} 7:**"]
BELOW = [
    "\n{}",
    "\n   {}",
    "\n\t{}",
    "\n\n    {}",
    "\n   - {}",
    "\n\n{}",
    "<br>{}",
    " {}",
    "\n   > {}",
]


def parse(text: str) -> list[tuple[str, str]]:
    return [(note.question, note.answer) for note in prose.parse(text, Path("notes.md")).notes]


def told(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.message) for one in prose.parse(text, Path("notes.md")).problems]


def cards(mark: str, labels: tuple[str, str], emphasis: str, below: str) -> str:
    asks, answers = map(emphasis.format, labels)
    return "\n\n".join(
        f"{mark.format(n=n)}{asks} {question}{below.format(f'{answers} {answer}')}"
        for n, (question, answer) in enumerate(REVOLUTION, 1)
    )


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("labels", LABELS)
def test_labels_pair_whatever_mark_stands_before_them(mark: str, labels: tuple[str, str]) -> None:
    for emphasis in ("{}:", "**{}:**"):
        assert parse(CHAT + cards(mark, labels, emphasis, "\n   {}")) == REVOLUTION


@pytest.mark.parametrize("emphasis", EMPHASISED)
@pytest.mark.parametrize("below", BELOW)
def test_labels_pair_however_they_are_written_and_wherever_the_answer_stands(
    emphasis: str, below: str
) -> None:
    for labels in (("Question", "Answer"), ("Fråga", "Svar")):
        assert parse(CHAT + cards("{n}. ", labels, emphasis, below)) == REVOLUTION


@pytest.mark.parametrize(
    "head", ["### Question {n}", "**Frage {n}:**", "## Card {n}", "### Question #{n}", "**Q{n}**"]
)
@pytest.mark.parametrize("answer", ["**Answer:** {a}", "*Answer: {a}*", "#### Answer {n}\n\n{a}"])
def test_a_heading_that_counts_asks_what_stands_below_it(head: str, answer: str) -> None:
    pairs = [("Capital of France", "Paris"), ("Define force", "A push or pull")]
    text = "\n\n".join(
        f"{head.format(n=n)}\n\n{question}\n\n{answer.format(n=n, a=said)}"
        for n, (question, said) in enumerate(pairs, 1)
    )
    found = [(question, said.strip("*")) for question, said in parse(f"# Cards\n\n{text}\n")]
    assert found == pairs


def test_an_answer_behind_its_question_loses_its_label_and_options_keep_theirs() -> None:
    assert parse("1. Fourth? **A:** inline\n2. Fifth? Answer: five\n3. Sixth? A: x B: y\n") == [
        ("Fourth?", "inline"),
        ("Fifth?", "five"),
        ("Sixth?", "A: x B: y"),
    ]
