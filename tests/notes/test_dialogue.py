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


def test_a_numbered_question_does_not_take_the_next_item_of_its_list() -> None:
    text = "1. Question: budget\n2. Review of the plan\n"
    assert parse(f"# Meeting\n\n{text}") == [("budget", "")]
    assert [line for line, _ in told(f"# Meeting\n\n{text}")] == [3, 4]


@pytest.mark.parametrize("sign", ["-", "—", "→", "|"])
def test_a_sign_between_a_question_and_its_answer_is_of_neither(sign: str) -> None:
    assert parse(f"1. **Front:** France {sign} **Back:** Paris\n") == [("France", "Paris")]


def test_an_answer_behind_its_question_loses_its_label_and_options_keep_theirs() -> None:
    assert parse("1. Fourth? **A:** inline\n2. Fifth? Answer: five\n3. Sixth? A: x B: y\n") == [
        ("Fourth?", "inline"),
        ("Fifth?", "five"),
        ("Sixth?", "A: x B: y"),
    ]


TOLD_UNANSWERED = "this question has no answer yet"
CHAPTERS = (
    "# Chapter 1\n1. What is A?\n2. What is B?\n\n# Chapter 2\n1. What is C?\n2. What is D?\n\n"
)
OF_CHAPTERS = [("What is A?", "one"), ("What is B?", "two"), ("What is C?", "three")]


@pytest.mark.parametrize(
    ("text", "found", "problems"),
    [
        (
            "1. What is A?\n2. What is B?\n3. What is C?\n4. What is D?\n\n"
            "Answers\n\n1. one\n2. two\n4. four\n",
            [*OF_CHAPTERS[:2], ("What is C?", ""), ("What is D?", "four")],
            [(3, TOLD_UNANSWERED)],
        ),
        (
            "1. What is A?\n2. What is B?\n3. What is C?\n\nAnswers: 1. one 3. three\n",
            [OF_CHAPTERS[0], ("What is B?", ""), OF_CHAPTERS[2]],
            [(2, TOLD_UNANSWERED)],
        ),
        (
            "Q1. Define force.\nQ2. Define mass.\n\n---\nAnswers:\nA1. A push.\nA2. Matter.\n",
            [("Define force.", "A push."), ("Define mass.", "Matter.")],
            [],
        ),
        (
            "Fråga 1: Vad är A?\nFråga 2: Vad är B?\n\n**Svar 1:** ett\n**Svar 2:** två\n",
            [("Vad är A?", "ett"), ("Vad är B?", "två")],
            [],
        ),
        (
            "1. What is A?\n2. What is B?\n\nAnswers\n\n"
            "1. one\n\nindeed\n\n2. two\n\nGood night.\n",
            [("What is A?", "one\n\nindeed"), ("What is B?", "two")],
            [(12, "prose: this asks nothing and defines no term")],
        ),
        (
            f"{CHAPTERS}# Answers\n\n## Chapter 1\n1. one\n2. two\n\n"
            "## Chapter 2\n1. three\n2. four\n",
            [*OF_CHAPTERS, ("What is D?", "four")],
            [],
        ),
        (
            "1. What opens?\n2. What is B?\n\nAnswers\n\n1. Key\n2. two\n\nAnswers\n\n1. last\n",
            [("What opens?", "Key"), ("What is B?", "two")],
            [
                (
                    9,
                    "prose and a numbered item, up to line 11: "
                    "this asks nothing and defines no term",
                )
            ],
        ),
        (
            f"{CHAPTERS}# Facit\n\n## Chapter 1\n1. one\n2. two\n\n## Chapter 2\n1. three\n",
            [*OF_CHAPTERS, ("What is D?", "")],
            [(7, TOLD_UNANSWERED)],
        ),
    ],
)
def test_answers_that_stand_together_go_to_their_questions(
    text: str, found: list[tuple[str, str]], problems: list[tuple[int, str]]
) -> None:
    assert parse(text) == found
    assert told(text) == problems


STACKS = "**Stacks**\n1. What is A?\n2. What is B?\n\n"


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        (
            f"{STACKS}**Queues**\n3. What is C?\n4. What is D?\n\n"
            "**Answers:**\n1. one\n2. two\n3. three\n4. four\n",
            ["one", "two", "three", "four"],
        ),
        (
            f"# Test\n\n{STACKS}**Queues**\n1. What is C?\n\n"
            "## Answers\n\n**Stacks**\n1. one\n2. two\n\n**Queues**\n1. three\n",
            ["one", "two", "three"],
        ),
        (
            "**Part A**\n\n1. What is A?\n\n**Part B**\n\n1. What is B?\n\n"
            "**Answers**\n\n**Part A**\n\n1. one\n\n**Part B**\n\n1. two\n",
            ["one", "two"],
        ),
        (f"{STACKS}**Queues**\n3. What is C?\n", ["", "", ""]),
        (
            "**Part 1**\n1. What is A?\n\n**Part of C**\n\n2. What is B?\n\n**D**\n",
            ["**Part of C**", "**D**"],
        ),
        ("1. What is A?\n\n**one**\n\n2. What is B?\n\n3. What is C?\n", ["**one**", "", ""]),
    ],
)
def test_bold_lines_head_parts_of_the_questions_or_answer_each(
    text: str, answers: list[str]
) -> None:
    assert [answer for _, answer in parse(text)] == answers


@pytest.mark.parametrize("head", ["**Answers**\n\n", "Answers:\n", "## Answers\n"])
@pytest.mark.parametrize(
    "terms",
    [
        "- **C**: three\n- **D**: four",
        "**Key terms**\n\n- C: three",
        "Glossary:\n- C: three",
        "| Term | Meaning |\n|--|--|\n| C | three |",
    ],
)
def test_answers_that_stand_together_end_where_terms_begin(head: str, terms: str) -> None:
    text = f"1. What is A?\n2. What is B?\n\n{head}1. one\n2. two\n\n{terms}\n"
    assert parse(text)[:3] == [*OF_CHAPTERS[:2], ("C", "three")]
    assert told(text) == []


@pytest.mark.parametrize("answers", ["1. one:\n\n- x\n", "1. one\n\n- x\n\n2. two\n"])
def test_a_list_within_answers_that_stand_together_is_not_left_out(answers: str) -> None:
    _, (_, last) = parse(f"1. What is A?\n2. What is B?\n\nAnswers:\n{answers}")
    assert last == answers.strip()


def test_what_asks_below_answers_that_stand_together_is_none_of_them() -> None:
    text = (
        "1. What is A?\n2. What is B?\n\nAnswers:\n1. one\n2. two\n\n"
        "- **D**: four\n- **E**: five\n\n1. What is C?\n   three\n"
    )
    asked = [*OF_CHAPTERS[:2], ("What is C?", "three")]
    assert [pair for pair in parse(text) if pair[0].startswith("What")] == asked


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("1. Is A?\n2. Is B?\n\nAnswers\n\n1. yes\n3. no\n", 4, "has the number 3 and no answer"),
        ("5. Is A?\n6. Is B?\n\nAnswers\n\n1. yes\n2. no\n", 4, "has the number 1 and no answer"),
        ("1. Is A?\n2. Is B?\n3. Is C?\n\nAnswers\n\n1. yes\n", 5, "would have none"),
        (f"{CHAPTERS}# Answers\n\n1. one\n2. two\n", 9, "the number 1 is there twice"),
        (f"{CHAPTERS}# Answers\n\n## Chapter 2\n1. one\n3. two\n", 11, "has the number 3"),
    ],
)
def test_answers_that_fit_no_questions_are_told_and_given_to_none(
    text: str, line: int, why: str
) -> None:
    assert [answer for _, answer in parse(text) if answer] == []
    assert [at for at, message in told(text) if why in message] == [line]


@pytest.mark.parametrize(
    ("below", "found"),
    [
        (
            "Perceptron\n: A classifier\n: A machine\n\nNeuron\n: A cell\n",
            [("Perceptron", "A classifier\nA machine"), ("Neuron", "A cell")],
        ),
        ("*What is SGD?* Descent by chance.\n", [("What is SGD?", "Descent by chance.")]),
        ("| Term | Meaning |\n|--|--|\n| Neuron | A cell |\n", [("Neuron", "A cell")]),
    ],
)
@pytest.mark.parametrize("question", ["**Why?**\n\n", "Q: Why?\nA: ", "1. Why?\n\n"])
def test_what_is_a_note_for_sure_is_no_part_of_a_whole_answer_above_it(
    question: str, below: str, found: list[tuple[str, str]]
) -> None:
    text = f"{question}It smooths.\n\n{below}"
    assert parse(text) == [("Why?", "It smooths."), *found]


@pytest.mark.parametrize("question", ["**Q: Why?**\nA: ", "- Q: Why?\n  A: ", "Why?\n"])
@pytest.mark.parametrize("head", ["", "Terms to know:\n\n", "## Glossary\n"])
def test_a_list_of_terms_below_one_paragraph_that_answers_is_no_part_of_it(
    question: str, head: str
) -> None:
    terms = f"{head}- **Heap**: tree\n- **Trie**: letters\n"
    assert parse(f"{question}It smooths.\n\n{terms}") == [
        ("Why?", "It smooths."),
        ("Heap", "tree"),
        ("Trie", "letters"),
    ]


@pytest.mark.parametrize("question", ["**Q: Why?**\nA: ", "Why?\n"])
@pytest.mark.parametrize(
    "answer",
    [
        "These:\n\n- **Heap**: tree\n- **Trie**: letters",
        "Three.\n\n- Heap: tree\n- Trie: letters\n- Stack: pile",
        "Two.\n- **Heap**: tree\n- **Trie**: letters",
    ],
)
def test_a_list_that_may_go_on_with_an_answer_is_of_it(question: str, answer: str) -> None:
    assert parse(f"{question}{answer}\n") == [("Why?", answer)]


def test_one_term_is_enough_below_an_answer_where_a_line_announces_it() -> None:
    text = "- Q: Why?\n  A: It smooths.\n\nTerms:\n- Heap: tree\n"
    assert parse(text) == [("Why?", "It smooths."), ("Heap", "tree")]


def test_terms_that_an_answer_announces_are_of_it_and_below_one_of_a_heading_they_are_told() -> (
    None
):
    terms = "Neuron\n: A cell\n"
    assert parse(f"**Which parts?**\n\nThese:\n\n{terms}") == [
        ("Which parts?", f"These:\n\n{terms}".rstrip())
    ]
    heading = f"## Why?\n\nIt smooths.\n\n{terms}"
    assert parse(heading) == [("Why?", f"It smooths.\n\n{terms}".rstrip())]
    assert told(heading) == [
        (5, "up to line 6: this may be a note, and is read as part of an answer")
    ]


def test_each_line_of_a_vocabulary_is_a_term_behind_any_arrow_or_a_tab() -> None:
    assert parse("## Vocabulary\n\nlaufen → to run\nessen ➔ to eat\ntrinken\tto drink\n") == [
        ("laufen", "to run"),
        ("essen", "to eat"),
        ("trinken", "to drink"),
    ]


@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_a_card_of_hashcards_that_hides_something_ends_the_answer_above_it(between: str) -> None:
    text = f"# Cards\n\nQ: Who?\nA: me{between}C: Speak [friend], not \\[foe\\].\n"
    assert parse(text) == [("Who?", "me"), ("", r"Speak ==friend=={#1}, not \[foe\].")]


@pytest.mark.parametrize(
    "link",
    ["[docs](http://x.org)", "[docs](http://x.org/A_(b))", "[![a](b.png)](c)", "![a](b.png)"],
)
def test_the_brackets_of_a_link_beside_those_of_hashcards_hide_nothing(link: str) -> None:
    text = f"**Q:** Who?\n**A:** me\n\nC: The {link} say [trie].\n"
    assert parse(text) == [("Who?", "me"), ("", f"The {link} say ==trie=={{#1}}.")]
    text = f"**Q:** Who?\n**A:** me\n\nC: The {link} say it.\n"
    assert parse(text) == [("Who?", f"me\n\nC: The {link} say it.")]


@pytest.mark.parametrize("label", ["[!answer]", "[!success]- Answer", "[!solution]+"])
def test_a_callout_that_says_that_it_answers_is_no_part_of_the_answer(label: str) -> None:
    assert parse(f"> [!question]- Why?\n> > {label}\n> > It scatters.\n") == [
        ("Why?", "It scatters.")
    ]
