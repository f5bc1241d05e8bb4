"""Composing middleware into one callable."""

from __future__ import annotations

from collections.abc import Sequence

from middleware.failures import MiddlewareError
from middleware.turn import CallNext, Middleware, Outcome, Turn


class CalledTwice(MiddlewareError):
    """A middleware called `call_next` a second time, which would run the rest of the chain twice."""

    def __init__(self, middleware: Middleware) -> None:
        super().__init__(f"{middleware!r} called call_next a second time")


async def _end(turn: Turn) -> Outcome:
    return Outcome(status="recorded")


def compose(middlewares: Sequence[Middleware], end: CallNext = _end) -> CallNext:
    """The chain as one callable, the first middleware outermost."""
    chain = end
    for middleware in reversed(middlewares):
        chain = _wrap(middleware, chain)
    return chain


def _wrap(middleware: Middleware, following: CallNext) -> CallNext:
    async def run(turn: Turn) -> Outcome:
        called = False

        async def call_next(turn: Turn) -> Outcome:
            nonlocal called
            if called:
                raise CalledTwice(middleware)
            called = True
            return await following(turn)

        return await middleware(turn, call_next)

    return run
