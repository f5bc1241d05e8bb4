"""The server's machine is lost: its replica becomes the primary, and a bot goes on there by the same address."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.sending.pipeline import MOST_CLAIMED
from emulator import Chat, Person
from storage.errors import DatabaseUnusable
from tests import cluster
from tests.house import CHECKOUT, House, until
from tests.killing import start_asking
from tests.looking import MARK
from tests.responders import ECHO
from tests.web.house import serving

pytestmark = pytest.mark.slow

WAIT = ("ALTER SYSTEM SET synchronous_standby_names = 'second'", "SELECT pg_reload_conf()")
REPLICA = "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'"
JOURNAL = "SELECT updateId FROM polar.polar_updates"
OPEN = """
SELECT (SELECT count(*) FROM polar.polar_updates WHERE status = 'pending')
  + (SELECT count(*) FROM polar.polar_delivery_queue WHERE status IN ('pending', 'sending'))
"""
REACTIONS = "SELECT count(*) FROM polar.polar_feedback_events WHERE type = 'reaction_added'"
CHATS = 3
BEFORE, AFTER = 60, 30


@dataclass(frozen=True, slots=True)
class Servers:
    """A primary and its replica, each by its folder and by the address of its first database."""

    folders: tuple[Path, Path]
    urls: tuple[str, str]

    @property
    def url(self) -> str:
        """Whichever of them can be written."""
        return self.one_of("read-write")

    def one_of(self, kind: str, user: str = cluster.USER) -> str:
        """The first of them that is of this kind, in libpq's words."""
        hosts = ",".join(url.partition("@")[2].partition("/")[0] for url in self.urls)
        return f"postgresql://{user}@{hosts}/postgres?target_session_attrs={kind}"


@pytest.fixture
def servers() -> Iterator[Servers]:
    """The two, in folders that their user can reach; no commit waits for the replica."""
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="polar-replica-"))) for _ in range(2)]
        for folder in folders:
            folder.chmod(0o755)
        primary = stack.enter_context(cluster.cluster(folders[0]))
        cluster.replicate(primary, folders[1], "second")
        replica = stack.enter_context(cluster.cluster(folders[1]))
        yield Servers((folders[0], folders[1]), (primary, replica))


def rows(url: str, *statements: str) -> list[tuple[object, ...]]:
    """What the last one gives, as the server's administrator sees it."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall()


def there(url: str, statement: str) -> list[tuple[object, ...]]:
    """The same, of tables that may not have arrived yet."""
    try:
        return rows(url, statement)
    except psycopg.errors.UndefinedTable:
        return []


async def synchronous(servers: Servers) -> None:
    """Let each commit wait for the replica from now on."""
    rows(servers.urls[0], *WAIT)
    await until(lambda: rows(servers.urls[0], REPLICA) == [("sync",)])


def receiver(servers: Servers) -> int:
    """The process of the replica that takes what the primary commits."""
    return int(str(rows(servers.urls[1], "SELECT pid FROM pg_stat_wal_receiver")[0][0]))


def is_promoted(url: str) -> bool:
    """Make a replica the primary, once it answers."""
    try:
        return rows(url, "SELECT pg_promote()") == [(True,)]
    except psycopg.OperationalError:
        return False
    except psycopg.errors.ObjectNotInPrerequisiteState:  # it is none any more
        return True


async def doctor(house: House, url: str) -> str:
    """What it finds about replicas."""
    process = await asyncio.create_subprocess_exec(
        *house.command("doctor", "--json"),
        cwd=CHECKOUT,
        env=house.environment(database=url),
        stdout=asyncio.subprocess.PIPE,
    )
    checks = json.loads((await process.communicate())[0])["checks"]
    return str(next(check["found"] for check in checks if check["check"] == "replicas"))


class Stream:
    """People who write in turn, each message with a number; what Telegram was told of is what is no longer pending."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._people: list[tuple[Person, Chat]] = [house.chat(f"P{number}") for number in range(CHATS)]
        self.said: dict[int, list[str]] = {chat.id: [] for _, chat in self._people}
        self.ids: list[int] = []

    def say(self, count: int) -> None:
        """So many more."""
        for _ in range(count):
            number = len(self.ids)
            person, chat = self._people[number % CHATS]
            self.ids.append(self._house.world.next_update_id)
            self.said[chat.id].append(f"n{number}e")
            self._house.world.say(chat, person, f"n{number}e")

    def acknowledged(self) -> list[int]:
        """The updates that Telegram will not tell of again."""
        return self.ids[: len(self.ids) - self._house.world.updates_pending()]

    def check(self) -> None:
        """Each has its answer, in order; what came twice is marked."""
        for _, chat in self._people:
            texts = [message["text"] for message in self._house.world.sent(chat)]
            answered = [text.removeprefix(MARK).split("echo: ")[-1] for text in texts]
            assert list(dict.fromkeys(answered)) == self.said[chat.id]
            plain = [text for text in texts if not text.startswith(MARK)]
            assert len(plain) == len(set(plain))
            assert len(texts) - len(plain) <= MOST_CLAIMED  # of these nobody knows whether they arrived


async def test_nothing_is_lost_with_the_server_when_commits_wait_for_its_replica(
    house: House, servers: Servers
) -> None:
    """Telegram is told of nothing that the replica has not got; all answers come in order, what comes twice is marked.

    Nothing that the primary commits at last reaches the replica, as when both machines lose sight of each other first.
    """
    await synchronous(servers)
    stream = Stream(house)
    first = await start_asking(house, database=servers.url, responder=ECHO)
    stream.say(BEFORE)
    await house.world.wait(lambda: len(house.world.sent()) > BEFORE // 4)
    deaf = receiver(servers)
    os.kill(deaf, signal.SIGSTOP)
    stream.say(AFTER)
    assert await doctor(house, servers.url) == "synchronous"  # takes long enough to commit all, if that were possible
    cluster.kill(servers.folders[0])
    os.kill(deaf, signal.SIGKILL)
    assert await first.wait() == 1
    with pytest.raises(DatabaseUnusable):  # a replica is no place for a bot: its service tries again
        async with house.bot(database=servers.url):
            pass
    await until(lambda: is_promoted(servers.urls[1]))
    told = stream.acknowledged()
    assert {update for (update,) in rows(servers.urls[1], JOURNAL)} >= set(told)
    async with house.bot(database=servers.url, responder=ECHO):
        stream.say(AFTER)
        await until(lambda: not house.world.updates_pending() and rows(servers.urls[1], OPEN) == [(0,)])
    stream.check()


async def test_a_replica_is_read_by_who_may_only_read(
    house: House, servers: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    """Dashboard and exports; that no commit waits for it is said at the start and by the doctor."""
    person, chat = house.chat()
    async with house.bot(database=servers.url, responder=ECHO):
        [message] = await said(house, chat, person)
        house.world.react(chat, person, message["message_id"], "👍")
        with cluster.reader(servers.urls[0]):
            await until(lambda: there(servers.urls[1], REACTIONS) == [(1,)])
            url = servers.one_of("prefer-standby", user="reader")
            page, exported = await asyncio.to_thread(read, url, house.folder)
        assert await doctor(house, servers.url) == "asynchronous"
    assert "1 replica(s), and no commit waits for any" in caplog.text
    assert "Active process" not in page  # who stands by is connected to the primary
    assert "👍" in exported


async def said(house: House, chat: Chat, person: Person) -> list[dict[str, Any]]:
    """What the bot says to a word of this person."""
    house.world.say(chat, person, "hello")
    await house.world.wait(lambda: bool(house.world.sent(chat)))
    return house.world.sent(chat)


def read(url: str, folder: Path) -> tuple[str, str]:
    """The first page of the dashboard, and the reactions that are exported."""
    with serving(url, artifacts=folder) as web:
        page = web.page("/")
    command = [sys.executable, "-m", "exports", "--database", url, "--out", str(folder)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    return page, (folder / "REACTIONS.md").read_text(encoding="utf-8")
