"""What feedback needs to know of an answer, and nobody can find out later: where it stands, and what it was made of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.responders.model.context import POLICY_VERSION
from emulator import Chat, Person
from emulator.model import Answer
from storage.ids import event_id, update_turn_id
from storage.origin import fingerprint
from tests.house import House, until
from tests.looking import awake, commands, idle, reactions, tell
from tests.model import PRICED, talk, talking
from tests.responders import ECHO

ANSWERS = "SELECT sequence, origin FROM polar_messages WHERE role = 'assistant' ORDER BY sequence"
JOURNAL = "SELECT updateId, sequence FROM polar_updates WHERE kind = 'message_reaction' ORDER BY sequence"


def origins(house: House) -> list[dict[str, Any]]:
    """What produced each message of ours, oldest first."""
    return [json.loads(origin) for _, origin in house.rows(ANSWERS)]


def print_of(house: House, personality: str) -> str:
    """The fingerprint of a personality's text in this database."""
    [(key,)] = house.rows("SELECT key FROM polar_keys WHERE purpose = 'personality'")
    return fingerprint(key, personality)


async def react(house: House, chat: Chat, person: Person, message: int, *emoji: str) -> None:
    """Give these reactions in place of the former ones, and wait until that is recorded."""
    before = len(reactions(house))
    house.world.react(chat, person, message, *emoji)
    await until(lambda: len(reactions(house)) > before)
    await idle(house)


async def test_an_event_tells_its_place_in_the_order_of_all(house: House) -> None:
    """The journal's sequence of its update, and its position within: what its id is made of; a command has one."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        [answer] = house.world.sent(chat)
        await react(house, chat, ann, answer["message_id"], "👍", "🔥")
        await react(house, chat, ann, answer["message_id"], "👎")
        await tell(house, chat, ann, "/ping")
    (update, first), (other, second) = house.rows(JOURNAL)
    expected = [(update, first, 0), (update, first, 1), *((other, second, position) for position in range(3))]
    assert [event.payload["place"] for event in reactions(house)] == [[place, n] for _, place, n in expected]
    events = house.rows("SELECT id, createdAtMs FROM polar_feedback_events WHERE type LIKE 'reaction%' ORDER BY rowid")
    for (named, at_ms), (number, place, n) in zip(events, expected, strict=True):
        assert named == event_id(update_turn_id(number, place), n, at_ms=at_ms)
    assert [event["place"] for event in commands(house)] == [[second + 1, 0]]


async def test_an_answer_tells_what_it_was_made_of(house: House) -> None:
    """Fingerprint, policy, cost, and the earlier messages that went along; the ledger takes no history over."""
    async with talking(house, **PRICED) as model:
        ann, chat = house.chat()
        await tell(house, chat, ann, "/personality set Be brief.")
        model.say("one")
        await tell(house, chat, ann, "first")
        model.say("two")
        await tell(house, chat, ann, "second")
        await react(house, chat, ann, house.world.sent(chat)[-1]["message_id"], "👍")
    _, first, second = origins(house)
    talked = "SELECT sequence FROM polar_messages WHERE text IN ('first', 'one') ORDER BY sequence"
    assert (first["history"], second["history"]) == ([], [sequence for (sequence,) in house.rows(talked)])
    assert first["policy"] == second["policy"] == POLICY_VERSION
    assert first["personality"] == second["personality"] == print_of(house, "Be brief.")
    assert sum(origin["usd"] for origin in (first, second)) > 0
    [event] = reactions(house)
    names = ("responder", "profileId", "model", "personality", "usd")
    assert event.payload["producedBy"] == {name: second[name] for name in names}


async def test_of_the_history_only_what_went_along_is_kept(house: House) -> None:
    """The limit leaves out the oldest."""
    async with talking(house, openai_context_tokens=500) as model:
        ann, chat = house.chat()
        for number in range(6):
            model.say(f"answer {number} " + "word " * 110)
            await tell(house, chat, ann, f"question {number} " + "word " * 80)
        shown = [text for _, text in talk(model.exchanges[-1])]
    kept = origins(house)[-1]["history"]
    texts = dict(house.rows("SELECT sequence, text FROM polar_messages"))
    assert 0 < len(kept) < 10
    assert [texts[sequence][:10] for sequence in kept] == [text[:10] for text in shown]


async def test_another_text_of_one_profile_is_another_personality(house: House) -> None:
    """The neutral one has a fingerprint too; a key of its own makes every database's differ."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        for text in ("Be brief.", "Be kind."):
            await tell(house, chat, ann, "hello")
            await tell(house, chat, ann, f"/personality set {text}")
        await tell(house, chat, ann, "hello")
    answered = [origin for origin in origins(house) if "responder" in origin]
    assert [origin["personality"] for origin in answered] == [
        print_of(house, text) for text in ("", "Be brief.", "Be kind.")
    ]
    assert len({origin["profileId"] for origin in answered}) == 2
    assert print_of(house, "") != fingerprint("another key", "")


async def test_what_nobody_paid_has_no_price(house: House) -> None:
    """A call whose price is not known, and an answer without a call: no number is better than 0."""
    async with talking(house, openai_model="nobody-knows-it") as model:
        ann, chat = house.chat()
        model.say("free")
        await tell(house, chat, ann, "hello")
    assert "usd" not in origins(house)[0]


@pytest.mark.parametrize("answer", [Answer(text="I", cut_after=1), Answer(text="I", finish="length")])
async def test_an_answer_that_is_not_the_whole_says_so(house: House, answer: Answer) -> None:
    """With the answer; what tells the person is not its text."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(answer)
        await tell(house, chat, ann, "hello")
    said, note = origins(house)
    assert said["ended"] == ("length" if answer.finish == "length" else "cut")
    assert note == {"beside": "openai"}


async def test_reactions_to_rows_of_an_earlier_version_are_recorded(house: House) -> None:
    """Their origins have fewer keys, or are none."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        for origin in ('{"responder":"openai","model":"m","ended":"cut"}', None):
            await tell(house, chat, ann, "hello")
            house.write("UPDATE polar_messages SET origin = ? WHERE telegramMessageId = ?", origin, last(house, chat))
            await react(house, chat, ann, last(house, chat), "👍")
    assert [event.payload["producedBy"] for event in reactions(house)] == [{"responder": "openai", "model": "m"}, {}]


def last(house: House, chat: Chat) -> int:
    """The Telegram id of the newest message of ours in a chat."""
    return int(house.world.sent(chat)[-1]["message_id"])
