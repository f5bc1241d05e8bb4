"""A database for the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.cli.terminal import polar


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be."""
    return tmp_path / "polar-system.db"


@pytest.fixture
def database(path: Path) -> Path:
    """A new database of this version."""
    assert polar("db", "migrate", database=path).exit_code == 0
    return path
