"""What is bad about one update or one delivery is that unit's failure, and nobody else's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from telegram.error import BadRequest

from bot.receiving import processor
from bot.sending import outcomes
from bot.sending.answers import Receipt
from bot.sending.calls import Calls
from emulator import Chat
from storage.delivery import Delivery
from tests.bot.cli.terminal import polar, printed
from tests.house import House, until
from tests.looking import MARK, awake, idle, queue, tell, texts
from tests.responders import ECHO, FAILING, HANGING

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("engine"),
    pytest.mark.filterwarnings("ignore:.*retry_after:DeprecationWarning"),
]

LATER_S = 3600.0
"""A delay that no test waits for."""
_QUEUE = """
INSERT INTO polar_delivery_queue
  (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, sequence, replyId, rank)
VALUES (?, ?, 'telegram', ?, 'pending', 0, 0, (SELECT coalesce(max(sequence), 0) + 1 FROM polar_delivery_queue), ?, 0)
"""
HELLO = '{"method":"sendMessage","text":"hello"}'
# A row of another program: it reads as a message, and no call can be made of it.
ODD = '{"method":"sendMessage","text":"odd","entities":[{"type":"bold","offset":"x","length":1}]}'
FORMATTED = '{"method":"sendMessage","text":"my secret","entities":[{"type":"bold","offset":0,"length":2}]}'


def enqueue(house: House, *rows: tuple[str, str, str]) -> None:
    """Put calls into the queue as another program would: id, session and payload of each."""
    for name, session, payload in rows:
        house.write(_QUEUE, name, session, payload, name)


def session(chat: Chat) -> str:
    """The session of a chat."""
    return f"telegram:chat:{chat.id}"


def ends(house: House) -> dict[str, tuple[Any, ...]]:
    """Status, count of failures and reason of each delivery that was put into the queue by hand."""
    rows = house.rows("SELECT deliveryId, status, failures, reason FROM polar_delivery_queue WHERE createdAtMs = 0")
    return {name: tuple(rest) for name, *rest in rows}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)
    monkeypatch.setattr(outcomes, "FIRST_DELAY_S", 0.0)


async def made(house: House) -> None:
    """A database that a bot has used."""
    async with house.bot(responder=ECHO):
        await awake(house)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("where", "payload", "reason", "failures"),
    [
        ("", ODD, "CallNotMade: TypeError", 3),
        ("webchat:1", HELLO, "ValueError", 3),
        ("telegram:chat:nobody", HELLO, "ValueError", 3),
        ("", "no JSON", "the queue holds something that is no call", 0),
    ],
)
async def test_a_row_of_which_no_call_can_be_made_fails_alone_and_for_good(
    house: House, where: str, payload: str, reason: str, failures: int
) -> None:
    """Three tries, or one where the row cannot even be read; what is behind it goes out, the next start is quiet."""
    await made(house)
    ann, chat = house.chat()
    enqueue(house, ("bad", where or session(chat), payload), ("good", session(chat), HELLO))
    for _ in range(2):
        async with house.bot(responder=ECHO) as bot:
            await idle(house)
            assert await tell(house, chat, ann, "and you?") == ["echo: and you?"]
            assert not bot.finished.done()
        assert ends(house) == {"bad": ("failed", failures, reason), "good": ("sent", 0, None)}
    assert texts(house, chat) == ["hello", "echo: and you?", "echo: and you?"]


async def test_failed_tries_are_counted_across_restarts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails at each start fails a bounded number of times, and not as often as there are starts."""
    monkeypatch.setattr(outcomes, "FIRST_DELAY_S", LATER_S)
    await made(house)
    _, chat = house.chat()
    enqueue(house, ("bad", session(chat), ODD))
    for failures in (1, 2, 3):
        async with house.bot(responder=ECHO):
            await until(lambda: ends(house)["bad"][1] == failures)  # noqa: B023
    assert ends(house)["bad"][0] == "failed"


async def test_what_is_erased_while_its_call_is_refused_stays_erased(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused call is queued again without what was refused only where the row is still what was sent."""
    await made(house)
    ann, chat = house.chat()
    in_flight, erased = asyncio.Event(), asyncio.Event()
    make = Calls.make

    async def refuse(calls: Calls, delivery: Delivery, message_id: int | None = None) -> Receipt | None:
        if not in_flight.is_set():
            in_flight.set()
            await erased.wait()
            raise BadRequest("can't parse entities")
        return await make(calls, delivery, message_id)

    monkeypatch.setattr(Calls, "make", refuse)
    enqueue(house, ("d", session(chat), FORMATTED))
    async with house.bot(responder=ECHO) as bot:
        await in_flight.wait()
        await bot.app.database.commit(*bot.app.stores.erasure.of(str(ann.id), now_ms=0))
        erased.set()
        await idle(house)
    assert texts(house, chat) == []
    assert "secret" not in str(house.rows("SELECT payload FROM polar_delivery_queue"))


async def test_a_stop_cuts_no_call_that_the_server_answers(house: House) -> None:
    """Nothing new is claimed, what is in flight ends; the rest stays queued for the next start, and nothing doubles."""
    await made(house)
    chats = [house.chat(f"P{number}")[1] for number in range(300)]
    enqueue(house, *((f"d{chat.id}", session(chat), HELLO) for chat in chats))
    house.world.fault("sendMessage", "slow", times=None, seconds=0.2)
    async with house.bot(responder=ECHO, send_rate_per_second=30, shutdown_seconds=3):
        await house.world.wait(lambda: len(house.world.sent()) >= 10)
    states = dict(house.rows("SELECT status, count(*) FROM polar_delivery_queue GROUP BY status"))
    assert states.keys() == {"sent", "pending"}
    assert len(house.world.sent()) == states["sent"] < 60
    house.world.clear_faults()
    async with house.bot(responder=ECHO):
        await idle(house)
    assert [texts(house, chat) for chat in chats] == [["hello"]] * 300


async def test_what_waits_for_its_next_try_holds_no_slot(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are answered meanwhile; what came later in the same conversation waits its turn."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", LATER_S)
    async with house.bot(responder=FAILING, answer_slots=1):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        house.world.say(chat, ann, "fail")
        house.world.say(chat, ann, "later")
        await until(lambda: house.rows("SELECT count(*) FROM polar_audit WHERE outcome = 'failed'") == [(1,)])
        house.world.say(other, bob, "hello")
        await house.world.wait(lambda: texts(house, other) == ["echo: hello"])
        assert texts(house, chat) == []


async def test_what_is_in_quarantine_holds_no_slot(house: House) -> None:
    """Those that may have ended a process run one at a time, and the others beside them."""
    async with house.bot(responder=HANGING, shutdown_seconds=0):
        suspects = [house.chat(name) for name in ("Ann", "Bob", "Cleo")]
        for person, chat in suspects:
            house.world.say(chat, person, "hang")
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates") == [(3,)])
    house.write("UPDATE polar_updates SET attempts = 1")
    async with house.bot(responder=HANGING, answer_slots=2, shutdown_seconds=0):
        dan, chat = house.chat("Dan")
        house.world.say(chat, dan, "hello")
        await house.world.wait(lambda: texts(house, chat) == ["echo: hello"])


async def test_an_answer_that_says_ok_and_breaks_off_is_not_sent_again(house: House) -> None:
    """The call had its effect, whatever else the answer would have said."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        house.world.fault("sendMessage", "garbage")
        await tell(house, chat, ann, "hello")
    assert texts(house, chat) == ["echo: hello"]
    assert queue(house) == [("sent", 0, None)]


class Mended(Exception):
    """Not yet."""


class Mending:
    """Fails until it was mended."""

    is_mended = False

    async def respond(self, turn: Any) -> str:
        """As Echo, once it was mended."""
        if not self.is_mended and turn.text.startswith("fail"):
            raise Mended("cannot say " + turn.text)
        return f"echo: {turn.text}"


mending = Mending()
MENDING = "tests.faults.test_units:mending"


@pytest.mark.usefixtures("impatient")
async def test_an_update_that_was_set_aside_is_taken_up_again_while_the_bot_runs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the last of its lane and tried never; the answer replies to its message, so that it is clear to what."""
    monkeypatch.setattr(mending, "is_mended", False)
    async with house.bot(responder=MENDING) as bot:
        ann, chat = house.chat()
        asked = house.world.say(chat, ann, "fail: my words")
        await idle(house)
        await tell(house, chat, ann, "hello")
        [fact] = printed(polar("updates", "list", "--json", database=house.location))
        assert (fact["kind"], fact["attempts"], fact["reason"]) == ("message", 3, "Mended")
        monkeypatch.setattr(mending, "is_mended", True)
        done = polar("updates", "retry", str(fact["updateId"]), database=house.location)
        assert done.exit_code == 0, done.stderr
        await house.world.wait(lambda: texts(house, chat)[-1] == "echo: fail: my words")
        await idle(house)
        assert not bot.finished.done()
    [last] = [call for call in house.world.calls if call.params.get("text") == "echo: fail: my words"]
    assert last.params["reply_parameters"]["message_id"] == asked
    [row] = house.rows(
        "SELECT sequence, status, attempts, retries FROM polar_updates WHERE updateId = ?", fact["updateId"]
    )
    assert row == (3, "done", 0, 1)


@pytest.mark.usefixtures("impatient")
async def test_an_edit_that_is_taken_up_too_late_changes_nothing_and_is_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Telegram's dates what is stored is newer; what it said stands among the former texts."""
    monkeypatch.setattr(mending, "is_mended", False)
    async with house.bot(responder=MENDING):
        ann, chat = house.chat()
        asked = house.world.say(chat, ann, "first")
        await idle(house)
        house.world.edit(chat, asked, "fail: second")
        await idle(house)
        house.write("UPDATE polar_messages SET editDate = 4000000000, text = 'third' WHERE role = 'user'")
        [fact] = printed(polar("updates", "list", "--json", database=house.location))
        monkeypatch.setattr(mending, "is_mended", True)
        sent = len(texts(house, chat))
        assert polar("updates", "retry", str(fact["updateId"]), database=house.location).exit_code == 0
        await until(lambda: house.rows("SELECT retries, status FROM polar_updates WHERE retries > 0") == [(1, "done")])
        await idle(house)
        assert len(texts(house, chat)) == sent
    assert house.rows("SELECT text FROM polar_messages WHERE role = 'user'") == [("third",)]
    assert house.rows("SELECT text FROM polar_message_revisions WHERE deliveryId IS NULL") == [("fail: second",)]


async def test_a_delivery_that_was_unclear_is_sent_again_marked(house: House) -> None:
    """While the bot runs, with the parts behind it; what was refused goes out as it was."""
    async with house.bot(responder=ECHO):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        house.world.fault("sendMessage", "cut", times=2, chat=chat)
        house.world.fault("sendMessage", "400:not like this", chat=other)
        await tell(house, chat, ann, "unclear")
        await tell(house, other, bob, "refused")
        for fact in printed(polar("deliveries", "list", "--json", database=house.location)):
            assert polar("deliveries", "retry", fact["deliveryId"], database=house.location).exit_code == 0
        await house.world.wait(lambda: bool(texts(house, chat) and texts(house, other)))
        await idle(house)
    assert texts(house, chat) == [f"{MARK}echo: unclear"]
    assert texts(house, other) == ["echo: refused"]
    stored = house.rows("SELECT telegramMessageId FROM polar_messages WHERE role = 'assistant' ORDER BY sequence")
    assert stored == [(house.world.sent(where)[0]["message_id"],) for where in (chat, other)]
