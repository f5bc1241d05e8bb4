"""Calls of tools, whatever a model makes of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from bot.responders.model.calls import ToolCall
from bot.responders.model.tools import MOST_KEPT, Bench
from middleware.responder import KeptFact, NotProposed
from middleware.texts import say
from middleware.turn import Reply, Turn
from storage.tables.memories import Memory
from tests.turns import turn_of


class Doors:
    """Both doors of a responder: what came through them, in order."""

    def __init__(self, *, may: bool = True) -> None:
        self.came: list[str] = []
        self._may = may

    async def now_of(self, turn: Turn) -> datetime:
        """Any time."""
        return datetime(2026, 1, 1)

    async def automation(self, turn: Turn, *, schedule: str, prompt: str) -> Reply:
        """A proposal, unless it is for never."""
        self.came.append(f"{schedule} {prompt}")
        if schedule == "never":
            raise NotProposed("never is no time")
        return Reply(text=f"Shall I? {prompt}", by="polar")

    async def reminder(self, turn: Turn) -> Reply:
        """No model asks for that."""
        raise AssertionError

    async def answered(self, turn: Turn) -> Reply | None:
        """Nor for that."""
        raise AssertionError

    def may_keep(self, turn: Turn) -> bool:
        """As the test says."""
        return self._may

    async def keep(self, turn: Turn, fact: str, *, besides: Sequence[KeptFact]) -> KeptFact | None:
        """Each once."""
        self.came.append(fact)
        return None if fact in [each.fact for each in besides] else KeptFact(fact, fact)

    async def find(self, turn: Turn, words: str) -> Sequence[Memory]:
        """Nothing."""
        self.came.append(words)
        return []


def bench(doors: Doors) -> Bench:
    """Of a turn in private."""
    return Bench(turn_of("hello"), doors, doors)


def call(name: str, **arguments: Any) -> ToolCall:
    """A call with such arguments."""
    return ToolCall(name=name, arguments=json.dumps(arguments))


async def told(working: Bench, *calls: ToolCall) -> list[dict[str, str]]:
    """What a model is told of its calls."""
    return [json.loads(message["content"]) for message in (await working.work(calls))[1:]]


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "not json",
        "[]",
        "null",
        "9" * 5000,
        "[" * 100_000,
        "{}",
        '{"fact": null}',
        '{"fact": ["x"]}',
        '{"facts": "x"}',
        '{"fact": {"fact": "x"}}',
    ],
)
@pytest.mark.parametrize("name", ["remember", "forget"])
async def test_arguments_that_are_no_texts_go_through_no_door(name: str, arguments: str) -> None:
    """And the model learns what is expected; the person, that there was something."""
    doors = Doors()
    working = bench(doors)
    [result] = await told(working, ToolCall(name=name, arguments=arguments))
    assert result == {"error": f"{name} takes an object with `fact`, as texts"}
    assert len(working.unusable) == 1
    assert (doors.came, working.replies) == ([], ())


@pytest.mark.parametrize("name", ["", "remember ", "polar.erase", "run", "x" * 1000])
async def test_a_tool_that_there_is_not_does_nothing(name: str) -> None:
    """Nothing is said of it either."""
    working = bench(Doors())
    [result] = await told(working, call(name, fact="x", schedule="y", prompt="z"))
    assert "no such tool" in result["error"]
    assert (working.replies, working.unusable) == ((), ())


async def test_what_was_not_offered_is_not_there() -> None:
    """Whoever calls it all the same keeps nothing."""
    doors = Doors(may=False)
    [result] = await told(bench(doors), call("remember", fact="x"))
    assert "no such tool" in result["error"]
    assert doors.came == []


async def test_texts_come_through_clean() -> None:
    """Whatever JSON may hold."""
    doors = Doors()
    await told(
        bench(doors), call("remember", fact="a\ud800\x00b"), call("propose_automation", schedule="\x00s", prompt="p")
    )
    assert doors.came == ["a\ufffdb", "s p"]


async def test_few_are_kept_whatever_is_called_and_one_is_proposed() -> None:
    """Those that are known do not count."""
    doors = Doors()
    working = bench(doors)
    calls = [call("remember", fact=f"fact {number // 3}") for number in range(1000)]
    await told(working, *calls, *[call("propose_automation", schedule="s", prompt=f"{n}") for n in range(5)])
    assert len(doors.came) < 3 * MOST_KEPT + 2
    assert [reply.text for reply in working.replies] == [
        say("memory.noted_these", facts="1 fact 0\n2 fact 1\n3 fact 2"),
        "Shall I? 0",
    ]
    assert (working.unusable, working.is_done) == ((), True)


async def test_what_could_not_be_done_is_said_of_the_last_answer_alone() -> None:
    """As the model had another say before; the same is said once."""
    working = bench(Doors())
    await told(working, call("remember"), call("remember"), call("forget", fact="x"))
    assert [reply.text for reply in working.unusable] == [say("model.unkept"), say("memory.not_found")]
    await told(working, call("propose_automation", schedule="never", prompt="x"))
    assert [reply.text for reply in working.unusable] == [say("model.unscheduled", why="never is no time")]
    await told(working, call("remember", fact="x"))
    assert working.unusable == ()
