"""Databases on the tests' server, and connections to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from storage.postgres import dialect, lease
from tests import cluster


@pytest.fixture(scope="session")
def bare(server: str) -> Iterator[str]:
    """A database that tests fill one after the other; to make one takes longer than most of them."""
    with cluster.database(server) as url:
        yield url


@pytest.fixture
def empty(bare: str) -> Iterator[str]:
    """The address of a database in which nothing is."""
    yield bare
    with psycopg.connect(bare, autocommit=True) as opened:
        opened.execute("DROP SCHEMA IF EXISTS polar CASCADE")


@pytest.fixture(scope="session")
def own(server: str, template: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """As `reused`, for tests that end all sessions of their database; a bot has been there."""
    with cluster.database(server, template) as url:
        with psycopg.connect(url, autocommit=True) as opened:
            opened.execute(lease.MAKE)
        with cluster.emptied(url) as empty:
            yield url, empty


@pytest.fixture
def url(own: tuple[str, Callable[[], None]]) -> Iterator[str]:
    """The address of a database with Polar's tables; who changes more than rows uses `changeable`."""
    address, empty = own
    yield address
    empty()


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection]:
    """A connection to it, each of whose statements is a transaction."""
    with psycopg.connect(url, autocommit=True) as opened:
        opened.execute(dialect.USE)
        yield opened
