"""What the app tells in passing: a line above the footer, which covers nothing."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Told(Static):
    """A sentence, until the next key; without one it takes no room."""

    DEFAULT_CSS = """
    Told { height: auto; max-height: 4; padding: 0 1; color: $text-accent; display: none;
        &.-warning { color: $text-warning; }
        &.-error { color: $text-error; } }
    """

    def show(self, sentence: str, severity: str = "information") -> None:
        self.update(Content(sentence))
        self.display = bool(sentence)
        for kind in ("warning", "error"):
            self.set_class(severity == kind, f"-{kind}")
