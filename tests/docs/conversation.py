"""A page that shows a conversation as a model received it: `python -m tests.docs.conversation`, or `make docs`.

It is played by the real application against the emulated Telegram and an emulated model, whose last request is shown.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.scheduling.runner import Runner
from emulator import World
from emulator.model import Answer, Exchange, Model, ModelServer
from tests.clocks import TestClock
from tests.docs.pages import DOCS
from tests.house import TOKEN, House, standing
from tests.looking import awake, idle, tell
from tests.model import to_model
from tests.pressing import last

PAGE = DOCS / "explanation" / "what-the-model-is-told.md"
HEAD = """\
<!-- Made by `make docs` from what a model was sent: tests/docs/conversation.py -->
# What the model is told

A conversation in a private chat with replies, a quote, a link, a poll, something forwarded, a reminder that came due
and a fact that the model had kept. It was played by the real application, and below is what stood in the request for
its last answer; a test plays it again, and fails where this page is no longer true. Why it is told so:
[ADR 0023](../adr/0023-one-conversation.md) and [ADR 0011](../adr/0011-the-model.md).

"""
RECEIVED = """\
## What the model received

First what is the system's: our policy (`bot/responders/model/context.py`), and below it the data that holds for all of
the conversation.

"""
TURNS = """\
Then user and assistant take turns. Each line of a user's message is one message, or something that we say about what
nobody wrote.

"""
TOOLS = """\
## What it may call

Tools, each with the texts that it takes. A person has the last word on all of them
([ADR 0031](../adr/0031-tools-of-the-model.md)). With the last message `{left_out}` was not offered, as that quotes.

"""
NAME = "Zoe"
MET = "Nice to meet you, Zoe. I will remember the figs, and that you ride a bike."
KEPT = "Zoe likes figs and rides a bike"
AIR = "🔧 The tyres want air."
POLL = {
    "id": "1",
    "type": "regular",
    "question": "Which bike next?",
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "allows_multiple_answers": False,
    "options": [{"text": bike, "voter_count": 0, "persistent_id": bike} for bike in ("a cargo bike", "a tandem")],
}
CHANNEL = {"id": -1001234567890, "type": "channel", "title": "Bicycle News"}
ORIGIN = {"type": "channel", "chat": CHANNEL, "message_id": 5, "date": 1}
QUOTE = {"text": "you ride a bike", "position": MET.index("you ride a bike"), "is_manual": True}
LINK = {"type": "text_link", "offset": 10, "length": 12, "url": "https://news.example/long-read"}


class Play:
    """One private chat, and what people see in it."""

    def __init__(self, house: House, model: Model) -> None:
        self.lines: list[tuple[str, str]] = []
        self.person, self.chat = house.chat(NAME)
        self._house, self._model = house, model
        self._number = 1000

    async def say(self, answer: str, text: str, shown: str = "{}", **fields: Any) -> dict[str, Any]:
        """A message with a text and such fields, `shown` with what one sees beside it; the bot's answer."""
        return await self.send(answer, shown.format(text), text=text, **fields)

    async def send(self, answer: str, shown: str, keeps: str = "", **fields: Any) -> dict[str, Any]:
        """Any message, of which a fact may be kept; the bot's answer."""
        self._number += 1
        tool = ("remember", json.dumps({"fact": keeps})) if keeps else None
        self._model.order(Answer(text=answer, tool=tool))
        message = {"message_id": self._number, "date": 1, "from": self.person.json(), "chat": self.chat.json()}
        self._house.world.push({"message": {**message, **fields}})
        before = len(self._house.world.sent(self.chat))
        await self._house.world.wait(lambda: len(self._house.world.sent(self.chat)) > before + bool(keeps))
        await idle(self._house)
        self.lines += [(NAME, shown), ("the bot", answer)]
        said, *notes = self._house.world.sent(self.chat)[before:]
        self.lines += [("the bot, by itself", f"{' '.join(note['text'].split())} (with a button)") for note in notes]
        return said

    async def remind(self, clock: TestClock, runner: Runner, prompt: str, said: str) -> dict[str, Any]:
        """An automation that comes due, and what the bot says then; the command has no part in the conversation."""
        await tell(self._house, self.chat, self.person, f"/automations create in 20 minutes | {prompt}")
        self._model.say(said)
        clock.advance(seconds=21 * 60)
        runner.wake()
        await self._house.world.wait(lambda: last(self._house, self.chat)["text"] == said)
        await idle(self._house)
        self.lines.append(("the bot, by itself", said))
        return last(self._house, self.chat)


async def played(house: House) -> str:
    """The page."""
    clock = TestClock()
    async with ModelServer() as server, house.bot(clock, **to_model(server)) as bot:
        await awake(house)
        play = Play(house, server.model)
        await tell(house, play.chat, play.person, "/ping")
        met = await play.say(MET, "I am Zoe. I like figs, and I ride a bike.", keeps=KEPT)
        await play.say("Figs.", "What do I like?", "(replies to the bot's first answer) {}", reply_to_message=met)
        air = await play.remind(clock, bot.app.runner, "the tyres", AIR)
        await play.say("Well done.", "I did it.", "(replies to that) {}", reply_to_message=air)
        await play.say(
            "It is about trains.", "Summarise this article", "{} (“this article” is a link)", entities=[LINK]
        )
        await play.send("A hard choice.", "(a poll: Which bike next? a cargo bike, a tandem)", poll=POLL)
        await play.say("Good news.", "Tandems are back.", "(forwarded from Bicycle News) {}", forward_origin=ORIGIN)
        quoting = "(replies to the bot's first answer, quoting “you ride a bike”) {}"
        await play.say("The tandem.", "Then which of the two?", quoting, reply_to_message=met, quote=QUOTE)
    return "".join(page(play.lines, server.model.exchanges[0], server.model.exchanges[-1]))


def page(lines: list[tuple[str, str]], first: Exchange, exchange: Exchange) -> Iterator[str]:
    """The page, bit by bit."""
    yield HEAD + "## What was said\n\n"
    yield from (f"- **{who}**: {said}\n" for who, said in lines)
    system, *rest = exchange.messages
    _, _, data = system["content"].partition("\n\n")
    yield f"\n{RECEIVED}```text\n{data}\n```\n\n{TURNS}"
    yield "\n".join(f"`{message['role']}`\n\n```text\n{message['content']}\n```\n" for message in rest)
    yield "\n" + "".join(tools(first.request["tools"], exchange.request["tools"]))


def tools(offered: list[dict[str, Any]], at_last: list[dict[str, Any]]) -> Iterator[str]:
    """What could be called at first, and what of it at last could not."""
    [left_out] = [tool["function"]["name"] for tool in offered if tool not in at_last]
    yield TOOLS.format(left_out=left_out)
    for function in (tool["function"] for tool in offered):
        yield f"### `{function['name']}`\n\n{textwrap.fill(function['description'], 120)}\n\n"
        for name, what in function["parameters"]["properties"].items():
            yield textwrap.fill(f"- `{name}`: {what['description']}", 120, subsequent_indent="  ") + "\n"
        yield "" if function is offered[-1]["function"] else "\n"


async def made() -> str:
    """The page, played in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        async with standing(World(token=TOKEN, username="polar_test_bot"), Path(folder)) as house:
            return await played(house)


if __name__ == "__main__":
    PAGE.write_text(asyncio.run(made()), encoding="utf-8")
