"""The calls of one chat, one behind the other: while one is made, that behind it is claimed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bot.sending import pipeline
from bot.sending.under_way import UnderWay
from storage.erasure import Erasure
from storage.ids import session_id_of
from storage.payloads import DeleteMessage, SendMessage
from storage.statement import Statement
from storage.tables.deliveries import Deliveries
from tests.bot.sending.queueing import Held, Rights, Units, call, queueing, under_way
from tests.house import House, until
from tests.looking import MARK, awake, idle, queue, reactions, texts
from tests.responders import ECHO

ALL = "SELECT DISTINCT status, attempts, ambiguous FROM polar_delivery_queue"
STATUS = "SELECT status FROM polar_delivery_queue WHERE deliveryId = ?"
SAY_ANOTHER = (
    """UPDATE polar_delivery_queue SET payload = '{"method":"sendMessage","text":"changed"}' WHERE deliveryId = ?"""
)


@pytest.fixture
def rights(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rights]:
    """Those that are held; in the end there are none."""
    rights = Rights(monkeypatch)
    yield rights
    assert rights.held == 0


@pytest.mark.usefixtures("rights")
async def test_while_a_call_is_made_the_next_one_is_claimed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the commit of the receipt before it; nothing more is, and nothing twice."""
    units = Units(monkeypatch)
    async with queueing(house, *"01234") as (_, chat):
        await idle(house)
    assert texts(house, chat) == ["0", "1", "2", "3", "4"]
    assert units.seen == [
        ([], ["0"]),
        (["0"], ["1", "2"]),
        (["1"], ["3"]),
        (["2"], ["4"]),
        (["3"], []),
        (["4"], []),
    ]
    assert house.rows(ALL) == [("sent", 1, 0)]


async def test_a_call_does_not_wait_for_the_receipt_before_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is being kept meanwhile; that of its own is kept behind it."""
    held, units = Held(monkeypatch, "2"), Units(monkeypatch)
    kept = units.hold(["1"], ["3"])
    async with under_way(house, held, "0", "1", "2", "3") as (_, chat):
        assert house.rows(STATUS, "1") == [("sending",)]
        held.may_go_on.set()
        await house.world.wait(lambda: texts(house, chat) == ["0", "1", "2"])
        assert house.rows(STATUS, "2") == [("sending",)]
        kept.set()
        await idle(house)
    assert units.seen == [([], ["0"]), (["0"], ["1", "2"]), (["1"], ["3"]), (["2"], []), (["3"], [])]


@pytest.mark.usefixtures("rights")
async def test_what_may_not_go_yet_is_not_claimed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receipt waits for nothing: a chat that has had its share, and a call about what was sent before."""
    units = Units(monkeypatch)
    async with queueing(house, chat_send_rate_per_second=0.5) as (bot, chat):
        await bot.app.sender.commit(call(chat, "0"), call(chat, "1", DeleteMessage(target="0")), call(chat, "2"))
        await until(lambda: units.seen[-1:] == [(["0"], [])])
        await bot.app.sender.commit(call(chat, "3"))
        assert house.rows(STATUS, "3") == [("pending",)]
    assert units.seen[:2] == [([], ["0"]), (["0"], [])]


@pytest.mark.usefixtures("rights")
async def test_who_waits_for_a_slot_gets_that_of_a_chat_whose_call_has_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though more waits in that chat: a hundred chats must not keep out all others."""
    held, others = Held(monkeypatch, "0"), Held(monkeypatch, "other")
    async with under_way(house, held, "0", "1") as (bot, chat):
        for number in range(100):
            _, other = house.chat(f"Other {number}")
            text = "last" if number == 99 else "other"
            await bot.app.sender.commit(call(other, f"{text} {number}", SendMessage(text=text)))
        held.may_go_on.set()
        await house.world.wait(lambda: texts(house, chat) == ["0", "1"])
        assert [message["text"] for message in house.world.sent()] == ["0", "last", "1"]
        others.may_go_on.set()
        await idle(house)


@pytest.mark.usefixtures("rights")
async def test_a_reply_of_parts_is_claimed_when_it_is_its_turn(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """From then on its parts go first; before, what is more urgent may still go before it."""
    held, units = Held(monkeypatch, "0"), Units(monkeypatch)
    async with under_way(house, held, "0", "1") as (bot, chat):
        await bot.app.sender.commit(call(chat, "a"), call(chat, "b", reply="a", part=1), call(chat, "2"))
        held.may_go_on.set()
        await idle(house)
    assert texts(house, chat) == ["0", "1", "a", "b", "2"]
    assert units.seen[1:] == [(["0"], ["1"]), (["1"], ["a"]), (["a"], ["b", "2"]), (["b"], []), (["2"], [])]


@pytest.mark.usefixtures("rights")
@pytest.mark.parametrize("held_at", ["0", "1"])
async def test_what_is_more_urgent_goes_first(house: House, monkeypatch: pytest.MonkeyPatch, held_at: str) -> None:
    """Though it came in while the call before it was under way, and another one was claimed already."""
    held = Held(monkeypatch, held_at)
    async with under_way(house, held, "0", "1", "2") as (bot, chat):
        await bot.app.sender.commit(call(chat, "urgent", head_start=100))
        held.may_go_on.set()
        await idle(house)
    said = ["0", "1", "2"]
    said.insert(int(held_at) + 1, "urgent")
    assert texts(house, chat) == said
    assert house.rows(ALL) == [("sent", 1, 0)]


@pytest.mark.usefixtures("rights")
@pytest.mark.parametrize("changed", ["1", "2", "3"])
async def test_what_was_changed_meanwhile_is_read_again(
    house: House, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    """Claimed or not: the receipt is kept all the same; what was to be said before, nobody hears."""
    held = Held(monkeypatch, str(int(changed) - 1))
    async with under_way(house, held, "0", "1", "2", "3") as (bot, chat):
        house.write(SAY_ANOTHER, changed)
        await bot.app.database.commit(Statement("SELECT 1"))  # by which it hears of another program's
        held.may_go_on.set()
        await idle(house)
    said = ["0", "1", "2", "3"]
    said[int(changed)] = "changed"
    assert texts(house, chat) == said
    assert house.rows(ALL) == [("sent", 1, 0)]


@pytest.mark.usefixtures("rights")
async def test_what_is_erased_while_it_is_claimed_is_not_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the bot itself, which need not hear of it from the file."""
    held = Held(monkeypatch, "1")
    async with under_way(house, held, "0", "1", "2") as (bot, chat):
        assert house.rows(STATUS, "2") == [("sending",)]
        await bot.app.database.commit(*Erasure(bot.app.database).of(str(chat.id), now_ms=1))
        held.may_go_on.set()
        await idle(house)
    assert texts(house, chat) == ["0", "1"]


@pytest.mark.usefixtures("rights")
@pytest.mark.parametrize("stopped", [[], ["2"]])
async def test_a_claim_does_not_outlast_a_call_that_hangs(
    house: House, monkeypatch: pytest.MonkeyPatch, stopped: list[str]
) -> None:
    """Who stops what is not sent yet, or erases it, finds it waiting."""
    monkeypatch.setattr(pipeline, "CLAIM_S", 0)
    held, units = Held(monkeypatch, "1"), Units(monkeypatch)
    async with under_way(house, held, "0", "1", "2", "3") as (bot, chat):
        await until(lambda: house.rows(STATUS, "2") == [("pending",)])
        rows = await bot.app.database.commit(*[Deliveries.stop(name, now_ms=0) for name in stopped])
        assert [row[0] for [row] in rows] == stopped
        held.may_go_on.set()
        await idle(house)
    assert units.seen[1] == (["0"], ["1", "2"])
    assert texts(house, chat) == [name for name in "0123" if name not in stopped]
    assert house.rows(f"{ALL} WHERE deliveryId <> '2'") == [("sent", 1, 0)]


@pytest.mark.usefixtures("rights")
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("429", ["0", "1", "2", "3"]),
        ("400:not like this", ["0", "2", "3"]),
        ("cut_after", ["0", "1", f"{MARK}1", "2", "3"]),
    ],
)
async def test_what_is_claimed_behind_a_call_that_fails_waits_for_what_becomes_of_it(
    house: House, monkeypatch: pytest.MonkeyPatch, kind: str, said: list[str]
) -> None:
    """It was not begun, so there is nothing to doubt about it."""
    held = Held(monkeypatch, "1")
    async with under_way(house, held, "0", "1", "2", "3") as (_, chat):
        house.world.fault("sendMessage", kind)
        held.may_go_on.set()
        await idle(house)
    assert texts(house, chat) == said
    assert house.rows(f"{ALL} WHERE deliveryId IN ('2', '3')") == [("sent", 1, 0)]


async def test_a_bot_that_is_told_to_end_begins_nothing_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits stays for the next start, and goes then, the claimed one too."""
    held = Held(monkeypatch, "1")
    async with under_way(house, held, "0", "1", "2", "3") as (bot, chat):
        assert house.rows(STATUS, "2") == [("sending",)]
        bot.app.sender.hold()
        held.may_go_on.set()
        await until(lambda: house.rows(STATUS, "1") == [("sent",)])
        waiting = "SELECT DISTINCT status, begun, attempts FROM polar_delivery_queue WHERE deliveryId IN ('2', '3')"
        assert house.rows(waiting) == [("pending", 0, 0)]
    async with house.bot(responder=ECHO):
        await idle(house)
    assert texts(house, chat) == ["0", "1", "2", "3"]


async def test_only_the_call_that_hangs_is_in_doubt_when_its_bot_ends(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for it any longer; what is claimed behind it was not begun."""
    held = Held(monkeypatch, "1")
    async with under_way(house, held, *"012", shutdown_seconds=0) as (_, chat):
        assert house.rows(STATUS, "2") == [("sending",)]
    assert [house.rows(STATUS, name) for name in "12"] == [[("sending",)], [("pending",)]]
    monkeypatch.undo()
    async with house.bot(responder=ECHO):
        await idle(house)
    assert texts(house, chat) == ["0", f"{MARK}1", "2"]


async def test_of_what_a_killed_process_had_claimed_all_is_repeated_in_order(house: House) -> None:
    """Each once, marked: nobody knows of either whether it arrived."""
    async with queueing(house) as (bot, chat):
        bot.app.sender.hold()
        await bot.app.sender.commit(*[call(chat, name) for name in "012"])
        house.write("UPDATE polar_delivery_queue SET status = 'sending', begun = 1 WHERE deliveryId IN ('0', '1')")
    async with house.bot(responder=ECHO):
        await idle(house)
    assert texts(house, chat) == [f"{MARK}0", f"{MARK}1", "2"]


async def test_a_group_that_moves_takes_what_is_claimed_along(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the call under way from the former id, and is sent once, where the group is now."""
    held = Held(monkeypatch, "1")
    async with house.bot(responder=ECHO, chat_send_rate_per_second=100) as bot:
        await awake(house)
        group = house.world.group("Friends", [house.world.person("Ann")], basic=True)
        await bot.app.sender.commit(*[call(group, name) for name in "0123"])
        await held.is_made.wait()
        new = house.world.migrate(group)
        await until(lambda: f"delivery {session_id_of(new.id)}" in map(asyncio.Task.get_name, asyncio.all_tasks()))
        held.may_go_on.set()
        await idle(house)
    assert (texts(house, group), texts(house, new)) == (["0"], ["1", "2", "3"])
    assert queue(house) == [("sent", 0, None)] * 4


async def test_a_reaction_waits_for_the_receipts_of_what_it_may_be_about(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the next call has begun before that is kept."""
    first, last, units = Held(monkeypatch, "echo: 0"), Held(monkeypatch, "echo: 2"), Units(monkeypatch)
    kept, waits = units.hold(["echo: 1"], []), asyncio.Event()
    settle = UnderWay.settle

    async def noted(under_way: UnderWay, session_id: str, limit_s: float) -> bool:
        waits.set()
        return await settle(under_way, session_id, limit_s)

    monkeypatch.setattr(UnderWay, "settle", noted)
    async with house.bot(responder=ECHO, chat_send_rate_per_second=100):
        await awake(house)
        ann, chat = house.chat()
        for text in "012":
            house.world.say(chat, ann, text)
        await until(lambda: len(queue(house)) == 3)
        first.may_go_on.set()
        await last.is_made.wait()
        about = house.world.sent(chat)[1]["message_id"]
        house.world.react(chat, ann, about, "👍")
        await waits.wait()
        kept.set()
        last.may_go_on.set()
        await idle(house)
    assert [event.message_id for event in reactions(house)] == [f"msg_a_{about}"]
