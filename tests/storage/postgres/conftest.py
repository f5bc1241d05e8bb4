"""A server for all of these tests, and a new database for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import cluster


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A cluster, by the address of its first database; skipped where no PostgreSQL is installed."""
    with cluster.cluster() as url:
        yield url


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    """A new database, in which nothing is."""
    with cluster.database(server) as url:
        yield url
