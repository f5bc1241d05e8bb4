"""Every task of the bot has an owner, who hears of its end."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress

import pytest

from bot import supervised
from bot.supervised import Ended, Supervisor, end
from storage.errors import StatementFailed


class Broken(Exception):
    """What goes wrong here."""


async def forever() -> None:
    """Never ends by itself."""
    await asyncio.Event().wait()


async def broken() -> None:
    """Ends with an error."""
    raise Broken


async def done() -> str:
    """Ends well."""
    return "done"


async def test_the_first_task_that_fails_is_the_reason_of_the_end() -> None:
    """What fails after it changes nothing."""
    supervisor = Supervisor()
    supervisor.keep(forever(), name="forever")
    supervisor.keep(broken(), name="the menu")
    with pytest.raises(Ended) as raised:
        await supervisor.failure
    assert isinstance(raised.value.error, Broken)
    supervisor.fail(Ended("another"))
    await supervisor.stop()
    assert supervisor.failure.exception() is raised.value


async def test_a_long_lived_task_that_returns_has_failed() -> None:
    """There is no half-alive bot: also what ends without an error is missing from then on."""
    supervisor = Supervisor()
    supervisor.keep(done(), name="menu")
    with pytest.raises(Ended, match="menu has ended"):
        await supervisor.failure
    await supervisor.stop()


async def test_a_long_lived_task_that_somebody_else_cancels_has_failed() -> None:
    """A library that cancels a task of ours ends the bot as well."""
    supervisor = Supervisor()
    supervisor.keep(forever(), name="pacing")
    [task] = [task for task in asyncio.all_tasks() if task.get_name() == "pacing"]
    task.cancel()
    with pytest.raises(Ended, match="pacing"):
        await supervisor.failure
    await supervisor.stop()


async def test_a_stop_is_no_failure() -> None:
    """It ends every long-lived task, and leaves no reason."""
    supervisor = Supervisor()
    supervisor.keep(forever(), name="kept")
    await supervisor.stop()
    assert not supervisor.failure.done()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "kept"]


async def test_what_a_short_lived_task_raises_is_a_failure_and_what_it_returns_is_told() -> None:
    """Its key is free by then, so that whoever is told may begin again."""
    supervisor = Supervisor()
    tasks = supervisor.group()
    told: list[tuple[str, bool]] = []
    tasks.start("a", done, name="a", then=lambda result: told.append((result, "a" in tasks)))
    await tasks.end(10)
    assert told == [("done", False)]
    tasks.start("a", broken, name="a again")
    with pytest.raises(Ended, match="a again has failed by Broken"):
        await supervisor.failure
    assert len(tasks) == 0
    await supervisor.stop()


async def test_a_group_is_given_time_and_then_ended() -> None:
    """What does not end in time is cancelled, and so is at once what nobody waits for."""
    tasks = Supervisor().group()
    ends: list[str] = []

    async def first() -> None:
        await asyncio.sleep(0)
        ends.append("first")

    tasks.start("first", first, name="first")
    tasks.start("second", forever, name="second")
    tasks.cancel(but={"first"})
    await tasks.end(10)
    assert ends == ["first"]
    tasks.start("stuck", forever, name="stuck")
    await tasks.end(0)
    assert len(tasks) == 0


async def words() -> None:
    """Fails by what somebody wrote."""
    raise ValueError("cannot do what Ann asked for")


async def statement() -> None:
    """Fails in SQLite."""
    raise StatementFailed("no such table: missing") from sqlite3.OperationalError


async def test_the_reason_of_an_end_holds_no_words_of_people() -> None:
    """It names the task, the kind of error and the place; what SQLite says is of us."""
    for work, said in ((words, "ValueError"), (statement, "OperationalError: no such table: missing")):
        supervisor = Supervisor()
        supervisor.keep(work(), name="the runner")
        with pytest.raises(Ended) as raised:
            await supervisor.failure
        assert str(raised.value) == f"the runner has failed by {said}"
        await supervisor.stop()


async def test_the_place_of_an_end_is_the_last_one_of_ours() -> None:
    """Not the library that was called there."""
    supervisor = Supervisor()
    supervisor.keep(supervisor.meanwhile(words()), name="the menu")
    with pytest.raises(Ended, match=r"by ValueError \(bot/supervised.py:\d+\)$"):
        await supervisor.failure
    await supervisor.stop()


async def test_what_a_start_waits_for_ends_with_what_is_kept_meanwhile() -> None:
    """A start that waits for Telegram hears that the bot cannot run any more."""
    supervisor = Supervisor()
    assert await supervisor.meanwhile(done()) == "done"
    supervisor.keep(broken(), name="the processor")
    with pytest.raises(Ended, match="the processor"):
        await supervisor.meanwhile(forever())
    await supervisor.stop()


async def test_who_stops_waiting_for_the_work_of_a_start_ends_it() -> None:
    """Nothing of it goes on by itself."""
    supervisor = Supervisor()
    start = asyncio.create_task(supervisor.meanwhile(forever()))
    await asyncio.sleep(0)
    before = asyncio.all_tasks()
    await end([start])
    assert len(asyncio.all_tasks()) == len(before) - 2
    assert not supervisor.failure.done()


async def test_a_cancellation_that_is_swallowed_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library may take the first one for something else."""
    monkeypatch.setattr(supervised, "SWALLOWED_S", 0)

    async def deaf() -> None:
        for _ in range(3):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end([task])
    assert task.done()


async def test_the_end_of_the_supervisor_is_the_end_of_every_group() -> None:
    """Also where nobody told the group to end."""
    supervisor = Supervisor()
    tasks = supervisor.group()
    tasks.start("a", forever, name="a")
    await supervisor.stop()
    assert len(tasks) == 0
