"""What is read for a turn is what somebody has said that they want to know, and no more."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.app import App
from bot.receiving.batch import FEW
from bot.receiving.envelope import read
from bot.supervised import Supervisor
from middleware.chain import compose
from middleware.incoming import Incoming, ReactionChange, Reactions
from middleware.needs import Needs
from middleware.responder import Abilities, Responder
from middleware.turn import CallNext, Kind, Level, Outcome, Place, Source, Turn
from storage.database import Database
from storage.statement import Parameters, Rows
from storage.tables.access import Permissions
from storage.tables.updates import Received
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.responders import ECHO

HERE = "tests.middleware.test_needs"
PRIVATE = {"id": 7, "type": "private"}
ACCESS, MEMORIES, PROFILES = "polar_access", "polar_memory", "polar_personality_profiles"


class Noted(Database):
    """A database that notes which tables are asked."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.asked: list[str] = []

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """As a database does."""
        self._note(sql)
        return await super().fetch(sql, params)

    async def look_up(self, sql: str, params: Parameters = ()) -> Rows:
        """As a database does."""
        self._note(sql)
        return await super().look_up(sql, params)

    def _note(self, sql: str) -> None:
        # One look-up tells besides whether the index of memories is whole.
        self.asked += re.findall(r"FROM ((?!polar_properties)\w+)", sql)[:1]


class Deaf:
    """Wants to know nothing, and answers at once."""

    abilities = Abilities(memories=False, personality=False, rights=False, is_immediate=True)

    def __init__(self, local: Responder) -> None:
        self.local = local

    async def respond(self, turn: Turn) -> str:
        """The same to everything."""
        return "what?"


class Absorbed(Deaf):
    """Says that it answers at once, and takes its time."""

    goes_on = asyncio.Event()

    async def respond(self, turn: Turn) -> str:
        """When it is let."""
        await self.goes_on.wait()
        return "oh, that"


class Knowing:
    """Answers by itself, out of what it has asked for."""

    needs = Needs(history=2, memories=True, personality=True)

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Questions alone."""
        if not turn.text.endswith("?"):
            return await call_next(turn)
        context = turn.context
        said = [message.text for message in context.history]
        return Outcome.answer(f"{context.personality} {context.memories} {said}")


class Strict:
    """Lets through what operators write; it declares nothing."""

    levels: list[Level]

    def __init__(self) -> None:
        self.levels = []

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Notes who writes."""
        self.levels.append(turn.level)
        return await call_next(turn)


class Careless(Strict):
    """Says that it does not ask who writes."""

    needs = Needs(rights=False)


knowing, strict, careless = Knowing(), Strict(), Careless()


@asynccontextmanager
async def app(house: House, **changes: Any) -> AsyncIterator[tuple[App, Noted]]:
    """The parts of a bot that does not run, so that nobody else reads."""
    database = await Noted.open(house.path, now_ms=0)
    assert isinstance(database, Noted)
    parts = App(house.settings(**changes), database, TestClock(), Supervisor(), lambda: None)
    try:
        yield parts, database
    finally:
        await parts.telegram.close()
        await database.close()


def turn_of(kind: Kind, number: int = 1, **fields: Any) -> Turn:
    """Something that Ann has written, or reacted with."""
    if kind == "reaction":
        change = ReactionChange(event_type="reaction_added", emoji="👍")
        fields["reactions"] = Reactions(telegram_message_id=number, actor="7", changes=(change,))
    else:
        fields["incoming"] = Incoming(telegram_message_id=number, kind="text", text="hello there")
    source = Source(opening=(), failing=lambda reason: (), is_last_try=True)
    place = Place(chat_id=7, chat_type="private")
    name = f"update:{number}:{number}"
    return Turn(id=name, kind=kind, place=place, user_id="7", received_at_ms=1, source=source, **fields)


@pytest.mark.parametrize(
    ("responder", "middleware", "kind", "asked"),
    [
        ("none", "", "message", []),
        ("none", "", "reaction", []),
        (f"{HERE}:Deaf", "", "message", []),
        ("local", "", "reaction", []),
        ("local", "", "message", [ACCESS, MEMORIES, PROFILES]),
        ("none", f"{HERE}:careless", "message", []),
        ("none", f"{HERE}:strict", "message", [ACCESS]),
        ("none", f"{HERE}:knowing", "reaction", []),
        ("none", f"{HERE}:knowing", "message", [ACCESS, MEMORIES, "polar_messages", PROFILES]),
        ("local", f"{HERE}:knowing", "message", [ACCESS, MEMORIES, "polar_messages", PROFILES]),
    ],
)
async def test_nothing_is_read_that_nobody_wants_to_know(
    house: House, responder: str, middleware: str, kind: Kind, asked: list[str]
) -> None:
    """Of a person who has never been here; what several want to know is read once."""
    async with app(house, responder=responder, middleware=middleware) as (parts, database):
        await compose(parts.layers)(turn_of(kind))
        assert sorted(database.asked) == asked


def written(number: int, chat: dict[str, Any], **sender: Any) -> Received:
    """A message of Ann's, as it comes in."""
    who = {"id": 7, "is_bot": False, "first_name": "Ann"} | sender
    message = {"message_id": number, "date": 1, "chat": chat, "from": who, "text": "hello there"}
    received = read(json.dumps({"update_id": number, "message": message}).encode())
    assert received is not None
    return received


@pytest.mark.parametrize(
    ("responder", "middleware", "asked"),
    [
        ("none", "", []),
        ("none", f"{HERE}:strict", [ACCESS]),
        ("local", "", [ACCESS, MEMORIES, PROFILES]),
        ("none", f"{HERE}:knowing", [ACCESS, MEMORIES, PROFILES]),
    ],
)
async def test_what_a_turn_will_ask_of_whoever_writes_is_read_while_that_is_journalled(
    house: House, responder: str, middleware: str, asked: list[str]
) -> None:
    """Its turn has to wait for none of it; who has written before is known."""
    async with app(house, responder=responder, middleware=middleware) as (parts, database):
        await parts.journal.keep([written(1, PRIVATE)])
        assert sorted(database.asked) == asked
        await compose(parts.layers)(turn_of("message"))
        assert sorted(set(database.asked) - {"polar_messages"}) == asked
        assert len(database.asked) == len(set(database.asked))
        before = list(database.asked)
        await parts.journal.keep([written(2, PRIVATE)])
        assert database.asked == before


@pytest.mark.parametrize(
    "received",
    [
        pytest.param([written(1, {"id": -5, "type": "group"})], id="it may be for others"),
        pytest.param([written(1, PRIVATE, is_bot=True)], id="nothing is read of a bot"),
        pytest.param([written(n, PRIVATE) for n in range(1, FEW + 2)], id="of many the turns read in groups"),
    ],
)
async def test_nothing_is_read_ahead_that_nobody_may_ask_for(house: House, received: list[Received]) -> None:
    """Nor what costs nothing when it is asked for."""
    async with app(house, responder="local") as (parts, database):
        await parts.journal.keep(received)
        assert database.asked == []


@pytest.mark.parametrize(("responder", "looks"), [("none", 0), ("local", 1), (ECHO, 1)])
async def test_stop_marks_are_looked_up_where_an_earlier_try_may_have_been_stopped(
    house: House, responder: str, looks: int
) -> None:
    """Of what comes in now nothing can be marked; a listener is not asked for an answer that could be stopped."""
    async with app(house, responder=responder) as (parts, database):
        chain = compose(parts.layers)
        await chain(turn_of("message"))
        assert "polar_stop_marks" not in database.asked
        await chain(turn_of("message", 2, may_be_begun=True))
        assert database.asked.count("polar_stop_marks") == looks


@pytest.mark.parametrize(("responder", "made"), [("none", 0), ("local", 0), (f"{HERE}:Deaf", 0), (ECHO, 3)])
async def test_what_answers_at_once_takes_no_task(house: House, responder: str, made: int) -> None:
    """Others take one for the answer, one that waits whether somebody stops it, and one that shows it."""
    loop, tasks = asyncio.get_running_loop(), 0

    def count(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        nonlocal tasks
        tasks += 1
        return asyncio.Task(work, loop=loop, **options)

    async with app(house, responder=responder) as (parts, _):
        chain = compose(parts.layers)
        await chain(turn_of("message"))
        loop.set_task_factory(count)
        try:
            await chain(turn_of("message", 2))
        finally:
            loop.set_task_factory(None)
    assert tasks == made


async def test_what_answers_at_once_cannot_be_stopped(house: House) -> None:
    """There is nothing that is being written; it comes when it comes."""
    Absorbed.goes_on = asyncio.Event()
    async with house.bot(responder=f"{HERE}:Absorbed"):
        ann, chat = house.chat()
        house.world.say(chat, ann, "hello")
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates") == [(1,)])
        house.world.say(chat, ann, "/stop")
        await house.world.wait(lambda: texts(house, chat) == ["I am not writing anything just now."])
        Absorbed.goes_on.set()
        await idle(house)
        assert texts(house, chat)[1:] == ["oh, that"]
    assert house.rows("SELECT * FROM polar_stop_marks") == []


async def test_a_middleware_is_told_what_it_wants_to_know_before_it_is_asked(house: House) -> None:
    """It may answer by that itself."""
    async with house.bot(responder="none", middleware=f"{HERE}:knowing"):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/personality set Be a pirate.")
        await tell(house, chat, ann, "/remember the tea is green")
        for text in ("one", "two", "three"):
            await tell(house, chat, ann, text)
        said = await tell(house, chat, ann, "which tea?")
        assert said == ["Be a pirate. ('the tea is green',) ['two', 'three']"]


async def test_a_middleware_that_declares_nothing_knows_who_writes(house: House) -> None:
    """Where everyone may come in, too, as it may let only some go on."""
    async with app(house, responder="none", middleware=f"{HERE}:strict,{HERE}:careless") as (parts, database):
        await database.commit(Permissions.grant("7", "operator", granted_by="", now_ms=0))
        await compose(parts.layers)(turn_of("message"))
    assert (strict.levels.pop(), careless.levels.pop()) == (Level.OPERATOR, Level.OPERATOR)
    async with app(house, responder="none", middleware=f"{HERE}:careless") as (parts, _):
        await compose(parts.layers)(turn_of("message", 2))
    assert careless.levels.pop() == Level.MEMBER
