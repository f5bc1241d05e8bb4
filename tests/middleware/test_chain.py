"""The chain is composed once a kind of turn, of the layers that say that it concerns them."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from middleware.chain import CalledTwice, KindsUndeclared, Layer, compose
from middleware.own import Own
from middleware.turn import KINDS, CallNext, Kind, Outcome, Place, Source, Turn


class Noting:
    """A layer that notes which turns come by."""

    def __init__(self, name: str, seen: list[str], *kinds: Kind) -> None:
        self.name, self.seen, self.kinds = name, seen, frozenset(kinds)

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Goes on."""
        self.seen.append(self.name)
        return await call_next(turn)


class Twice(Noting):
    """A layer with a mistake."""

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Goes on twice."""
        await call_next(turn)
        return await call_next(turn)


def turn_of(kind: Kind) -> Turn:
    """A turn with nothing in it."""
    source = Source(opening=(), failing=lambda reason: (), is_last_try=True)
    place = Place(chat_id=7, chat_type="private")
    return Turn(id="u", kind=kind, place=place, user_id="7", received_at_ms=1, source=source)


async def test_a_turn_goes_through_the_layers_that_it_concerns_in_their_order() -> None:
    """All others it goes past; at the end it is recorded."""
    seen: list[str] = []
    chain = compose(
        [Noting("outer", seen, *KINDS), Noting("talk", seen, "message"), Noting("inner", seen, "message", "reaction")]
    )
    assert (await chain(turn_of("message"))).status == "recorded"
    assert seen == ["outer", "talk", "inner"]
    seen.clear()
    await chain(turn_of("reaction"))
    assert seen == ["outer", "inner"]


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_a_middleware_of_ones_own_is_shown_every_kind(kind: Kind) -> None:
    """Whatever it is called by its author: its attributes are its own."""
    seen: list[str] = []
    chain = compose([Own(Noting("own", seen))])
    await chain(turn_of(kind))
    assert seen == ["own"]


def test_a_layer_must_say_which_kinds_concern_it() -> None:
    """Checked at composition, so that the bot does not start with a layer that is never asked, or always."""

    class Silent:
        def __call__(self, turn: Turn, call_next: CallNext) -> Awaitable[Outcome]:
            return call_next(turn)

    class Misspelt(Silent):
        kinds = frozenset({"mesage"})

    for layer in (Silent(), Misspelt()):
        with pytest.raises(KindsUndeclared, match=type(layer).__name__):
            compose([layer])  # type: ignore[list-item]


@pytest.mark.parametrize("is_own", [False, True])
async def test_no_layer_runs_the_rest_of_the_chain_twice(is_own: bool) -> None:
    """Ours as little as anybody's."""
    seen: list[str] = []
    layer: Layer = Twice("twice", seen, *KINDS)
    chain = compose([Own(layer) if is_own else layer, Noting("inner", seen, *KINDS)])
    with pytest.raises(CalledTwice):
        await chain(turn_of("message"))
    assert seen == ["inner"]
    assert (await compose([Noting("inner", seen, *KINDS)])(turn_of("message"))).status == "recorded"
