"""Finding notes by their words."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pytest
from sqlalchemy import Engine

from studyapp.store import sync
from studyapp.store.engine import reading, writing
from studyapp.study.find import find
from tests_support import Clock, question, questionnaire


@pytest.mark.parametrize("words", ["café", "CAFÉ Über", "Café", "étude", "ÉTUDE", "q_0", "übermut"])
def test_neither_case_nor_form_of_unicode_matters(
    engine: Engine, content: Path, clock: Clock, words: str
) -> None:
    path = content / "1" / "questionnaire.md"
    text = "Im Café: ÜBERMUT, Étude. 100% q_0"
    path.write_text(normalize("NFD", questionnaire(question("q00", text=text), question("q01"))))
    with writing(engine) as connection:
        sync.sync(connection, [content], clock())
    with reading(engine) as connection:
        for form in ("NFC", "NFD"):
            found = find(connection, normalize(form, words), learner=1)
            assert [note.prompt for note in found] == ["What is q00?"]
