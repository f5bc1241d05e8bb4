"""What a call costs: settings first, then the library that came with us, else nothing, and said so."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from bot.responders.model.prices import Prices, Usage

OPENAI = "https://api.openai.com/v1"
GATEWAY = "http://127.0.0.1:4000/v1"
AT_MS = 1_795_000_000_000
USAGE = Usage(input=1_000_000, output=100_000)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a price was looked up on the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize(
    ("model", "url"),
    [("gpt-4o-mini", OPENAI), ("gpt-4o-mini", GATEWAY), ("openai/gpt-4o-mini", GATEWAY)],
)
def test_a_known_model_has_its_price(model: str, url: str) -> None:
    """By the endpoint's address, or, behind a gateway, by the model's name."""
    assert Prices(model=model, base_url=url).cost(USAGE, at_ms=AT_MS) == pytest.approx(0.15 + 0.06)


def test_what_the_endpoint_knew_already_costs_less() -> None:
    """Where the library knows such a price."""
    prices = Prices(model="gpt-4o-mini", base_url=OPENAI)
    assert prices.cost(Usage(input=1_000_000, cached=1_000_000), at_ms=AT_MS) == pytest.approx(0.075)
    assert prices.cost(Usage(input=1_000, cached=1_000_000), at_ms=AT_MS) == pytest.approx(0.000075)


def test_prices_that_are_set_win_one_by_one() -> None:
    """Also where they are zero: a server of one's own costs nothing."""
    both = Prices(model="gpt-4o-mini", base_url=OPENAI, input_usd_per_mtok=0, output_usd_per_mtok=0)
    assert both.cost(USAGE, at_ms=AT_MS) == 0
    one = Prices(model="gpt-4o-mini", base_url=OPENAI, output_usd_per_mtok=10)
    assert one.cost(USAGE, at_ms=AT_MS) == pytest.approx(0.15 + 1.0)
    unknown = Prices(model="house-model", base_url=GATEWAY, input_usd_per_mtok=2)
    assert unknown.cost(USAGE, at_ms=AT_MS) == pytest.approx(2.0)


def test_an_unknown_model_has_no_estimate_and_is_told() -> None:
    """In the log, at the start, with what to set; one price of the two is not enough."""
    prices = Prices(model="house-model", base_url=GATEWAY)
    assert prices.cost(USAGE, at_ms=AT_MS) == 0
    assert prices.estimate(input_tokens=1, output_tokens=1, at_ms=AT_MS) is None
    half = Prices(model="house-model", base_url=GATEWAY, input_usd_per_mtok=2)
    assert half.estimate(input_tokens=1, output_tokens=1, at_ms=AT_MS) is None
    assert "POLAR_OPENAI_INPUT_USD_PER_MTOK" in prices.describe(at_ms=AT_MS)
    assert "not known" in prices.describe(at_ms=AT_MS)
    assert "$0.15 as input" in Prices(model="gpt-4o-mini", base_url=OPENAI).describe(at_ms=AT_MS)
    assert "$0 as input" in Prices(
        model="house-model", base_url=GATEWAY, input_usd_per_mtok=0, output_usd_per_mtok=0
    ).describe(at_ms=AT_MS)
