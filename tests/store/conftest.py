"""Databases as they are made: by their migrations."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def made_databases() -> None:
    """No copies here."""
