"""One measure for what a person causes, whatever the door: message, command, press, late edit, reaction, run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from emulator import Chat, Person
from middleware.texts import say
from tests import paid
from tests.automating import HOUR, create, ledger, pass_time
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, reactions, tell, texts
from tests.pressing import buttons, last, press, press_data
from tests.responders import ECHO

pytestmark = pytest.mark.slow

PAID = "tests.paid:Paid"
OPEN = "SELECT count(*) FROM polar_scheduler_events WHERE queue = 'scheduled' AND payload LIKE '%manual%'"


@pytest.fixture
def gate() -> Iterator[asyncio.Event]:
    """Answers wait for it."""
    paid.Paid.calls.clear()
    paid.Paid.gate = asyncio.Event()
    yield paid.Paid.gate
    paid.Paid.gate = None


async def run_button(house: House, chat: Chat, person: Person) -> tuple[int, str]:
    """A new job's message, and the data of its button that runs it now."""
    await create(house, chat, person)
    card = last(house, chat)
    [data] = [data for text, data in buttons(card).items() if "Run" in text]
    return card["message_id"], data


def answered(house: House, queries: list[str]) -> list[str]:
    """The toasts that these presses got, in order."""
    return [str(house.world.answers[query].get("text")) for query in queries if query in house.world.answers]


async def test_presses_count_like_messages_and_are_told_when_it_is_too_much(house: House) -> None:
    """A button is no way around the limit; who presses on learns it by a toast, and a message counts with presses."""
    async with house.bot(responder=PAID, rate_limit_per_minute=10):
        ann, chat = house.chat()
        message, data = await run_button(house, chat, ann)
        queries = [house.world.press(chat, ann, message, data) for _ in range(40)]
        await idle(house, updates=41)
        await until(lambda: house.rows("SELECT count(*) FROM polar_scheduler_events WHERE queue = 'retry'") == [(0,)])
        await idle(house)
        said = await tell(house, chat, ann, "hello")
        bob, other = house.chat("Bob")
        assert await tell(house, other, bob, "hello") == ["echo: hello"]
    toasts = answered(house, queries)
    assert len(ledger(house)) <= 9
    assert toasts.count(say("button.too_many")) == 10, "as many as may be asked, then silence"
    assert len(toasts) == 19
    assert said == [say("turn.too_many")]


async def test_a_job_has_one_run_by_hand_that_waits(house: House, gate: asyncio.Event) -> None:
    """While it runs one more may be asked for; a press and the command say that it waits already."""
    clock = TestClock()
    async with house.bot(clock, responder=PAID):
        ann, chat = house.chat()
        _, data = await run_button(house, chat, ann)
        job = data.rpartition(":")[2]
        runs, waits = say("automation.runs", id=job), say("automation.waits", id=job)
        card = last(house, chat)
        assert await press_data(house, chat, ann, data, card) == runs
        await until(lambda: paid.Paid.calls == ["tea"])
        clock.advance(seconds=1)
        assert [await press_data(house, chat, ann, data, card) for _ in range(3)] == [runs, waits, waits]
        assert await tell(house, chat, ann, f"/automations run {job}") == [waits]
        assert house.rows(OPEN) == [(1,)]
        gate.set()
        await until(lambda: len(ledger(house)) == 2)
        await idle(house)
    assert paid.Paid.calls == ["tea", "tea"]


async def test_late_edits_count_and_beyond_the_limit_no_former_text_is_kept(house: House) -> None:
    """What is stored is what the message says now; only its history ends."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO, rate_limit_per_minute=10):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "0")
        await idle(house, updates=1)
        clock.advance(seconds=HOUR)
        for number in range(1, 31):
            house.world.edit(chat, message, f"{number} {'x' * 3000}")
        await idle(house, updates=31)
    assert house.rows("SELECT count(*) FROM polar_message_revisions") == [(9,)]
    [(text,)] = house.rows("SELECT text FROM polar_messages WHERE role = 'user'")
    assert text.startswith("30 ")
    assert texts(house, chat) == ["echo: 0", say("turn.too_many")]


async def test_an_edit_that_changes_nothing_does_not_count(house: House) -> None:
    """Telegram sends one along with a first reaction."""
    async with house.bot(responder=ECHO, rate_limit_per_minute=3):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "same")
        await idle(house, updates=1)
        for _ in range(6):
            house.world.edit(chat, message, "same")
        await idle(house, updates=7)
        assert await tell(house, chat, ann, "hello") == ["echo: hello"]


async def test_a_reaction_that_asks_something_counts_and_is_recorded_in_any_case(house: House) -> None:
    """Disliking an automation's messages asks its owner what to do, as often as messages may be asked for."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO, rate_limit_per_minute=3) as bot:
        await awake(house)
        ann, chat = house.chat()
        await create(house, chat, ann)
        for runs in range(1, 7):
            await pass_time(house, bot, clock, seconds=HOUR, runs=runs)
        for message in house.world.sent(chat)[1:]:
            house.world.react(chat, ann, message["message_id"], "👎")
        await until(lambda: len(reactions(house)) == 6)
        await idle(house)
    asked = [text for text in texts(house, chat) if text.startswith("You did not like")]
    assert len(asked) == 2


def fill(house: House, chat: Chat, person: Person, count: int, prompt: str = "tea") -> None:
    """Give a person so many jobs in a chat."""
    for number in range(count):
        house.write(
            "INSERT INTO polar_automation_jobs (id, ownerUserId, sessionId, schedule, promptTemplate, enabled, "
            "createdAtMs, updatedAtMs) VALUES (?, ?, ?, '0 9 * * *', ?, 1, ?, 0)",
            f"{number:08x}",
            str(person.id),
            f"telegram:chat:{chat.id}",
            f"{number} {prompt}",
            number,
        )


async def test_a_list_is_one_message_however_many_automations_there_are(house: House) -> None:
    """A page of it, which says how many there are and how the next one is asked for."""
    async with house.bot():
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        fill(house, chat, ann, 100, "x" * 180)
        [first] = await tell(house, chat, ann, "/automations")
        assert len(buttons(last(house, chat))) == 40
        [second] = await tell(house, chat, ann, "/automations list 2")
        [tenth] = await tell(house, chat, ann, "/automations list 10")
        [beyond] = await tell(house, chat, ann, "/automations list 11")
        before = house.rows("SELECT count(*) FROM polar_messages WHERE role = 'assistant'")[0][0]
        for _ in range(30):
            house.world.say(chat, ann, "/automations list")
        await idle(house, updates=35)
    assert house.rows("SELECT count(*) FROM polar_messages WHERE role = 'assistant'")[0][0] - before == 30
    assert [line.split()[0] for line in first.splitlines()] == [*map(str, range(1, 11)), "Page"]
    assert "“9 xxx" in first
    assert "/automations list 2" in first
    assert "“10 xxx" in second
    assert tenth.splitlines()[-1] == say("list.page", page=10, pages=10)
    assert "10" in beyond


async def test_memories_come_in_pages_of_one_message(house: House) -> None:
    """However long the facts are: the list has their beginnings, each has its own command."""
    async with house.bot():
        ann, chat = house.chat()
        for number in range(12):
            await tell(house, chat, ann, f"/remember note {number} {'y' * 1900}")
        [first] = await tell(house, chat, ann, "/memory show")
        [second] = await tell(house, chat, ann, "/memory show 2")
        [found] = await tell(house, chat, ann, "/memory search note")
        await press(house, chat, ann, "10 👁")
        whole = texts(house, chat)[-1]
    assert len(first.splitlines()) == 11
    assert "/memory show 2" in first
    assert len(second.splitlines()) == 3
    assert len(found.splitlines()) == 10
    assert "y" * 1900 in whole


async def test_who_fills_a_groups_queue_waits_before_who_waits_for_a_first_answer(house: House) -> None:
    """A further answer of somebody whose answers wait already stands behind everybody's first."""
    async with house.bot(responder=ECHO, group_send_rate_per_minute=20):
        ann, bob, cid = (house.world.person(name) for name in ("Ann", "Bob", "Cid"))
        group = house.world.group("Friends", [ann, bob, cid])
        for number in range(30):
            house.world.say(group, ann, f"@polar_test_bot {number}")
        await until(lambda: house.rows("SELECT count(*) FROM polar_delivery_queue") == [(30,)])
        house.world.say(group, bob, "/ping")
        await until(lambda: house.rows("SELECT count(*) FROM polar_delivery_queue") == [(31,)])
        house.world.say(group, cid, "@polar_test_bot hi")
        await until(lambda: house.rows("SELECT count(*) FROM polar_delivery_queue") == [(32,)])
        order = house.rows(
            "SELECT json_extract(payload, '$.text') FROM polar_delivery_queue "
            "WHERE status = 'pending' AND begun = 0 ORDER BY rank, sequence"
        )
    said = [text for (text,) in order]
    assert said.index("pong") <= 1
    assert said.index("echo: @polar_test_bot hi") <= 2
    others = [int(text.rpartition(" ")[2]) for text in said if text[-1].isdigit()]
    assert others == sorted(others), "one person's answers keep their order"


async def test_presses_in_a_group_do_not_keep_the_others_from_being_answered(house: House) -> None:
    """However many and whatever they cause: so many answers are queued as may be asked for, others' go before them."""
    async with house.bot(responder=ECHO, group_send_rate_per_minute=20, rate_limit_per_minute=20):
        ann, bob = house.world.person("Ann"), house.world.person("Bob")
        group = house.world.group("Friends", [ann, bob])
        await create(house, group, ann)
        card = last(house, group)
        [data] = [data for text, data in buttons(card).items() if "Quiet" in text]
        for _ in range(100):
            house.world.press(group, ann, card["message_id"], data)
        await until(lambda: house.rows("SELECT count(*) FROM polar_audit WHERE kind = 'button'") == [(100,)])
        house.world.say(group, bob, "/ping")
        await until(lambda: house.rows("SELECT count(*) FROM polar_messages WHERE text = 'pong'") == [(1,)])
        waiting = house.rows(
            "SELECT json_extract(payload, '$.text') FROM polar_delivery_queue "
            "WHERE status = 'pending' AND begun = 0 AND payload LIKE '%sendMessage%' ORDER BY rank, sequence"
        )
    assert len(waiting) <= 20
    before_pong = [text for (text,) in waiting].index("pong") if ("pong",) in waiting else 0  # it may have gone already
    assert before_pong <= 1


async def test_what_strangers_send_beyond_a_small_bucket_leaves_nothing(house: House) -> None:
    """No row in the audit, none in the ledger for ever, no answer; another stranger gets a code all the same."""
    async with house.bot(access="pairing", admin_telegram_ids={1}):
        stan, chat = house.chat("Stan")
        for number in range(100):
            house.world.say(chat, stan, f"/word{number}")
        await idle(house, updates=100)
        assert house.rows("SELECT count(*) FROM polar_audit") == [(10,)]
        assert house.rows("SELECT count(*) FROM polar_feedback_events") == [(10,)]
        assert len(texts(house, chat)) == 1
        message = house.world.sent(chat)[0]["message_id"]
        query = house.world.press(chat, stan, message, "fb:+")
        await idle(house, updates=101)
        ann, other = house.chat("Ann")
        [code] = await tell(house, other, ann, "/start")
    assert query not in house.world.answers
    assert "/pair " in code


async def test_who_is_let_in_is_heard_at_once_however_much_they_sent_before(house: House) -> None:
    """The bucket is the strangers': it is asked of nobody else."""
    owner = house.world.person("Olga")
    async with house.bot(access="pairing", responder=ECHO, admin_telegram_ids={owner.id}):
        stan, chat = house.chat("Stan")
        for number in range(15):
            house.world.say(chat, stan, f"{number}")
        await idle(house, updates=15)
        [answer] = texts(house, chat)
        await tell(house, house.world.private(owner), owner, f"/pair {answer.rpartition('/pair ')[2]}")
        assert (await tell(house, chat, stan, "hello"))[-1] == "echo: hello"


async def test_the_talk_of_a_group_that_is_not_let_in_leaves_a_few_rows_only(house: House) -> None:
    """It has one bucket, however many people talk there; an admin's word is heard all the same."""
    owner = house.world.person("Olga")
    async with house.bot(access="pairing", admin_telegram_ids={owner.id}):
        people = [house.world.person(f"P{number}") for number in range(10)]
        group = house.world.group("Others", [owner, *people])
        for number in range(50):
            house.world.say(group, people[number % 10], f"talk {number}")
        await idle(house, updates=50)
        assert house.rows("SELECT count(*) FROM polar_audit") == [(10,)]
        assert await tell(house, group, owner, "/pair") == [say("access.group_in")]


async def test_one_person_has_a_few_open_proposals_the_oldest_lapse(house: House) -> None:
    """The newest can be agreed to; a press of one that has lapsed says so."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        for number in range(30):
            house.world.say(chat, ann, f"remind me every day at 18:00 to water plant {number}")
        await idle(house, updates=30)
        assert house.rows("SELECT count(*) FROM polar_proposals WHERE status = 'open'") == [(20,)]
        first, newest = house.world.sent(chat)[0], house.world.sent(chat)[-1]
        toasts = [await press_data(house, chat, ann, buttons(card)["✅ Create"], card) for card in (first, newest)]
    assert toasts == [say("button.out_of_date"), say("proposal.created")]


async def test_telegram_is_asked_of_a_few_custom_emoji_a_person_and_minute(house: House) -> None:
    """Every reaction is recorded; one that nobody was asked about is neutral."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "hello")
        await idle(house, updates=1)
        for number in range(100):
            house.world.react(chat, ann, message, {"type": "custom_emoji", "custom_emoji_id": str(number)})
        await until(lambda: len(reactions(house)) == 199)
        asked = sum(call.method == "getCustomEmojiStickers" for call in house.world.calls)
        assert 30 <= asked <= 60  # the minute goes on meanwhile, and on a busy machine a part of it does
        bob = house.world.person("Bob")
        house.world.custom_emoji("bob", "👎")
        group = house.world.group("Friends", [bob])
        said = house.world.say(group, bob, "hi")
        house.world.react(group, bob, said, {"type": "custom_emoji", "custom_emoji_id": "bob"})
        await until(lambda: len(reactions(house)) == 200)
    assert reactions(house)[-1].emoji == "👎"


async def test_an_emoji_that_telegram_knows_nothing_of_is_asked_about_once_a_day(house: House) -> None:
    """That there is no answer is an answer, for a while."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "hello")
        unknown = {"type": "custom_emoji", "custom_emoji_id": "77"}
        for count in range(1, 6):
            house.world.react(chat, ann, message, *([unknown] if count % 2 else []))
            await until(lambda: len(reactions(house)) == count)  # noqa: B023 - awaited within the round
        asked = [call for call in house.world.calls if call.method == "getCustomEmojiStickers"]
        assert len(asked) == 1
        house.world.custom_emoji("77", "👎")
        clock.advance(seconds=25 * HOUR)
        house.world.react(chat, ann, message)
        await until(lambda: len(reactions(house)) == 6)
    assert reactions(house)[-1].emoji == "👎"
