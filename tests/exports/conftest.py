"""A database, and the folder of its exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exports.rows import fill, writing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The database file."""
    return tmp_path / "polar-system.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """The same with a little of everything in it."""
    with writing(path) as connection:
        fill(connection)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of the exports, which the job makes."""
    return tmp_path / "deep" / "artifacts"
