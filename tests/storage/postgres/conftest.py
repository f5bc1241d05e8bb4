"""A server for all of these tests, and a new database for each."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from storage.postgres import dialect, schema
from tests import cluster
from tests.storage.files import NOW_MS


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A cluster, by the address of its first database; skipped where no PostgreSQL is installed."""
    with cluster.cluster() as url:
        yield url


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """The name of a database with Polar's tables, of which others are copies."""
    with cluster.database(server) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            schema.migrate(connection, NOW_MS)
        yield url.rpartition("/")[2]


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    """A new database, in which nothing is."""
    with cluster.database(server) as url:
        yield url


@pytest.fixture
def url(server: str, template: str) -> Iterator[str]:
    """A new database with Polar's tables."""
    with cluster.database(server, template) as made:
        yield made


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection]:
    """A connection to it, each of whose statements is a transaction."""
    with psycopg.connect(url, autocommit=True) as opened:
        opened.execute(dialect.USE)
        yield opened
