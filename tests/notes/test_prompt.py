"""Questions inside a section's text: where they are seen, and what is left of them."""

from __future__ import annotations

import pytest

from studyapp.notes.prompt import find, marked, stray

TEXT = """Prose before.

[Why `so`, and
not else?](note:why-so)

- a list
- of two
\x20
[And then?](note:and-then)\x20

The end."""


def test_a_link_that_stands_alone_is_a_prompt() -> None:
    first, second = find(TEXT)
    assert (first.note, first.words) == ("why-so", "Why `so`, and not else?")
    assert (second.note, second.words) == ("and-then", "And then?")
    assert TEXT[first.start : first.end].startswith("[Why")
    assert TEXT[second.start : second.end] == "[And then?](note:and-then)"
    assert stray(TEXT) == 0


@pytest.mark.parametrize("text", ["[a](note:a)", "[a](note:a)\n", "[a](note:a)\n\n[b](note:b)"])
def test_at_the_ends_and_one_after_the_other(text: str) -> None:
    assert [prompt.note for prompt in find(text)] == ["a", "b"][: text.count("note:")]


@pytest.mark.parametrize(
    "text",
    [
        "See [a](note:a).",
        "Prose\n[a](note:a)",
        "[a](note:a)\nprose",
        "- [a](note:a)",
        "[a](note:A_b)",
        "[](note:a)",
    ],
)
def test_any_other_link_to_a_note_is_stray(text: str) -> None:
    assert (find(text), stray(text)) == ((), 1)


def test_code_has_none() -> None:
    text = "```\n\n[a](note:a)\n\n```\n\nand `[b](note:b)`"
    assert (find(text), stray(text)) == ((), 0)


def test_what_is_left_of_them() -> None:
    assert marked(TEXT, {"why-so": "✓"}) == (
        "Prose before.\n\n> ✓ Why `so`, and not else?\n\n- a list\n- of two\n \n> ? And then? \n\n"
        "The end."
    )


def test_the_text_goes_up_to_the_one_that_is_asked() -> None:
    first, second = find(TEXT)
    assert marked(TEXT, {}, first) == "Prose before.\n\n"
    assert marked(TEXT, {"why-so": "✓"}, second).endswith(
        "✓ Why `so`, and not else?\n\n- a list\n- of two\n \n"
    )


def test_a_text_without_any_stays_as_it_is() -> None:
    assert marked("## x\n\n[run it](lesson:overfit)", {}) == "## x\n\n[run it](lesson:overfit)"
