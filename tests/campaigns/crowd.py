"""People who write, react, press, edit, order, schedule and leave, each step drawn by chance."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.commands.own_data import PREFIX
from emulator import Chat, Person
from middleware.texts import say
from storage.ids import THUMB_DOWN, THUMB_UP
from tests.automating import create
from tests.campaigns.telegram import Json, Telegram
from tests.house import House
from tests.looking import idle

REGULARS, LEAVERS = 5, 2
"""Those who stay, and those who have all that is theirs erased now and then."""
EMOJI = ("👍", "👎", "🔥", "🤔", "💯")
COMMANDS = ("/ping", "/help", "/whoami", "/budget", "/tasks", "/memory", "/nonsense", "/timezone Europe/Berlin")
MANAGING = ("pause {job}", "resume {job}", "edit {job} every 2 minutes | {text}", "quiet {job} 00:00-05:00", "list")
REMEMBERED = 30
"""The newest messages of a person that are reacted to and edited."""
MOST_PENDING = 400
"""Updates that may wait at Telegram before people pause."""
ERASES_IN_S = 60.0


@dataclass(slots=True)
class Citizen:
    """A person, what was written last, and the word that stands in each text until the next erasure."""

    person: Person
    chat: Chat
    is_leaver: bool
    era: int = 0
    said: list[int] = field(default_factory=list)
    rated: list[int] = field(default_factory=list)
    """Answers with 👍 and 👎 under them, of the beginning."""
    steady_job: str = ""
    """Runs each minute, and nobody ever changes it."""
    changing_job: str = ""
    is_leaving: bool = False

    @property
    def mark(self) -> str:
        """A word that nobody else says."""
        return f"mark{self.person.id}x{self.era}y"


class Crowd:
    """Everybody. `repeatable` leaves out what depends on when the bot answers."""

    def __init__(self, house: House, world: Telegram, seed: int, *, repeatable: bool) -> None:
        self.house, self.world = house, world
        self.chance = random.Random(seed)
        self._pace = random.Random(seed)
        """Apart, so that what is done does not depend on how fast."""
        self.citizens = [self._citizen(number) for number in range(REGULARS + LEAVERS)]
        self.group = world.group("Friends", [citizen.person for citizen in self.citizens])
        self.erased: list[str] = []
        """Words of those who were told that everything of theirs is erased."""
        self.acts = 0
        self._leaving: set[asyncio.Task[None]] = set()
        self._kinds: list[tuple[int, Callable[[Citizen], None]]] = [
            (30, self._say),
            (6, self._murmur),
            (4, self._mention),
            (20, self._react),
            (10, self._press),
            (8, self._command),
            (5, self._remember),
            (3, self._show),
        ]
        if not repeatable:
            self._kinds += [(8, self._edit), (8, self._react_to_answer), (4, self._manage), (3, self._leave)]

    def _citizen(self, number: int) -> Citizen:
        person, chat = self.house.chat(f"P{number}")
        return Citizen(person, chat, is_leaver=number >= REGULARS)

    async def settle_in(self) -> None:
        """What all have once, while nothing is wrong: two answers to rate, and two jobs."""
        for text in ("hello", "hello again"):
            for citizen in self.citizens:
                self.world.say(citizen.chat, citizen.person, f"{citizen.mark} {text}")
            await idle(self.house)
            for citizen in self.citizens:
                citizen.rated.append(self.world.sent(citizen.chat)[-1]["message_id"])
        for name in ("steady_job", "changing_job"):
            for citizen, made in zip(self.citizens, await self._create_jobs(), strict=True):
                setattr(citizen, name, made)

    async def _create_jobs(self) -> list[str]:
        every = "every 1 minute"
        return await asyncio.gather(*(create(self.house, c.chat, c.person, every, c.mark) for c in self.citizens))

    async def walk(self) -> None:
        """Do something now and then, in bursts, for ever; nobody talks to a wall."""
        while True:
            if self.world.updates_pending() < MOST_PENDING:
                self.step(self._pace.randint(1, 16))
            await asyncio.sleep(0.25)

    def step(self, acts: int) -> None:
        """So many acts, at once."""
        weights = [weight for weight, _ in self._kinds]
        for _ in range(acts):
            self.acts += 1
            citizen = self.chance.choice(self.citizens)
            [(_, act)] = self.chance.choices(self._kinds, weights)
            act(citizen)

    async def part(self) -> None:
        """Wait until those who are leaving have left, or have given up."""
        await asyncio.gather(*self._leaving)

    def _text(self, citizen: Citizen) -> str:
        return f"{citizen.mark} says {self.acts}"

    def _say(self, citizen: Citizen) -> None:
        citizen.said.append(self.world.say(citizen.chat, citizen.person, self._text(citizen)))

    def _show(self, citizen: Citizen) -> None:
        self.world.send(citizen.chat, citizen.person, "photo", self._text(citizen))

    def _murmur(self, citizen: Citizen) -> None:
        self.world.say(self.group, citizen.person, self._text(citizen))

    def _mention(self, citizen: Citizen) -> None:
        if not citizen.is_leaver:  # what others are told about it in the group is not erased
            self.world.say(self.group, citizen.person, f"@polar_test_bot {self._text(citizen)}")

    def _react(self, citizen: Citizen) -> None:
        if citizen.said:
            message = self.chance.choice(citizen.said[-REMEMBERED:])
            self.world.react(citizen.chat, citizen.person, message, *self._emoji())

    def _react_to_answer(self, citizen: Citizen) -> None:
        answer = self.chance.choice(self.world.sent(citizen.chat)[-REMEMBERED:])
        self.world.react(citizen.chat, citizen.person, answer["message_id"], *self._emoji())

    def _emoji(self) -> list[str]:
        return self.chance.sample(EMOJI, self.chance.randint(0, 2))

    def _press(self, citizen: Citizen) -> None:
        answer, data = self.chance.choice(citizen.rated), self.chance.choice((THUMB_UP, THUMB_DOWN))
        self.world.press(citizen.chat, citizen.person, answer, data)

    def _command(self, citizen: Citizen) -> None:
        self.world.say(citizen.chat, citizen.person, self.chance.choice(COMMANDS))

    def _remember(self, citizen: Citizen) -> None:
        verb = self.chance.choice(("/remember", "/personality set"))
        self.world.say(citizen.chat, citizen.person, f"{verb} {self._text(citizen)}")

    def _edit(self, citizen: Citizen) -> None:
        if citizen.said:
            message = self.chance.choice(citizen.said[-REMEMBERED:])
            self.world.edit(citizen.chat, message, self._text(citizen))

    def _manage(self, citizen: Citizen) -> None:
        form = self.chance.choice((*MANAGING, "run {job}", "run {steady}"))
        names = {"job": citizen.changing_job, "steady": citizen.steady_job, "text": self._text(citizen)}
        self.world.say(citizen.chat, citizen.person, f"/automations {form.format(**names)}")

    def _leave(self, citizen: Citizen) -> None:
        if citizen.is_leaver and not citizen.is_leaving:
            citizen.is_leaving = True
            task = asyncio.create_task(self._erase(citizen))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _erase(self, citizen: Citizen) -> None:
        """Ask, press, and begin a new life at once; the old one counts as erased when that is said."""
        asked = self.world.say(citizen.chat, citizen.person, "/forget me")
        try:
            await self.world.wait(lambda: self._question(citizen, asked) is not None, ERASES_IN_S)
            question = self._question(citizen, asked)
            assert question is not None
            mark, told = citizen.mark, self._times_told(citizen)
            self.world.press(citizen.chat, citizen.person, *question)
            citizen.era += 1
            citizen.said.clear()
            await self.world.wait(lambda: self._times_told(citizen) > told, ERASES_IN_S)
            self.erased.append(mark)
        except TimeoutError:
            return  # the question or its answer was lost with a send that nobody can clear up
        finally:
            citizen.is_leaving = False

    def _question(self, citizen: Citizen, asked: int) -> tuple[int, str] | None:
        """The message that asks whether to erase, and the data of its button for yes."""
        for message in reversed(self.world.sent(citizen.chat)):
            if message["message_id"] < asked:
                return None
            for data in _buttons(message):
                if data.startswith(f"{PREFIX}:y:"):
                    return message["message_id"], data
        return None

    def _times_told(self, citizen: Citizen) -> int:
        said = say("own_data.erased")
        return sum(said in message.get("text", "") for message in self.world.sent(citizen.chat))


def _buttons(message: Json) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in rows for button in row]
