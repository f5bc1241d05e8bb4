"""New databases on the tests' server, and connections to them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from storage.postgres import dialect
from tests import cluster


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
