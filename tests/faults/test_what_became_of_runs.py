"""A run that said something which nobody got: the ledger says that it ran, and people are told that nothing arrived."""

from __future__ import annotations

import pytest
from telegram.error import BadRequest

from bot.automations.subject import PAUSE_AFTER_FAILURES
from bot.scheduling import runner
from bot.sending.answers import Receipt
from bot.sending.calls import Calls
from emulator import Chat
from storage.delivery import Delivery
from tests.automating import HOUR, create, outcomes, pass_time
from tests.bot.cli.terminal import polar, printed
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.responders import ECHO, FAILING, LONG

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("hasty", "engine")]

REFUSED = "400:chat not found"
ENABLED = "SELECT enabled FROM polar_automation_jobs"
FAILED = "SELECT deliveryId FROM polar_delivery_queue WHERE status = 'failed'"


def told(house: House) -> list[tuple[str, str | None]]:
    """What became of what each run said, and why, in the order of the runs."""
    return house.rows(
        "SELECT told.status, told.reason FROM polar_run_events AS run JOIN polar_run_deliveries AS told "
        "USING (source, id, runId) ORDER BY run.sequence"
    )


def pauses(house: House, chat: Chat) -> int:
    """How often somebody was told that a job is paused."""
    return sum("could not be delivered" in text for text in texts(house, chat))


async def test_a_run_whose_message_was_refused_is_told_as_undelivered(house: House) -> None:
    """By the table, in the chat, and on the command line; ledger and board say that it ran."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann)
        house.world.fault("sendMessage", REFUSED)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        assert told(house) == [("undelivered", "BadRequest")]
        assert outcomes(house) == [("executed", None)]
        assert house.rows("SELECT status FROM polar_task_board") == [("done",)]
        [board] = await tell(house, chat, ann, "/tasks")
        [shown] = await tell(house, chat, ann, f"/automations show {job}")
        for text in (board, shown):
            assert "not delivered (BadRequest)" in text
        [listed] = printed(polar("automations", "list", "--json", database=house.location))
        assert (listed["last"], listed["undelivered"]) == ("executed", "BadRequest")
        await pass_time(house, bot, clock, seconds=HOUR, runs=2)
        assert told(house) == [("undelivered", "BadRequest"), ("delivered", None)]
        [shown] = await tell(house, chat, ann, f"/automations show {job}")
        assert "not delivered" not in shown


async def test_a_job_that_reaches_nobody_is_paused_and_its_owner_told_once(house: House) -> None:
    """In private, as its own chat hears nothing; what is resumed and delivered counts anew."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, private = house.chat()
        group = house.world.group("Friends", [ann])
        job = await create(house, group, ann)
        house.world.fault("sendMessage", REFUSED, times=PAUSE_AFTER_FAILURES, chat=group)
        for n in range(1, PAUSE_AFTER_FAILURES + 1):
            assert house.rows(ENABLED) == [(1,)]
            await pass_time(house, bot, clock, seconds=HOUR, runs=n)
        assert told(house) == [("undelivered", "BadRequest")] * PAUSE_AFTER_FAILURES
        assert house.rows(ENABLED) == [(0,)]
        await house.world.wait(lambda: pauses(house, private) == 1)
        await tell(house, group, ann, f"/automations resume {job}")
        await pass_time(house, bot, clock, seconds=HOUR, runs=PAUSE_AFTER_FAILURES + 1)
        house.world.fault("sendMessage", REFUSED, chat=group)
        await pass_time(house, bot, clock, seconds=HOUR, runs=PAUSE_AFTER_FAILURES + 2)
        assert house.rows(ENABLED) == [(1,)]
        assert pauses(house, private) == 1


async def test_runs_that_failed_and_runs_that_reached_nobody_count_together(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that reach nobody, then one that fails for good: the job is paused."""
    monkeypatch.setattr(runner, "FIRST_DELAY_S", 0)
    clock = TestClock()
    async with house.bot(clock, responder=FAILING) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann)
        house.world.fault("sendMessage", REFUSED, times=2)
        for n in (1, 2):
            await pass_time(house, bot, clock, seconds=HOUR, runs=n)
        await tell(house, chat, ann, f"/automations edit {job} every 1 hour | fail")
        await pass_time(house, bot, clock, seconds=HOUR, runs=3)
        assert outcomes(house) == [("executed", None), ("executed", None), ("failed", "RuntimeError")]
        assert house.rows(ENABLED) == [(0,)]
        assert "I paused" in texts(house, chat)[-1]


@pytest.mark.parametrize(("part", "status"), [(0, "undelivered"), (1, "delivered")])
async def test_a_message_is_delivered_when_one_part_of_it_has_arrived(
    house: House, monkeypatch: pytest.MonkeyPatch, part: int, status: str
) -> None:
    """The parts behind the one that fails are not sent."""
    make = Calls.make

    async def refuse(calls: Calls, delivery: Delivery, message_id: int | None = None) -> Receipt | None:
        if delivery.delivery_id.startswith("run:") and delivery.delivery_id.endswith(f":{part}"):
            raise BadRequest("chat not found")
        return await make(calls, delivery, message_id)

    monkeypatch.setattr(Calls, "make", refuse)
    clock = TestClock()
    async with house.bot(clock, responder=LONG) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, text="10")
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
    assert [row[0] for row in told(house)] == [status]
    assert len(texts(house, chat)) == 1 + part


async def test_what_is_retried_and_arrives_is_delivered_after_all(house: House) -> None:
    """By the operator's hand; unclear twice is a reason of its own."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann)
        house.world.fault("sendMessage", "cut", times=2)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        assert told(house) == [("undelivered", "unclear")]
        [(failed,)] = house.rows(FAILED)
        polar("deliveries", "retry", failed, database=house.location)
        await until(lambda: told(house) == [("delivered", None)])


async def test_what_stays_unclear_after_a_retry_ends_nothing(house: House) -> None:
    """The operators were told of it once already; the bot goes on."""
    async with house.bot(responder=ECHO, admin_telegram_ids={900}) as bot:
        office = house.world.private(house.world.person("Boss", id=900))
        ann, chat = house.chat()
        house.world.fault("sendMessage", "cut", times=3, chat=chat)
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: len(texts(house, office)) == 1)
        [(failed,)] = house.rows(FAILED)
        polar("deliveries", "retry", failed, database=house.location)
        await until(lambda: house.rows(FAILED) == [(failed,)])
        await idle(house)
        assert await tell(house, chat, ann, "and now?") == ["echo: and now?"]
        assert not bot.finished.done()
    assert len(texts(house, office)) == 1
