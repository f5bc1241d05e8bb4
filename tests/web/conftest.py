"""Databases and web processes that tests share: nothing here is ever written to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.house import Web, serving
from tests.web.seeding import seed


@pytest.fixture(scope="session")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as months of use leave it."""
    path = tmp_path_factory.mktemp("used") / "polar-system.db"
    seed(path)
    return path


@pytest.fixture(scope="session")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with rows that mean harm."""
    path = tmp_path_factory.mktemp("harmed") / "polar-system.db"
    seed(path, hostile=True)
    return path


@pytest.fixture(scope="module")
def database(used: Path) -> Path:
    """The database that `web` is over: the first of these, unless a file has one of its own."""
    return used


@pytest.fixture(scope="module")
def web(database: Path) -> Iterator[Web]:
    """A dashboard on loopback without a secret."""
    with serving(database) as running:
        yield running


@pytest.fixture(scope="session")
def harmed_web(harmed: Path) -> Iterator[Web]:
    """The dashboard over the second."""
    with serving(harmed) as running:
        yield running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database of the test's own is."""
    return tmp_path / "polar-system.db"
