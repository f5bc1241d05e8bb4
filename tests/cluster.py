"""A PostgreSQL of the tests' own: a private cluster, and in it a new database for each test.

It belongs to whoever runs the tests, or to a user without rights where that is root, and ends with the process that
started it, in whatever way that ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from subprocess import DEVNULL, PIPE
from tempfile import TemporaryDirectory
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

MISSING = "PostgreSQL is not installed here; apt-get install postgresql"
USER = "tester"
TRIES = 5
"""The port that was free a moment ago may be somebody's by then."""
_NOT_DURABLE = " -c fsync=off -c full_page_writes=off"
# Whoever reads the input hears of its end, which comes with the end of the process of tests, in whatever way.
_UNTIL_INPUT_ENDS = """
"$1/pg_ctl" start -w -t 60 -D "$2" -l "$3/log" -o "$4" >/dev/null && echo up && read -r _
"$1/pg_ctl" stop -w -t 60 -D "$2" -m "$5" >/dev/null 2>&1
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'polar' ORDER BY 1"
_LAST = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'polar'"
_READER: tuple[LiteralString, ...] = (
    "CREATE ROLE reader LOGIN",
    "GRANT USAGE ON SCHEMA polar TO reader",
    "GRANT SELECT ON ALL TABLES IN SCHEMA polar TO reader",
)
_numbers = count(1)


def programs() -> Path | None:
    """The folder of the newest PostgreSQL here that can make a cluster, or None."""
    packaged = Path("/usr/lib/postgresql").glob("*/bin")
    found = [folder for folder in packaged if (folder / "initdb").exists()]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


@contextmanager
def cluster(folder: Path | None = None, *, is_durable: bool = False) -> Iterator[str]:
    """The address of a new cluster's first database, until the end of the block.

    What is there is kept in `folder`, which its user must be able to reach, or in one that goes with it. Its language
    sorts unlike bytes, as an operator's may. `is_durable`: what was committed survives the power's end.
    """
    if (home := programs()) is None:
        pytest.skip(MISSING)
    with TemporaryDirectory(prefix="polar-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")) as own:
        data = (folder or Path(own)) / "cluster"
        data.mkdir(exist_ok=True)
        for place in {Path(own), data}:
            _give(place)
        if not (data / "PG_VERSION").exists():
            _make(home, data)
        with _running(home, data, Path(own), is_durable) as port:
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"


def replicate(url: str, folder: Path, name: str) -> None:
    """Copy a running cluster into `folder`, which its user can reach; `cluster(folder)` is then its replica `name`."""
    home, data = programs(), folder / "cluster"
    assert home is not None
    data.mkdir()
    _give(data)
    source = f"{url}?application_name={name}"
    how = ("--write-recovery-conf", "--checkpoint=fast", "--no-sync")
    _run(home / "pg_basebackup", f"--dbname={source}", f"--pgdata={data}", *how)


def kill(folder: Path) -> None:
    """End all processes of the cluster in `folder` at once, without a word."""
    postmaster = int((folder / "cluster" / "postmaster.pid").read_text().split()[0])
    of_it = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in (postmaster, *map(int, of_it)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextmanager
def database(url: str, template: str = "template1") -> Iterator[str]:
    """The address of a new database in that cluster, a copy of `template`; it goes at the end of the block."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as connection:
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield f"{url.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def emptied(url: str) -> Iterator[Callable[[], None]]:
    """What makes a database as it is now again, however often: much sooner than a new one is made.

    For rows and counters alone, not for who changes a table.
    """
    with _without_triggers(url) as connection:
        tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
        filled = [name for name in tables if connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()]
        connection.execute("CREATE SCHEMA kept")
        for name in filled:
            connection.execute(f"CREATE TABLE kept.{name} AS SELECT * FROM {name}")
        counters = [f"setval('{name}', {last or 1}, {last is not None})" for name, last in connection.execute(_LAST)]
        steps = [
            *(f"DELETE FROM {name}" for name in tables),
            *(f"INSERT INTO {name} SELECT * FROM kept.{name}" for name in filled),
            f"SELECT {', '.join(counters)}",
        ]
        again = "; ".join(steps)

        def empty() -> None:
            nonlocal connection
            if connection.closed or not _answers(connection):  # a test has ended the sessions of a bot, and this one
                connection = _without_triggers(url)
            with connection.transaction():
                connection.execute(again)

        yield empty
        connection.close()


def _without_triggers(url: str) -> psycopg.Connection[Any]:
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("SET search_path = polar; SET session_replication_role = replica")
    return connection


def _answers(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _user() -> str | None:
    """Who the server runs as; PostgreSQL refuses root."""
    return "nobody" if os.geteuid() == 0 else None


def _give(folder: Path) -> None:
    if (user := _user()) is not None:
        shutil.chown(folder, user)
    folder.chmod(0o700)


def _make(home: Path, data: Path) -> None:
    language = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
    _run(home / "initdb", "-D", data, "-U", USER, "--auth=trust", "--no-sync", *language)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, user=_user(), cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _running(home: Path, data: Path, own: Path, is_durable: bool) -> Iterator[int]:
    for left in reversed(range(TRIES)):
        port = _free_port()
        options = f"-p {port} -h 127.0.0.1 -k {own}" + ("" if is_durable else _NOT_DURABLE)
        end = "fast" if is_durable else "immediate"
        command = ["sh", "-c", _UNTIL_INPUT_ENDS, "sh", *map(str, (home, data, own)), options, end]
        with subprocess.Popen(
            command, user=_user(), cwd="/", stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True
        ) as keeper:
            assert keeper.stdout is not None
            if keeper.stdout.readline():
                yield port
                return  # the input ends with the block, which then waits
        assert left, (own / "log").read_text(encoding="utf-8", errors="replace")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def reader(url: str) -> Iterator[str]:
    """The address of a database by a role that may only read what is in it now."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _READER:
            connection.execute(statement)
        try:
            yield url.replace(f"//{USER}@", "//reader@")
        finally:
            connection.execute("DROP OWNED BY reader")
            connection.execute("DROP ROLE reader")
