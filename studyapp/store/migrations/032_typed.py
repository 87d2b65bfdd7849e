"""What is searched has the quotes and dashes of print as they are typed, which `notes/letters.py`
folds by now; to read all content anew would take minutes where there is much."""

from __future__ import annotations

import re

from sqlalchemy import Connection, select

from studyapp.notes.letters import TYPED
from studyapp.store.migrations.searched import PASSAGE, rewrite

_PRINTED = re.compile(f"[{''.join(map(chr, TYPED))}]")
_AT_ONCE = 500


def upgrade(connection: Connection) -> None:
    read = connection.execute(select(PASSAGE).execution_options(yield_per=_AT_ONCE))
    # Found in Python: a condition in SQL would look for each of the signs by itself.
    ids = [row.id for row in read if _PRINTED.search(row.question) or _PRINTED.search(row.rest)]
    rewrite(connection, ids, lambda said: said.translate(TYPED))
