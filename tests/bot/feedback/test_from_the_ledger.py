"""From what people say to a real bot, and to a model behind it, to the lines of a dataset."""

from __future__ import annotations

from typing import Any

import pytest

from bot.feedback.card import MadeDataset
from bot.feedback.making import Asked, make
from bot.feedback.pseudonyms import Pseudonyms
from emulator import Chat, Person
from emulator.model import ModelServer
from middleware.texts import say
from storage.engines import connect_readers
from tests.bot.feedback.sharing import read_lines
from tests.house import House
from tests.looking import awake, idle, tell
from tests.model import to_model
from tests.pressing import forget_me, last, press

OFFER, BUTTON = say("feedback.another.offer"), say("feedback.another.button")


async def made(house: House, *forms: str, **asked: Any) -> tuple[MadeDataset, list[list[dict[str, Any]]]]:
    """A dataset of the house, and the lines of each form."""
    readers = await connect_readers(house.path)
    try:
        out = house.folder / "set"
        done = await make(readers, Pseudonyms("key"), Asked(forms=forms, out=out, **asked))
    finally:
        await readers.close()
    return done, [read_lines(out / f"{form}-train.jsonl") for form in forms]


async def react(house: House, chat: Chat, person: Person, emoji: str) -> None:
    """To the last message."""
    house.world.react(chat, person, last(house, chat)["message_id"], emoji)
    await idle(house)


@pytest.mark.slow
async def test_a_rated_conversation_is_a_line_and_two_answers_are_a_pair(house: House) -> None:
    """What was asked of the model, with the same messages before it; leave counts from the moment it is given."""
    async with ModelServer() as server, house.bot(**to_model(server), feedback_buttons="private"):
        await awake(house)
        ann, chat = house.chat()
        server.model.say("Hi, *Ann*.", "A pen.", "A book.")
        await tell(house, chat, ann, "hello")
        await tell(house, chat, ann, "what is it?")
        await react(house, chat, ann, "👎")
        await house.world.wait(lambda: last(house, chat).get("text") == OFFER)
        await press(house, chat, ann, BUTTON, last(house, chat))
        await house.world.wait(lambda: last(house, chat).get("text") == "A book.")
        await react(house, chat, ann, "🔥")
        done, lines = await made(house, "kto", "dpo")
        assert ({reason: count for reason, count in done.dropped.items() if count}, lines) == (
            {"no_leave": 2},
            [[], []],
        )
        await tell(house, chat, ann, "/feedback share on")
        _, [kto, [pair]] = await made(house, "kto", "dpo")
        prompt = [
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "Hi, Ann."},
            {"role": "user", "content": "what is it?"},
        ]
        assert [line["prompt"] for line in (*kto, pair)] == [prompt] * 3
        assert {line["completion"][0]["content"]: line["label"] for line in kto} == {"A pen.": False, "A book.": True}
        assert (pair["chosen"][0]["content"], pair["rejected"][0]["content"]) == ("A book.", "A pen.")
        await forget_me(house, chat, ann)
        assert (await made(house, "kto", "dpo"))[1] == [[], []]


@pytest.mark.slow
async def test_what_was_edited_is_told_as_it_was(house: House) -> None:
    """An edit renews its answer, and what was said later was said after the former one."""
    async with ModelServer() as server, house.bot(**to_model(server)):
        await awake(house)
        ann, chat = house.chat()
        server.model.say("One.", "Two.", "Three.")
        await tell(house, chat, ann, "/feedback share on")
        first = house.world.say(chat, ann, "first")
        await house.world.wait(lambda: last(house, chat).get("text") == "One.")
        await tell(house, chat, ann, "second")
        await react(house, chat, ann, "👍")
        house.world.edit(chat, first, "first, edited")
        await house.world.wait(lambda: "Three." in [message["text"] for message in house.world.sent(chat)])
        await idle(house)
        [renewed] = [message for message in house.world.sent(chat) if message["text"] == "Three."]
        house.world.react(chat, ann, renewed["message_id"], "👎")
        await idle(house)
        _, [lines] = await made(house, "kto")
        told = {line["completion"][0]["content"]: [each["content"] for each in line["prompt"]] for line in lines}
        assert told == {"Two.": ["first", "One.", "second"], "Three.": ["first, edited"]}
