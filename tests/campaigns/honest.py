"""Twenty people who ask, react, press and edit at their pace, and how long each of them waits for an answer."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator import Chat, Person, World
from emulator.state.calls import Call
from storage.ids import THUMB_DOWN, THUMB_UP
from tests.campaigns.bounds import IN_GROUP
from tests.house import TOKEN

PEOPLE = 20
ACTS_A_SECOND = 3.0
ANSWERED_IN_S = 90.0
"""After that an answer is lost."""
REMEMBERED = 10
QUESTION = "what should one know about the weather of this week in the north of the country"
EMOJI = ("👍", "👎", "🔥", "🤔")


@dataclass(slots=True, eq=False)
class Question:
    """What somebody waits for: a message in this chat that holds this text, or that a press is answered."""

    kind: str
    chat: int
    text: str
    asked_s: float
    waited_s: float | None = None
    """None until it is answered."""


class Witness(World):
    """A Telegram that sees when what somebody waits for arrives."""

    def __init__(self) -> None:
        super().__init__(TOKEN, "polar_test_bot")
        self.questions: list[Question] = []
        self.rated: dict[int, deque[int]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        """The newest answers of each chat that have buttons."""
        self.bytes_told = 0
        """Of all updates."""
        self._waiting: dict[int, list[Question]] = defaultdict(list)

    def push(self, update: Any) -> int:
        """As State has it."""
        self.bytes_told += len(json.dumps(update))
        return super().push(update)

    def ask(self, kind: str, chat: int, text: str) -> Question:
        """Somebody waits from now on."""
        question = Question(kind, chat, text, time.monotonic())
        self.questions.append(question)
        self._waiting[chat].append(question)
        return question

    def answer(self, question: Question) -> None:
        """It has arrived."""
        question.waited_s = time.monotonic() - question.asked_s
        self._waiting[question.chat].remove(question)

    def withdraw(self, question: Question) -> None:
        """Nobody waits for it any more."""
        self.questions.remove(question)
        self._waiting[question.chat].remove(question)

    def settle(self, call: Call, reply: Any, result: Any, logged: bool = True) -> Call:
        """As State has it."""
        settled = super().settle(call, reply, result, logged)
        if settled.status == 200:
            self._look(settled.params, settled.result)
        return settled

    @property
    def unanswered(self) -> list[Question]:
        """Those that wait."""
        return [question for questions in self._waiting.values() for question in questions]

    def _look(self, params: Mapping[str, Any], result: Any) -> None:
        chat = int(params.get("chat_id", 0))
        said = str(params.get("callback_query_id") or params.get("text") or params.get("caption") or "")
        if "reply_markup" in params and isinstance(result, dict):
            self.rated[chat].append(int(result["message_id"]))
        answered = next((question for question in self._waiting.get(chat, ()) if question.text in said), None)
        if answered is not None:
            self.answer(answered)


@dataclass(slots=True, eq=False)
class Neighbour:
    """A person, and the newest messages of the chat with the bot."""

    person: Person
    chat: Chat
    said: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


class Honest:
    """All of them. What they do, and when, depends on the seed alone."""

    def __init__(self, world: Witness, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        people = [world.person(f"P{number}") for number in range(PEOPLE)]
        self.people = [Neighbour(person, world.private(person)) for person in people]
        self.group = world.group("Friends", people)
        self._acts = 0
        self._turns = self._in_turn()
        self._kinds: tuple[tuple[int, Callable[[Neighbour], None]], ...] = (
            (50, self._say),
            (14, self._command),
            (10, self._press),
            (17, self._react),
            (6, self._edit),
            (3, self._mention),
        )

    def _in_turn(self) -> Iterator[Neighbour]:
        """Everybody, again and again, so that nobody says two things at once that are answered as one."""
        while True:
            yield from self.people

    def settle_in(self) -> None:
        """Everybody has a question."""
        for neighbour in self.people:
            self._say(neighbour)

    async def live(self, seconds: float) -> None:
        """Act at a steady pace, then wait for what was asked."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        weights = [weight for weight, _ in self._kinds]
        for number in range(round(seconds * ACTS_A_SECOND)):
            await asyncio.sleep(began_s + number / ACTS_A_SECOND - loop.time())
            [(_, act)] = self.chance.choices(self._kinds, weights)
            act(next(self._turns))

    async def rest(self) -> None:
        """Wait until everything is answered, or lost."""
        try:
            await self.world.wait(lambda: not self.world.unanswered, ANSWERED_IN_S)
        except TimeoutError:
            return

    def _word(self) -> str:
        self._acts += 1
        return f"ask{self._acts}x"

    def _say(self, neighbour: Neighbour) -> None:
        word = self._word()
        self.world.ask("message", neighbour.chat.id, word)
        neighbour.said.append(self.world.say(neighbour.chat, neighbour.person, f"{word} {QUESTION}"))

    def _mention(self, neighbour: Neighbour) -> None:
        word = self._word()
        self.world.ask(IN_GROUP, self.group.id, word)
        self.world.say(self.group, neighbour.person, f"@polar_test_bot {word} {QUESTION}")

    def _command(self, neighbour: Neighbour) -> None:
        self.world.ask("command", neighbour.chat.id, "pong")
        self.world.say(neighbour.chat, neighbour.person, "/ping")

    def _press(self, neighbour: Neighbour) -> None:
        rated, data = self.world.rated[neighbour.chat.id], self.chance.choice((THUMB_UP, THUMB_DOWN))
        if rated:
            self.world.ask("press", 0, self.world.press(neighbour.chat, neighbour.person, rated[-1], data))

    def _react(self, neighbour: Neighbour) -> None:
        message, emoji = self.chance.choice(neighbour.said), self.chance.choice(EMOJI)
        self.world.react(neighbour.chat, neighbour.person, message, emoji)

    def _edit(self, neighbour: Neighbour) -> None:
        """The oldest of those remembered, which was answered long ago."""
        self._acts += 1
        self.world.edit(neighbour.chat, neighbour.said[0], f"edited {self._acts} {QUESTION}")
