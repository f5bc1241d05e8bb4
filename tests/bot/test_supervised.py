"""Every task of the bot has an owner, who hears of its end."""

from __future__ import annotations

import asyncio

import pytest

from bot.supervised import Ended, Supervisor


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
    supervisor.keep(broken(), name="broken")
    with pytest.raises(Broken):
        await supervisor.failure
    supervisor.fail(Ended("another"))
    await supervisor.stop()
    assert isinstance(supervisor.failure.exception(), Broken)


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
    await tasks.drain(10)
    assert told == [("done", False)]
    tasks.start("a", broken, name="a again")
    with pytest.raises(Broken):
        await supervisor.failure
    assert len(tasks) == 0
    await supervisor.stop()


async def test_a_group_is_given_time_and_then_ended() -> None:
    """What begins while it is drained is waited for too; what does not end in time is cancelled."""
    tasks = Supervisor().group()
    ends: list[str] = []

    async def first() -> None:
        tasks.start("second", second, name="second")
        ends.append("first")

    async def second() -> None:
        await asyncio.sleep(0)
        ends.append("second")

    tasks.start("first", first, name="first")
    await tasks.drain(10)
    assert ends == ["first", "second"]
    tasks.start("stuck", forever, name="stuck")
    await tasks.end(0)
    assert len(tasks) == 0
