"""Things that are done a fixed time later, on a loop whose waits take no time of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.delay import Delay
from tests.clocks import LeapingLoop


def leaping(make: Callable[[], Any]) -> Any:
    """What it comes to."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(make())


def test_each_is_done_so_long_after_it_was_handed_over() -> None:
    """In order, one that comes in meanwhile as well, and again after nothing was left to do."""

    async def instants() -> list[int]:
        delay, loop, done = Delay(2.0), asyncio.get_running_loop(), list[int]()

        def do() -> None:
            done.append(round(loop.time()))
            if len(done) == 2:
                delay.add(do)

        delay.add(do)
        await asyncio.sleep(1)
        delay.add(do)
        await asyncio.sleep(9)
        delay.add(do)
        await asyncio.sleep(3)
        return done

    assert leaping(instants) == [2, 3, 5, 12]


def test_many_have_one_timer() -> None:
    """That is what it is for."""

    async def timers() -> list[int]:
        delay, loop, seen = Delay(2.0), asyncio.get_running_loop(), list[int]()
        call_at = loop.call_at

        def counted(when: float, *args: Any, **kwargs: Any) -> asyncio.TimerHandle:
            seen.append(round(when))
            return call_at(when, *args, **kwargs)

        loop.call_at = counted  # type: ignore[method-assign,assignment]
        for _ in range(1_000):
            delay.add(int)
        assert len(seen) == 1
        loop.call_at = call_at  # type: ignore[method-assign]
        await asyncio.sleep(3)
        return seen

    assert leaping(timers) == [2]


def test_one_that_fails_keeps_none_of_the_others_from_being_done() -> None:
    """Its failure is told by the loop, as of any timer."""

    async def done() -> tuple[list[str], list[str]]:
        delay, seen, failed = Delay(2.0), list[str](), list[str]()
        asyncio.get_running_loop().set_exception_handler(lambda _, told: failed.append(repr(told["exception"])))

        def fail() -> None:
            raise ValueError("this one")

        for do in (lambda: seen.append("before"), fail, lambda: seen.append("behind")):
            delay.add(do)
        await asyncio.sleep(5)
        return seen, failed

    assert leaping(done) == (["before", "behind"], ["ValueError('this one')"])
