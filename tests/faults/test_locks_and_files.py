"""Another program holds the database's lock, or the file or the server is taken away, while the real bot runs."""

# ruff: noqa: ASYNC240 - the small disk has nothing to wait for

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from storage import database, lock_waits
from storage.errors import DatabaseLost
from storage.location import ServerUrl
from storage.sqlite import own_files
from tests.house import CHECKOUT, House, until
from tests.killing import Process, asks, end, kill, start, start_asking
from tests.looking import awake, idle, queue, tell, texts
from tests.responders import ECHO, HANGING
from tests.storage.files import locked, run

pytestmark = pytest.mark.slow

SAID = "it is waited for"
"""In the line that is logged while a lock is held."""
TRIES = 3
"""That many of them are more than any one wait for locks, where each try has its line."""
ON_BOTH = pytest.mark.usefixtures("engine", "talkative")
BUSY = "LOCK TABLE polar.polar_properties, polar.polar_updates, polar.polar_delivery_queue IN SHARE MODE"
"""By which nobody else writes, as by the making of an index, say."""
WAITING = """
SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE datname = current_database() AND NOT granted
"""
END_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'polar%'
"""
FAIL = """
SET search_path = polar;
CREATE FUNCTION fail() RETURNS polar_personality_profiles LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'as the disk does';
END $$;
"""
COMMITS_FAIL = """
ALTER TABLE polar_updates ADD CONSTRAINT fails CHECK (fail() IS NULL) NOT VALID
"""
READS_FAIL = """
ALTER TABLE polar_personality_profiles RENAME TO kept;
CREATE VIEW polar_personality_profiles AS SELECT (fail()).*
"""
MENDED = """
DROP FUNCTION fail CASCADE;
ALTER TABLE IF EXISTS kept RENAME TO polar_personality_profiles
"""
AWAY = pytest.mark.parametrize("how", ["deleted", "moved", "replaced"])
OF_BOTH = pytest.mark.parametrize("suffix", ["", "-wal"])
GARBLE = """
import sys

with open(sys.argv[1], "r+b") as file:
    for page in sys.argv[3:]:
        file.seek((int(page) - 1) * int(sys.argv[2]))
        file.write(b"\\xee" * int(sys.argv[2]))
"""
MESSAGES = 100
OWN_DISK = 'mount -t tmpfs -o size=16m tmpfs "$1" && shift && exec "$@"'
"""A small disk that only the command after its place has, and its children."""


def logged(house: House) -> str:
    """What bot processes of this house have logged."""
    return (house.folder / "bot.log").read_text()


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try that meets a lock has its line in the log."""
    monkeypatch.setattr(lock_waits, "LINE_EVERY_S", 0)


@contextmanager
def held(house: House) -> Iterator[None]:
    """Another program keeps all others from writing meanwhile."""
    if house.elsewhere is None:
        with locked(house.path):
            yield
    else:
        with psycopg.connect(house.elsewhere.url) as other:
            other.execute(BUSY)
            yield


@ON_BOTH
async def test_a_long_lock_of_another_program_loses_and_doubles_nothing(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Taken while a message is on its way: its receipt and what comes meanwhile wait until the lock is free."""
    ann, chat = house.chat()
    async with house.bot(responder=ECHO) as bot:
        await awake(house)
        house.world.fault("sendMessage", "slow", seconds=None)
        house.world.say(chat, ann, "one")
        await house.world.wait(lambda: bool(house.world.sent(chat)))
        with held(house):
            house.world.clear_faults()
            house.world.say(chat, ann, "two")
            await until(lambda: caplog.text.count(SAID) >= TRIES or bot.finished.done())
            assert not bot.finished.done()
            assert house.rows("SELECT status FROM polar_delivery_queue") == [("sending",)]
        await idle(house, updates=2)
    assert texts(house, chat) == ["echo: one", "echo: two"]
    assert queue(house) == [("sent", 0, None)] * 2


@ON_BOTH
async def test_a_stop_does_not_wait_for_a_lock_longer_than_its_limit(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The lock is never given back; what was received is handled by the next process."""
    ann, chat = house.chat()
    with ExitStack() as others:
        async with asyncio.timeout(30), house.bot(responder=ECHO, shutdown_seconds=0.1):
            await awake(house)
            others.enter_context(held(house))
            house.world.say(chat, ann, "one")
            await until(lambda: SAID in caplog.text)
        assert house.world.updates_pending() == 1
    async with house.bot(responder=ECHO):
        await idle(house, updates=1)
    assert texts(house, chat) == ["echo: one"]


@ON_BOTH
async def test_a_start_waits_for_a_lock(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """However long another program holds it, with a line in the log; then the bot is there."""
    async with house.bot():
        pass

    async def run_until_told() -> None:
        async with house.bot():
            await tell(house, chat, ann, "/ping")

    ann, chat = house.chat()
    with held(house):
        running = asyncio.create_task(run_until_told())
        await until(lambda: caplog.text.count(SAID) >= TRIES or running.done())
        assert not running.done()
    await running
    assert texts(house, chat) == ["pong"]


@ON_BOTH
async def test_a_start_that_waits_for_a_lock_can_be_stopped(house: House) -> None:
    """As any other bot."""
    async with house.bot():
        pass
    own = own_files.beside(house.path, own_files.LOCK)
    own.unlink(missing_ok=True)  # who starts makes it anew, before it writes
    with held(house):
        process = await start(house, shutdown_seconds=0)
        await until(own.exists if house.elsewhere is None else lambda: house.rows(WAITING) != [])
        async with asyncio.timeout(30):
            assert await end(process) == 0
    assert "ready as" not in logged(house)


def take_away(house: House, suffix: str, how: str) -> None:
    """Do with the database file, or a file beside it, what people do by mistake, as another program does it."""
    path = house.path.with_name(house.path.name + suffix)
    if how == "deleted":
        path.unlink()
    elif how == "moved":
        path.rename(path.with_name("elsewhere"))
    else:
        copy = path.with_name("copy")
        subprocess.run(["cp", path, copy], check=True)
        copy.replace(path)


async def ends(process: Process) -> int:
    """The status of a process that nobody asked to end."""
    try:
        async with asyncio.timeout(30):
            return await process.wait()
    except TimeoutError:
        await kill(process)
        raise


@AWAY
@OF_BOTH
@pytest.mark.parametrize("is_written_to", [False, True], ids=["nobody writes", "somebody writes"])
async def test_a_bot_whose_file_was_taken_away_ends_and_acknowledges_nothing_more(
    house: House, suffix: str, how: str, is_written_to: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instead of working for what nobody will ever see; what people write then stays with Telegram, unanswered."""
    monkeypatch.setattr(database, "LOOK_EVERY_S", 3600 if is_written_to else 0.05)
    ann, chat = house.chat()
    with pytest.raises(DatabaseLost, match=f"{house.path.name}{suffix}( |:)"):
        async with house.bot(responder=ECHO) as bot:
            await awake(house)
            take_away(house, suffix, how)
            if is_written_to:
                house.world.say(chat, ann, "remember this")
            async with asyncio.timeout(30):
                await bot.finished
    assert house.world.updates_pending() == is_written_to
    assert texts(house, chat) == []


async def test_a_lost_database_is_not_waited_on_by_what_is_in_hand(house: House) -> None:
    """An answer that takes its time could not be kept any more: the limit of a stop is for stops.

    The process ends with status 1 and one line that names the file.
    """
    ann, chat = house.chat()
    process = await start_asking(house, responder=HANGING, shutdown_seconds=300)
    house.world.say(chat, ann, "hang")
    await house.world.wait(lambda: house.world.updates_pending() == 0)
    take_away(house, "", "deleted")
    assert await ends(process) == 1
    [reason] = [line for line in logged(house).splitlines() if line.startswith("polar: The database is lost")]
    assert house.path.name in reason
    assert "Traceback" not in logged(house)


def end_sessions(url: str) -> None:
    """As a restart of the server does."""
    with psycopg.connect(url) as administrator:
        administrator.execute(END_SESSIONS)


@pytest.mark.parametrize("is_written_to", [False, True], ids=["nobody writes", "somebody writes"])
async def test_a_bot_whose_server_goes_away_ends_and_acknowledges_nothing_more(
    house: House, emptied: str, is_written_to: bool
) -> None:
    """Whatever is in hand, and whoever writes: the next process answers all of it, once."""
    house.elsewhere = ServerUrl(emptied)
    (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
    with pytest.raises(DatabaseLost, match="PostgreSQL says: "):
        async with house.bot(responder=HANGING, shutdown_seconds=300) as bot:
            house.world.say(chat, ann, "hang")
            await until(lambda: house.rows("SELECT status FROM polar_updates") == [("pending",)])
            await house.world.wait(lambda: house.world.updates_pending() == 0)
            end_sessions(emptied)
            if is_written_to:
                house.world.say(other, bob, "remember this")
            async with asyncio.timeout(30):
                await bot.finished
    assert house.world.updates_pending() == is_written_to
    async with house.bot(responder=ECHO):
        await idle(house, updates=1 + is_written_to)
    assert texts(house, chat) == ["echo: hang"]
    assert texts(house, other) == ["echo: remember this"] * is_written_to


async def test_a_server_that_goes_away_while_stopping_ends_the_stop(house: House, emptied: str) -> None:
    """What is in hand then is not waited for any longer either."""
    house.elsewhere = ServerUrl(emptied)
    ann, chat = house.chat()
    with pytest.raises(DatabaseLost, match="PostgreSQL says: "):
        async with asyncio.timeout(30), house.bot(responder=HANGING, shutdown_seconds=3600):
            house.world.say(chat, ann, "hang")
            await until(lambda: house.rows("SELECT status FROM polar_updates") == [("pending",)])
            asyncio.get_running_loop().call_soon(end_sessions, emptied)  # the stop has begun by then
    async with house.bot(responder=ECHO):
        await idle(house)
    assert texts(house, chat) == ["echo: hang"]


@pytest.mark.parametrize(("fails", "code"), [(COMMITS_FAIL, "53100"), (READS_FAIL, "XX001")], ids=["full", "damaged"])
async def test_a_server_whose_disk_is_full_or_damaged_ends_the_bot_and_loses_nothing(
    house: House, changeable: str, fails: str, code: str
) -> None:
    """Whether a commit meets it or a read; it is no failure of the message that happened to need it."""
    house.elsewhere = ServerUrl(changeable)
    ann, chat = house.chat()
    with psycopg.connect(changeable, autocommit=True) as administrator:
        with pytest.raises(DatabaseLost, match="PostgreSQL says: as the disk does"):
            async with house.bot(responder=ECHO) as bot:
                await awake(house)
                administrator.execute(FAIL.format(code=code) + fails)
                house.world.say(chat, ann, "hello")
                async with asyncio.timeout(30):
                    await bot.finished
        assert house.rows("SELECT attempts FROM polar_updates WHERE attempts > 0") == []
        administrator.execute(MENDED)
    async with house.bot(responder=ECHO):
        await idle(house, updates=1)
    assert texts(house, chat) == ["echo: hello"]


async def test_a_damaged_page_that_only_a_reader_meets_ends_the_bot(house: House) -> None:
    """With status 1, as one that the writer meets; it is no failure of the message that happened to need it."""
    ann, chat = house.chat()
    process = await start_asking(house, responder=ECHO)
    house.write("PRAGMA wal_checkpoint(TRUNCATE)")
    [[size]] = house.rows("PRAGMA page_size")
    roots = house.rows("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'polar_personality_profiles'")
    assert run(GARBLE, house.path, size, *(root for (root,) in roots)).returncode == 0
    house.world.say(chat, ann, "hello")
    assert await ends(process) == 1
    assert "malformed" in logged(house)
    assert house.rows("SELECT status, attempts FROM polar_updates") == [("pending", 0)]


def own_disk(folder: Path) -> tuple[str, ...]:
    """What gives a command a small disk of its own at a folder."""
    prefix = ("unshare", "--map-root-user", "--mount", "sh", "-c", OWN_DISK, "sh", str(folder))
    if (
        shutil.which("unshare") is None
        or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no disk of its own can be made here for a process")
    return prefix


async def test_a_full_disk_ends_the_bot_and_loses_nothing(house: House) -> None:
    """With status 1, at once; where there is room again, all that was acknowledged is answered, once."""
    disk = house.folder / "disk"
    disk.mkdir()
    small = House(house.world, house.server, disk)
    ann, chat = house.chat()
    with (house.folder / "bot.log").open("ab") as log:
        process: Process = await asyncio.create_subprocess_exec(
            *own_disk(disk),
            *house.command("run"),
            cwd=CHECKOUT,
            env=small.environment(responder=ECHO),
            stderr=log,
            stdout=log,
        )
    await asks(house, 0)
    inside = os.open(f"/proc/{process.pid}/root{disk}", os.O_RDONLY)  # keeps the disk, whoever has ended
    try:
        used = sum(file.stat().st_size for file in Path(f"/proc/self/fd/{inside}").iterdir())
        Path(f"/proc/self/fd/{inside}/ballast").write_bytes(bytes((16 << 20) - used - (300 << 10)))
        for n in range(MESSAGES):
            house.world.say(chat, ann, f"{n} " + "x" * 4000)
        assert await ends(process) == 1
        assert "database or disk is full" in logged(house)
        for name in (small.path.name, f"{small.path.name}-wal"):
            shutil.copy(f"/proc/self/fd/{inside}/{name}", house.folder)
    finally:
        os.close(inside)
    async with house.bot(responder=ECHO):
        await idle(house)
    unclear = {text for (text,) in house.rows("SELECT payload FROM polar_delivery_queue WHERE ambiguous > 0")}
    answered = [text.split()[-2] for text in texts(house, chat)]
    assert sorted(set(answered), key=int) == [str(n) for n in range(MESSAGES)]
    assert len(answered) <= MESSAGES + len(unclear)
