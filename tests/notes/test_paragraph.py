"""Paragraphs on one line, and back: nothing changes but where lines end."""

from __future__ import annotations

from pathlib import Path

import pytest

from studyapp.notes.paragraph import joined, parted
from studyapp.notes.plain import plain

CONTENT = Path(__file__).parents[2] / "content"

NOTE = """## What is it? {#it}

A first line that its author has ended,
and a second one.

- [ ] a point that
  goes on
- [ ] another

> a quote
> goes on

a line that ends here\\
and goes on

```python
x = 1
y = 2
```

| a | b |
|---|---|
| 1 | 2 |

$$a
+ b$$

<!-- section: 1.1,
family: it -->"""


def test_each_paragraph_is_one_line_and_all_else_stays() -> None:
    text, former = joined(NOTE)
    assert text == NOTE.replace("ended,\nand", "ended, and").replace("that\n  goes", "that goes")
    assert parted(text, former) == NOTE


def test_what_was_changed_stays_as_it_was_written() -> None:
    text, former = joined(NOTE)
    changed = parted(text.replace("a second one", "another one"), former)
    assert "ended, and another one." in changed
    assert "a point that\n  goes on" in changed


@pytest.mark.parametrize("text", ["one\ntwo\n\none two", "one\ntwo\n\none \ntwo", "a\u202e\nb", ""])
def test_the_way_back_is_the_text_itself(text: str) -> None:
    assert parted(*joined(text)) == text


def test_the_content_says_the_same() -> None:
    for path in sorted(CONTENT.rglob("questionnaire.md")):
        for note in path.read_text("utf-8").split("\n## ")[1:]:
            text, former = joined(note)
            assert plain(text).split() == plain(note).split(), note
            assert parted(text, former) == note
