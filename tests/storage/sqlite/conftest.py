"""What is SQLite's own is tested with a file alone."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def location(path: Path) -> Path:
    """Where the database is."""
    return path
