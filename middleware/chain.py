"""Composing layers into one callable."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol, runtime_checkable

from middleware.failures import MiddlewareError
from middleware.turn import KINDS, RECORDED, CallNext, Kind, Middleware, Outcome, Turn


class Layer(Protocol):
    """A middleware of the chain, and the kinds of turn that concern it: any other goes past it."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """Asked once, when the chain is composed."""
        ...

    def __call__(self, turn: Turn, call_next: CallNext) -> Awaitable[Outcome]:
        """As any middleware."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A layer that reads something of whoever writes."""

    def read_ahead(self, user_id: str, session_id: str) -> None:
        """Begin to read what it will ask for when somebody's message is handled; returns at once."""


class CalledTwice(MiddlewareError):
    """A middleware called `call_next` a second time, which would run the rest of the chain twice."""

    def __init__(self, middleware: Middleware) -> None:
        super().__init__(f"{middleware!r} called call_next a second time")


class KindsUndeclared(MiddlewareError):
    """A layer does not say which kinds of turn concern it, or names one that there is not."""

    def __init__(self, layer: object) -> None:
        super().__init__(f"{type(layer).__name__} must declare `kinds`, a frozenset of {', '.join(sorted(KINDS))}")


async def _end(turn: Turn) -> Outcome:
    return RECORDED


def compose(layers: Sequence[Layer]) -> CallNext:
    """The chain as one callable, the first layer outermost: for each kind of turn, the layers that it concerns.

    Raises KindsUndeclared.
    """
    for layer in layers:
        kinds = getattr(layer, "kinds", None)
        if not isinstance(kinds, frozenset) or not kinds <= KINDS:
            raise KindsUndeclared(layer)
    chains = {kind: _chain(layer for layer in layers if kind in layer.kinds) for kind in KINDS}

    def run(turn: Turn) -> Awaitable[Outcome]:
        return chains[turn.kind](turn)

    return run


def _chain(layers: Iterable[Layer]) -> CallNext:
    chain: CallNext = _end
    for layer in reversed(tuple(layers)):
        chain = _wrap(layer, chain)
    return chain


def _wrap(middleware: Middleware, following: CallNext) -> CallNext:
    # Plain functions: a coroutine more around each layer costs as much again as the layer's own.
    def run(turn: Turn) -> Awaitable[Outcome]:
        called = False

        def call_next(turn: Turn) -> Awaitable[Outcome]:
            nonlocal called
            if called:
                raise CalledTwice(middleware)
            called = True
            return following(turn)

        return middleware(turn, call_next)

    return run
