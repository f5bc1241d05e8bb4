"""What people wrote lies in files that are their owner's alone, whatever the umask, from the first byte on."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot import home, settings
from bot.home import Home
from storage import care, private_files
from storage.database import Database
from storage.whole_files import Folder
from tests.house import CHECKOUT, TOKEN, House, until
from tests.storage.files import NOW_MS


@pytest.fixture(params=[0o022, 0o000], ids=["umask 022", "umask 000"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """A umask that leaves what is made open to others."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """The mode of everything in a folder, in octal."""
    found = {}
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):  # a journal goes while one looks
            found[path.name] = f"{stat.S_IMODE(path.stat().st_mode):o}"
    return found


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log tells of files."""
    return [record.getMessage() for record in caplog.records if record.name == "polar.files"]


async def test_the_files_of_a_bot_are_its_owners_alone(house: House, umask: int) -> None:
    """The database, SQLite's files beside it, and the lock."""
    async with house.bot():
        found = modes(house.folder)
    assert found == dict.fromkeys((f"polar-system.db{ending}" for ending in ("", "-shm", "-wal", ".lock")), "600")


async def test_a_database_is_never_open_to_others_not_even_for_a_moment(
    house: House, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where SQLite comes to open the file it has its mode already."""
    met: list[str] = []
    connect = sqlite3.connect

    def looking(database: str, **options: Any) -> sqlite3.Connection:
        if "mode=rwc" in str(database):
            met.append(modes(house.folder).get(house.path.name, "none yet"))
        connection: sqlite3.Connection = connect(database, **options)
        return connection

    monkeypatch.setattr(sqlite3, "connect", looking)
    database = await Database.open(house.path, now_ms=NOW_MS)
    await database.close()
    assert met == ["600"]


async def test_a_link_to_a_file_that_is_not_there_yet_changes_nothing(tmp_path: Path, umask: int) -> None:
    """The file that it leads to is made."""
    (tmp_path / "disk").mkdir(mode=0o755)
    (tmp_path / "polar.db").symlink_to(tmp_path / "disk" / "real.db")
    database = await Database.open(tmp_path / "polar.db", now_ms=NOW_MS)
    await database.close()
    assert modes(tmp_path / "disk") == {"real.db": "600", "real.db.lock": "600"}


async def test_files_of_an_earlier_version_are_tightened_at_the_start(
    house: House, umask: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What a kill left beside the database too; one line tells, and the next start has nothing to tell."""
    with closing(sqlite3.connect(house.path)) as other:  # as it is open, its log stays
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE polar_elsewhere (id)")
        beside = house.path.with_name(f"{house.path.name}-wal.of-7")
        beside.touch()
        loose = {name for name, mode in modes(house.folder).items() if mode != "600"}
        assert loose == {f"polar-system.db{ending}" for ending in ("", "-shm", "-wal", "-wal.of-7")}
        async with house.bot():
            assert set(modes(house.folder).values()) == {"600"}
    [line] = told(caplog)
    assert line.startswith("others could read or write ")
    assert all(str(house.folder / name) in line for name in loose)
    async with house.bot():
        assert len(told(caplog)) == 1


def test_bringing_a_file_up_to_date_tightens_it_as_well(tmp_path: Path, umask: int) -> None:
    """Also without a bot."""
    path = tmp_path / "polar.db"
    path.touch()
    care.migrate(path, now_ms=NOW_MS)
    assert set(modes(tmp_path).values()) == {"600"}


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(PermissionError(1, "Operation not permitted"), "Operation not permitted"), (None, "keeps no modes")],
    ids=["another user's file", "a file system without modes"],
)
async def test_where_modes_cannot_be_changed_the_bot_runs_and_one_line_says_so(
    house: House,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    failure: OSError | None,
    reason: str,
) -> None:
    """With the reason, and the command that mends it."""
    house.path.touch()
    house.path.chmod(0o666)

    def refuse(self: Path, mode: int) -> None:
        if failure is not None:
            raise failure

    monkeypatch.setattr(Path, "chmod", refuse)
    async with house.bot():
        pass
    [line] = told(caplog)
    assert reason in line
    assert line.endswith(f"mend it with: chmod 600 {house.path}")


def test_a_group_that_lets_us_into_another_users_file_is_no_stranger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a file of root's which the bot's group may read; everybody else is one."""
    path = tmp_path / ".env"
    path.touch()
    path.chmod(0o640)
    assert private_files.is_open_to_others(path)
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert not private_files.is_open_to_others(path)
    path.chmod(0o644)
    assert private_files.is_open_to_others(path)


@pytest.mark.parametrize(("mode", "lines"), [(0o644, 1), (0o620, 1), (0o600, 0), (None, 0)])
def test_secrets_that_others_can_read_are_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int | None, lines: int
) -> None:
    """In one line, with the command that mends it, and nothing of what stands there."""
    folder = tmp_path / "my bot"
    folder.mkdir()
    monkeypatch.setattr(home, "find", lambda: Home(folder=folder, demo=""))
    if mode is not None:
        (folder / ".env").write_text("TELEGRAM_BOT_TOKEN=hush\n", encoding="utf-8")
        (folder / ".env").chmod(mode)
    found = list(settings.exposed())
    assert len(found) == lines
    assert all(line.endswith(f"mend it with: chmod 600 '{folder}/.env'") and "hush" not in line for line in found)


def test_folders_that_we_make_are_their_owners_alone(tmp_path: Path, umask: int) -> None:
    """Those above it too: in one that is open, others could put another in its place. What was there is left."""
    (tmp_path / "there").mkdir(mode=0o755)
    before = modes(tmp_path)
    with Folder.open(tmp_path / "there" / "new" / "artifacts") as folder:
        folder.replace("MEMORY.md", ["a line"])
    assert modes(tmp_path) == {**before, "new": "700", "artifacts": "700", "MEMORY.md": "600"}


@pytest.mark.slow
async def test_what_the_commands_make_is_private_too(house: House, umask: int) -> None:
    """`polar db migrate`, then `polar export`, as processes of their own."""
    out = house.folder / "new" / "artifacts"
    for arguments in (("db", "migrate"), ("export", f"--out={out}")):
        process = await asyncio.create_subprocess_exec(
            *house.command(*arguments), cwd=CHECKOUT, env=house.environment(), stdout=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0
    found = modes(house.folder)
    assert (found.pop("new"), found.pop("artifacts")) == ("700", "700")
    assert {"polar-system.db", "MEMORY.md"} <= set(found)
    assert set(found.values()) == {"600"}


@pytest.mark.slow
async def test_what_the_demo_and_its_processes_make_is_private_too(tmp_path: Path, umask: int) -> None:
    """Its database and the log of its Telegram."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "demo", "--exit"),
        cwd=CHECKOUT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await until(lambda: {"polar-system.db-wal", "telegram.jsonl"} <= set(modes(tmp_path)))
        found = modes(tmp_path)
    finally:
        process.terminate()
        await process.wait()
    assert {mode for name, mode in found.items() if not name.startswith("polar-demo-")} == {"600"}
    assert [mode for name, mode in found.items() if name.startswith("polar-demo-")] == ["700"]


@pytest.mark.slow
async def test_the_log_of_the_embedded_telegram_is_private_too(tmp_path: Path, umask: int) -> None:
    """It holds all that people wrote."""
    log = tmp_path / "telegram.jsonl"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emulator", "--port", "0", "--token", TOKEN, "--log", str(log)),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[1]
    async with httpx.AsyncClient() as client:
        await client.get(f"{url}/bot{TOKEN}/getMe")
    process.terminate()
    await process.communicate()
    assert modes(tmp_path) == {"telegram.jsonl": "600"}


def test_every_unit_keeps_others_out() -> None:
    """For what a middleware of somebody's own writes; no page shows a unit beside those that come with Polar."""
    units = [path.read_text(encoding="utf-8") for path in (CHECKOUT / "deploy" / "systemd").glob("*.service")]
    assert len(units) >= 4
    assert all("\nUMask=0077\n" in unit for unit in units)
    pages = [path.read_text(encoding="utf-8") for path in (CHECKOUT / "docs").rglob("*.md")]
    assert not any("[Service]" in page for page in pages)
