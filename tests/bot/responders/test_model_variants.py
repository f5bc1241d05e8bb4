"""Another model of the same endpoint is asked where an experiment tries it, and costs what it costs."""

from __future__ import annotations

import pytest

from bot.responders.model.prices import Prices, Usage
from tests.house import House
from tests.looking import tell
from tests.model import PRICED, talking
from tests.trying import begin, origins, with_variant

OTHER = "gpt-4o-mini"
OPTIONS = ("--variant", "control:50", "--variant", f"mini:50:model={OTHER}", "--until", "2100-01-01")
MODEL = {"responder": "openai", "openai_model": "some-model"}


async def test_a_variant_asks_its_own_model_at_the_same_endpoint(house: House) -> None:
    """By its name, with its price, and counted as it; the control goes on as before."""
    async with talking(house, **PRICED) as model:
        begin(house, *OPTIONS, **MODEL)
        for variant, name in (("control", "some-model"), ("mini", OTHER)):
            [(person, chat)] = with_variant(house, variant)
            await tell(house, chat, person, "hello")
            assert model.exchanges[-1].request["model"] == name
            assert origins(house, chat)[0]["variant"] == variant
    calls = dict(house.rows("SELECT model, usd FROM polar_calls"))
    tokens = house.rows("SELECT inputTokens, outputTokens FROM polar_calls WHERE model = ?", OTHER)[0]
    price = Prices(model=OTHER, base_url="").cost(Usage(input=tokens[0], output=tokens[1]), at_ms=1_795_000_000_000)
    assert calls[OTHER] == pytest.approx(price)
    assert 0 < calls[OTHER] < calls["some-model"]
