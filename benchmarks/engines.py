"""What a server costs beside a file: the workloads of `make bench`, on SQLite and on PostgreSQL in turn.

    python -m benchmarks --only postgres --server postgresql://me@127.0.0.1/postgres

The server's disk is to be the one that the files are on, and it as durable as it is by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import typer

from benchmarks.bots import POLAR
from benchmarks.page import Section
from benchmarks.stage import Stage
from benchmarks.workloads import ANSWERED, REACTIONS, TEXTS, speed, speed_on
from storage.location import ServerUrl

ROUNDS = 3


def measure(stage: Stage) -> Section:
    """As a section: updates a second, the median of the rounds, and of the ratios within each."""
    if stage.server is None:
        raise typer.BadParameter("postgres needs --server, the address of one in which databases may be made")
    rows = []
    for workload in (REACTIONS, TEXTS, ANSWERED):
        in_file, on_server = [], []
        for _ in range(ROUNDS):
            in_file.append(speed(stage, workload, POLAR))
            with _database(stage.server) as location:
                on_server.append(speed_on(stage, workload, POLAR, location))
        ratio = median(there / here for here, there in zip(in_file, on_server, strict=True))
        rows.append([workload.title, f"{median(in_file):,.0f}", f"{median(on_server):,.0f}", f"{ratio:.2f}"])
    return Section(
        words=f"Polar alone, the workloads from above, on a file and on a server of the same machine in turn, {ROUNDS} "
        f"rounds; a second until all is committed. The server is PostgreSQL {_version(stage.server)}, as it is "
        "installed, and has no cores of its own.",
        headings=["workload", "SQLite", "PostgreSQL", "PostgreSQL / SQLite"],
        rows=rows,
    )


@contextmanager
def _database(server: str) -> Iterator[ServerUrl]:
    """A new one there, which goes at the end."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE polar_bench ENCODING 'UTF8' TEMPLATE template0")
        try:
            yield ServerUrl(f"{server.rpartition('/')[0]}/polar_bench")
        finally:
            connection.execute("DROP DATABASE polar_bench WITH (FORCE)")


def _version(server: str) -> str:
    import psycopg

    with psycopg.connect(server) as connection:
        return str(connection.info.server_version // 10_000)
