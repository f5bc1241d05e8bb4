"""A part of the operator's own fails: its place is told at once, kept with what was set aside, and goes with that."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bot.logs import Lines
from bot.receiving import processor
from bot.redaction import Redaction
from bot.sending import outcomes
from bot.sending.calls import CallNotMade, Calls
from middleware.turn import Reply, Turn
from tests.automating import create, ledger
from tests.bot.cli.terminal import polar, printed
from tests.clocks import TestClock
from tests.house import House, until

HERE = "tests.faults.test_own_code"
PLACE = 'File "tests/faults/test_own_code.py", line {}, in respond'


class Mistaken:
    """Calls ours as nobody can, or fails by what it was told; answers “tea”."""

    async def respond(self, turn: Turn) -> Reply:
        """Fails, or a reply."""
        if turn.text.startswith("say"):
            raise ValueError(turn.text)
        if turn.text.startswith("tea"):
            raise TypeError(f"no such leaf: {turn.text}")
        return Reply("hello")  # type: ignore[call-arg]


mistaken = Mistaken()
LINE = Mistaken.respond.__code__.co_firstlineno + 6


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Any:
    """The lines as the log has them."""
    lines = Lines("console", Redaction())

    def read() -> str:
        return "\n".join(map(lines.format, caplog.records))

    caplog.set_level(logging.INFO, "polar")
    return read


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once."""
    for room in (processor, outcomes):
        monkeypatch.setattr(room, "FIRST_DELAY_S", 0.0)


def failures(house: House) -> int:
    """The number of tries that have failed."""
    return len(house.rows("SELECT 1 FROM polar_audit WHERE outcome = 'failed'"))


async def dead(house: House, text: str) -> None:
    """Somebody writes what cannot be answered, until it was set aside."""
    ann, chat = house.chat()
    house.world.say(chat, ann, text)
    await until(lambda: bool(house.rows("SELECT 1 FROM polar_updates WHERE status = 'dead'")))


async def test_a_mistake_is_told_at_its_first_try(house: House, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Type, words and the line of one's own file, with the turn that it concerns; none of the layers before it."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 3600.0)
    async with house.bot(responder=f"{HERE}:mistaken"):
        ann, chat = house.chat()
        house.world.say(chat, ann, "hello")
        await until(lambda: "failed at try 1" in told())
    assert PLACE.format(LINE) in told()
    assert 'return Reply("hello")' in told()
    assert "TypeError: Reply.__init__() takes 1 positional argument but 2 were given" in told()
    assert "failed at try 1: TypeError" in told()
    assert "middleware/audit.py" not in told()
    [(turn,)] = house.rows("SELECT DISTINCT turnId FROM polar_audit")
    assert f"message failed trace={turn} " in told()


@pytest.mark.usefixtures("impatient")
async def test_what_somebody_wrote_is_in_no_line_and_no_row(house: House, told: Any) -> None:
    """Though the error quotes it: its type and its place say enough."""
    async with house.bot(responder=f"{HERE}:mistaken"):
        await dead(house, "say nothing of it")
    [(traceback, reason)] = house.rows("SELECT traceback, reason FROM polar_updates")
    assert traceback.splitlines()[-1] == reason == "ValueError"
    assert "raise ValueError(turn.text)" in traceback
    assert "nothing of it" not in traceback + told()


@pytest.mark.usefixtures("engine", "impatient")
async def test_with_a_persons_words_goes_what_their_update_failed_by(house: House) -> None:
    """Python's own words may quote them."""
    async with house.bot(responder=f"{HERE}:mistaken") as bot:
        await dead(house, "tea for Ann")
        assert "tea for Ann" in house.rows("SELECT traceback FROM polar_updates")[0][0]
        [(sender,)] = house.rows("SELECT userId FROM polar_audit LIMIT 1")
        await bot.app.database.commit(*bot.app.stores.erasure.of(sender, now_ms=0))
    assert house.rows("SELECT reason, traceback FROM polar_updates") == [("erased", None)]


@pytest.mark.usefixtures("engine", "impatient")
async def test_an_update_is_shown_with_where_it_failed_until_it_is_tried_again(house: House) -> None:
    """By the command, also for programs."""
    async with house.bot(responder=f"{HERE}:mistaken"):
        await dead(house, "hello")
    [(update,)] = house.rows("SELECT updateId FROM polar_updates WHERE status = 'dead'")
    shown = polar("updates", "show", str(update), database=house.location).stdout
    assert f"  {PLACE.format(LINE)}" in shown
    assert "  TypeError: Reply.__init__()" in shown
    fact = printed(polar("updates", "show", str(update), "--json", database=house.location))
    assert fact["traceback"][-1].startswith("TypeError: ")
    assert polar("updates", "retry", str(update), database=house.location).exit_code == 0
    assert house.rows("SELECT status, traceback FROM polar_updates") == [("pending", None)]


@pytest.mark.alike
@pytest.mark.usefixtures("engine", "impatient")
@pytest.mark.parametrize("before", [True, False], ids=["before the call", "behind it"])
async def test_a_delivery_that_fails_by_a_fault_of_ours_keeps_its_place(
    house: House, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """Whether it was made or not; it goes when the delivery is tried again."""

    async def fail(*_: Any) -> None:
        error = AttributeError("no such call")
        if before:
            raise CallNotMade from error
        raise error

    monkeypatch.setattr(Calls, "make", fail)
    async with house.bot():
        ann, chat = house.chat()
        house.world.say(chat, ann, "/ping")
        await until(lambda: bool(house.rows("SELECT 1 FROM polar_delivery_queue WHERE status = 'failed'")))
    [(delivery,)] = house.rows("SELECT deliveryId FROM polar_delivery_queue")
    shown = polar("deliveries", "show", delivery, database=house.location).stdout
    assert "  AttributeError: no such call" in shown
    assert polar("deliveries", "retry", delivery, database=house.location).exit_code == 0
    assert house.rows("SELECT status, traceback FROM polar_delivery_queue") == [("pending", None)]


@pytest.mark.usefixtures("engine", "hasty")
async def test_a_run_that_was_set_aside_keeps_its_place(house: House) -> None:
    """The command shows it; erasing its owner's data removes it, as an error's words may be that person's."""
    clock = TestClock()
    async with house.bot(clock, responder=f"{HERE}:mistaken") as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, text="tea")
        for tries, seconds in enumerate((3600, 120, 120)):
            await until(lambda: failures(house) == tries)  # noqa: B023
            clock.advance(seconds=seconds)
            bot.app.runner.wake()
        await until(lambda: bool(ledger(house)))
        failed = polar("automations", "failed", "--json", database=house.location)
        [fact] = printed(failed)
        assert fact["traceback"][-1] == "TypeError: no such leaf: tea"
        shown = polar("automations", "failed", fact["run"], database=house.location).stdout
        assert "  TypeError: no such leaf: tea" in shown.splitlines()
        assert polar("automations", "failed", "elsewhere", database=house.location).exit_code == 1
        await bot.app.database.commit(*bot.app.stores.erasure.of(str(ann.id), now_ms=clock()))
    [(payload,)] = house.rows("SELECT payload FROM polar_scheduler_events WHERE queue = 'dead_letter'")
    assert "leaf" not in payload
    assert '"reason":"TypeError"' in payload
