"""What the command line tells of the same rows, and what it does with them, is the same on both engines."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot import clock
from storage import care
from storage.engines import snapshot
from storage.location import Location, ServerUrl
from storage.sqlite import copy_end
from tests import cluster
from tests.bot.cli.terminal import polar, process
from tests.campaigns.rows import told
from tests.campaigns.tale import FIRST_PERSON, STARTS_AT

pytestmark = pytest.mark.slow
UPDATES, SEED = 200, 3
LISTINGS = (
    "db check",
    "db stats --json",
    "db prune --dry-run --json",
    "updates list",
    "updates list --json",
    "updates show {dead} --json",
    "deliveries list --json",
    "users list --json",
    "pair list --json",
    "automations list",
    "automations list --json",
    "budget list --json",
    "spend --json",
    "spend --by user --json",
    "spend --by session --json",
    "feedback compare",
    "feedback compare --by personality --json",
    "feedback compare --by automation --json",
    "feedback labels --out {out}/labels --json",
    "feedback dataset --form kto --out {out}/kto",
    "feedback dataset --form dpo --out {out}/dpo",
    "experiments list --json",
    "heartbeat list --json",
    "erase --list --json",
    "erase {person} --dry-run --json",
    "replay --json",
)
ACTS = (
    "budget set global 5 --every 1d",
    "budget set user:{person} 2",
    "budget list --json",
    "budget clear user:{person}",
    "automations pause {job}",
    "automations resume {job}",
    "automations run {job}",
    "automations delete {other_job}",
    "updates retry {dead}",
    "heartbeat set daily --every '0 9 * * *' --to {person} --check database_health",
    "experiments start tone --variant control:50 --variant short:30:personality=brief --until 2030-01-01",
    "experiments show tone --json",
    "experiments stop tone",
    "erase {person}",
    "erase --list --json",
    "db prune",
)
MODEL = {"responder": "openai", "openai_base_url": "http://127.0.0.1:9", "openai_model": "m"}
VARIES = re.compile(r'"bytes": \d+|[\d.]+ MiB|"seconds": [\d.]+|, "polar_(?:memory_fts|workers)": \d+')
"""How much room it takes, how long it took, and what one of both alone has."""


@dataclass(frozen=True, slots=True)
class Twins:
    """The same rows, in a file and on a server; the server's by a role that may only read, too."""

    file: Path
    server: ServerUrl
    reader: ServerUrl
    names: Mapping[str, str]


@pytest.fixture(scope="module")
def twins(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    """What a bot has left after many updates, and a copy of it."""
    folder = tmp_path_factory.mktemp("tale")
    asyncio.run(told(folder, SEED, UPDATES, "bursts"))
    file, source = folder / "polar-system.db", folder / "source.db"
    shutil.copy(file, source)
    with cluster.database(server) as url, closing(sqlite3.connect(file)) as connection:
        care.copy(source, ServerUrl(url), lambda *_: None, skips=False, now_ms=1)
        jobs = connection.execute("SELECT id FROM polar_automation_jobs WHERE enabled = 1 ORDER BY rowid").fetchall()
        [dead] = connection.execute("SELECT max(updateId) FROM polar_updates WHERE status = 'dead'").fetchone()
        names = {"job": jobs[0][0], "other_job": jobs[-1][0], "dead": str(dead), "person": str(FIRST_PERSON)}
        with cluster.reader(url) as by_reader:
            yield Twins(file, ServerUrl(url), ServerUrl(by_reader), names)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """For both it is the same instant, and what is made up is the same."""
    monkeypatch.setattr(clock, "time", SimpleNamespace(time_ns=lambda: (STARTS_AT + 3600) * 1_000_000_000))
    monkeypatch.setattr(clock, "secrets", SimpleNamespace(token_hex=lambda size: "0" * 2 * size))


def answer(command: str, names: Mapping[str, str], database: Location, out: Path) -> tuple[Any, ...]:
    """The status, what was printed, and the files that were written."""
    out.mkdir()
    done = polar(*shlex.split(command.format(**names, out=out)), database=database, **MODEL)
    said = (done.stdout + done.stderr).replace(str(out), "OUT").replace(str(database), "DATABASE")
    files = {str(path.relative_to(out)): path.read_text("utf-8") for path in sorted(out.rglob("*")) if path.is_file()}
    return done.exit_code, VARIES.sub("", said), files


@pytest.mark.parametrize("command", LISTINGS)
def test_listings_are_alike(command: str, twins: Twins, tmp_path: Path) -> None:
    """To the letter, files included."""
    file, server = (answer(command, twins.names, at, tmp_path / type(at).__name__) for at in (twins.file, twins.server))
    assert file == server
    assert file[0] == 0, file


def test_exports_are_alike(twins: Twins, tmp_path: Path) -> None:
    """By a role that may only read."""
    written = []
    for number, database in enumerate((twins.file, twins.reader)):
        out = tmp_path / str(number)
        done = process("export", "--out", str(out), database=database)
        assert done.returncode == 0, done.stderr
        written.append({path.name: path.read_text("utf-8") for path in out.iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) == 4


def test_acts_are_alike(twins: Twins, tmp_path: Path) -> None:
    """What they say, and all rows after them; but for the hidden order of entry, of which a server leaves out some."""
    for number, act in enumerate(ACTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        file, server = (answer(act, twins.names, at, folder / type(at).__name__) for at in (twins.file, twins.server))
        assert file == server
        assert file[0] == 0, file
    assert _rows(twins.file) == _rows(twins.server)


def _rows(location: Location) -> dict[str, list[tuple[Any, ...]]]:
    with snapshot(location) as database:
        return {
            table.name: [row[1:] if table.walk == ["rowid"] else row for row in database.rows(table.select(None), ())]
            for table in copy_end.tables()
        }
