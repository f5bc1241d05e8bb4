"""A plugin of pytest: which of the statements that tests run on SQLite are refused by PostgreSQL, and why.

    python -m pytest -n0 -p tests.storage.postgres.recording --refused FILE tests/storage/tables tests/storage/views

FILE is written in the end: each statement that was refused, below the server's words, and how many there were. They run
on a database without rows, so this tells of names, types and grammar; whether the rows are the same, other tests do.
"""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from storage.postgres import connections, dialect, schema
from storage.postgres.dialect import translate
from tests import cluster
from tests.house import CHECKOUT

_NOT_OURS = ("pragma", "sqlite_master", "polar_memory_fts", "total_changes")
_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
_connect = sqlite3.connect
_recorded: dict[tuple[str, tuple[type, ...]], Any] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where to write."""
    parser.addoption("--refused", type=Path, required=True)


def pytest_configure() -> None:
    """Whatever connects from now on is listened to."""
    sqlite3.connect = _listening  # type: ignore[assignment]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Ask a server."""
    tests = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "tests").rglob("*.py"))
    asked = {(sql, kinds): params for (sql, kinds), params in _recorded.items() if sql.strip() not in tests}
    refused = dict(_refused(asked))
    lines = [f"{len({sql for sql, _ in asked})} statements, of which {len(refused)} are refused:"]
    for sql, (why, params) in sorted(refused.items(), key=lambda item: item[1][0]):
        lines += ["", f"-- {why}", f"-- {params!r}"[:200], sql.strip()]
    session.config.getoption("--refused").write_text("\n".join(lines) + "\n", encoding="utf-8")


class _Listening(sqlite3.Connection):
    def execute(self, sql: str, params: Any = (), /) -> sqlite3.Cursor:
        _record(sql, params)
        return super().execute(sql, params)

    def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
        rows = list(rows)
        for params in rows:
            _record(sql, params)
        return super().executemany(sql, rows)


def _listening(*args: Any, **keywords: Any) -> sqlite3.Connection:
    connection: sqlite3.Connection = _connect(*args, **{"factory": _Listening, **keywords})
    return connection


def _record(sql: str, params: Any) -> None:
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None and frame.f_back.f_back is not None
    caller = frame.f_back.f_back.f_code.co_filename
    is_ours = "/aiosqlite/" in caller or (
        "/storage/" in caller and "/tests/" not in caller and "migrations" not in caller
    )
    if is_ours and sql.lstrip().startswith(_VERBS) and not any(word in sql for word in _NOT_OURS):
        given = params.values() if isinstance(params, Mapping) else params
        _recorded.setdefault((sql, tuple(map(type, given))), params)


def _refused(asked: dict[tuple[str, tuple[type, ...]], Any]) -> Iterator[tuple[str, tuple[str, Any]]]:
    with cluster.cluster() as server, psycopg.connect(server, autocommit=True) as connection:
        schema.migrate(connection, 0)
        connection.execute(dialect.USE)
        connections.register(connection.adapters)
        for (sql, _), params in asked.items():
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(translate(sql), params)
            except psycopg.IntegrityError:
                continue
            except psycopg.Error as error:
                yield sql, (" / ".join(str(error).splitlines()[:2]), params)
