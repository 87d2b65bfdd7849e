"""What a collection of Anki's says of itself, be it nonsense."""

from __future__ import annotations

import json
import sqlite3

from studyapp.notes.ankihead import Head


def test_what_is_no_id_names_neither_a_type_nor_a_deck() -> None:
    said = json.dumps({key: {"name": key[:9]} for key in ("5", "-5", "--5", "five", "9" * 5000)})
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE col (crt, mod, conf, models, decks)")
    connection.execute("INSERT INTO col VALUES (0, 0, '', ?, ?)", (said, said))
    head = Head(connection)
    assert list(head.models()) == list(head.decks()) == [5, -5]
    connection.close()
