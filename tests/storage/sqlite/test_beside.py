"""Beside a bot, on a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.engines import beside
from storage.errors import DatabaseUnusable


def test_a_file_that_is_not_there_is_refused(path: Path) -> None:
    """With what makes it, and without making it."""
    with pytest.raises(DatabaseUnusable, match="polar db migrate"), beside(path):
        pass
    assert not path.exists()
