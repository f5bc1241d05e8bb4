"""A short run of what `make fuzz` does for long, and the judgement that finds what does not hold."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import settings

from bot.errors import BotError
from tests import WHOLE, examples
from tests.campaigns.fuzz import PARTS, Piece, chosen, pieces, read, run, work
from tests.campaigns.fuzzing import living
from tests.campaigns.fuzzing.living import alive, broken, live_alone, live_with_model
from tests.campaigns.fuzzing.remains import Left, readable
from tests.campaigns.fuzzing.rules import Broken, must, must_be_clean, must_be_stored, must_fit
from tests.campaigns.fuzzing.samples import ANN, PRIVATE, UPDATES, message
from tests.campaigns.fuzzing.stream_reading import BODIES, StreamReading
from tests.campaigns.fuzzing.update_reading import UpdateReading

HELLO = {"message": message({"text": "hello\x00"})}
LOST = {"message": message({"text": "hello", "message_id": "x"})}


@pytest.mark.parametrize("kind", ["answers", "updates"])
def test_what_was_right_once_breaks_no_rule_of_reading(kind: Any) -> None:
    """Some hundred inputs of it, at each merge."""
    assert work(Piece(kind, 0, 150, 3)).found == []


@pytest.mark.parametrize("reading", [StreamReading, UpdateReading])
def test_what_was_recorded_breaks_none_either(reading: Any) -> None:
    """Whole, as others sent it."""
    bodies = BODIES if reading is StreamReading else UPDATES
    judge = reading(random.Random(1)).judge
    for body in bodies:
        judge(body.encode("utf-8", "surrogatepass"))


class Odd:
    """Reads numbers, of which it cannot read the odd ones; of those that are large it tells too much."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def draw(self) -> bytes:
        """The next number."""
        return b"1" * next(self._numbers)

    def judge(self, body: bytes) -> None:
        """Raises what a reader must not."""
        if len(body) % 2:
            raise KeyError(body)
        must(len(body) < 10, "a number is short")


def test_each_rule_is_told_once_with_its_shortest_input() -> None:
    """And how often it was broken; what nobody declared, by where it was raised."""
    lines = read(Piece("answers", 0, 20, 1), Odd())
    assert len(lines) == 2
    assert lines[0].startswith("answers: KeyError at test_fuzz.py:")
    assert lines[0].endswith(": 10 inputs, such as b'1'")
    assert lines[1] == "answers: a number is short: 6 inputs, such as b'1111111111'"


@pytest.mark.parametrize(
    "breaking",
    [
        lambda: must_fit(2**63, "it"),
        lambda: must_fit(True, "it"),
        lambda: must_be_clean("\ud83d", "it"),
        lambda: must_be_stored({"a": float("nan")}, "it"),
        lambda: must_be_stored({"a": ["\x00"]}, "it"),
    ],
)
def test_what_no_database_holds_is_found(breaking: Any) -> None:
    """Numbers, texts and JSON."""
    with pytest.raises(Broken, match="it "):
        breaking()
    must_fit(-(2**63) + 1, "it")
    must_be_stored({"a": "\\u0000"}, "it")


def test_the_same_seed_makes_the_same_inputs() -> None:
    """However many processes share the work, as each piece draws by itself."""
    work_to_do = list(pieces(50_001, 9_000, 7))
    assert sum(piece.inputs for piece in work_to_do if piece.kind == "answers") == 25_001
    assert sum(piece.inputs for piece in work_to_do if piece.kind == "updates") == 25_000
    assert sum(piece.inputs for piece in work_to_do if piece.kind in ("alone", "with a model")) == 9_000
    assert len({(piece.kind, piece.number) for piece in work_to_do}) == len(work_to_do)
    drawn = [[UpdateReading(random.Random(seed)).draw() for _ in range(9)] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.slow
def test_processes_share_the_work() -> None:
    """And tell how much each kind was."""
    told: list[str] = []
    assert run(list(pieces(300, 0, 4)), jobs=2, tell=told.append) == []
    assert {line.partition(",")[0] for line in told} == {"answers: 150 inputs", "updates: 150 inputs"}


@pytest.mark.slow
async def test_what_was_right_once_lives_through_the_real_application(tmp_path: Path) -> None:
    """Each update comes to its end, with its row and its answer, by itself and with a model that babbles."""
    for live, folder in ((live_alone, "alone"), (live_with_model, "asking")):
        (tmp_path / folder).mkdir()
        assert await live(tmp_path / folder, updates=200, seed=5) == []


async def test_what_is_lost_is_told(tmp_path: Path) -> None:
    """Rows that are missing, that are another's, or whose update has not ended."""
    async with alive(tmp_path, 1, responder="local") as life:
        for update in (HELLO, LOST):
            life.sent[life.house.world.push(update)] = update
        await life.live(0)
    assert broken(life) == []
    number, lost = life.sent
    assert Left.of(life.house).ends == {number: "done", lost: "dead"}
    for harm, rule in harms(number):
        undo = life.house.path.read_bytes()
        life.house.write(harm)
        assert any(rule in line for line in broken(life)), harm
        life.house.path.write_bytes(undo)


async def test_what_never_comes_to_rest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the rows that are open, and what the bot is at."""
    monkeypatch.setattr(living, "IDLE_IN_S", 0.1)
    async with alive(tmp_path, 1, responder="local") as life:
        life.house.world.fault("sendMessage", "hang", times=None)
        number = life.house.world.push(HELLO)
        life.sent[number] = HELLO
        await life.live(0)
        life.house.world.clear_faults()
    why, delivery, *tasks = life.unrest
    assert why == "it never came to rest: it took too long"
    assert delivery.startswith(f"delivery update:{number}:1:0:0, sendMessage to telegram:chat:{PRIVATE['id']}, is ")
    assert any(task.startswith("the sender waits at bot/sending/told.py:") for task in tasks)
    assert broken(life)[: len(life.unrest)] == life.unrest


async def test_that_the_bot_has_ended_is_told(tmp_path: Path) -> None:
    """At once, as nothing comes to rest any more."""
    async with alive(tmp_path, 1, responder="local") as life:
        life.bot.app.supervisor.fail(BotError("nobody knows"))
        await life.live(0)
    assert life.unrest[0] == "it never came to rest: the bot has ended: nobody knows"


@pytest.mark.parametrize(("only", "parts"), [((), PARTS), (("alone",), ("alone",))])
def test_parts_of_the_work_can_be_chosen(only: tuple[str, ...], parts: tuple[str, ...]) -> None:
    """By their names; all of them where none is named."""
    assert chosen(only) == parts
    with pytest.raises(typer.BadParameter, match="unknown: others"):
        chosen((*only, "others"))


def harms(number: int) -> Iterator[tuple[str, str]]:
    """What goes wrong in a database, and how it is told."""
    yield "UPDATE polar_updates SET status = 'pending'", "is pending"
    yield "UPDATE polar_updates SET status = 'dead'", "it can be read, and is not done"
    yield f"UPDATE polar_updates SET updateId = 5 WHERE updateId = {number}", "is of nobody"
    yield "DELETE FROM polar_messages", "its text has no row"
    yield "UPDATE polar_messages SET text = 'other' WHERE role = 'user'", "says what nobody wrote"
    yield "DELETE FROM polar_delivery_queue", "nobody has answered it"
    yield "DELETE FROM polar_delivery_queue", "was not told that"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "hello"),
        ({"message_id": "42"}, None),
        ({"message_id": 2**63}, None),
        ({"chat": {"id": 5}}, None),
        ({"text": 5}, None),
        ({"from": {**ANN, "is_bot": True}}, None),
        ({"migrate_to_chat_id": -5}, None),
        ({"of_tomorrow": {"id": 5}, "entities": 5}, "hello"),
    ],
)
def test_a_text_counts_as_readable_where_nothing_is_missing(changes: dict[str, Any], text: str | None) -> None:
    """By a reading of its own, which is no part of the bot's."""
    update = {"message": {**message({"text": "hello\x00"}, PRIVATE), **changes}}
    assert readable(json.loads(json.dumps(update))) == text
    assert readable({**update, "edited_message": {}}) is None


def test_where_more_examples_are_asked_for_each_property_gets_them(request: pytest.FixtureRequest) -> None:
    """Also one that has few in the whole suite; one that has more keeps them."""
    before = settings.get_current_profile_name()
    request.addfinalizer(lambda: settings.load_profile(before))
    settings.register_profile("many", WHOLE, max_examples=300)
    settings.load_profile("many")
    assert [examples(number).max_examples for number in (15, 100, 400)] == [300, 300, 400]
    settings.load_profile("quick")
    assert [examples(number).max_examples for number in (1, 15, 100)] == [1, 3, 20]
