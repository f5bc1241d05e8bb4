"""The price of a model's call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from genai_prices import Usage as PricedUsage
from genai_prices import calc_price
from genai_prices.types import PriceCalculation

from bot.settings import PRICE_SETTINGS, Settings

CALLS = 2
"""Calls that an answer may take: a second one where the first brought nothing, or a proposal that cannot be read."""
REPAIR_TOKENS = 600
"""The tokens that such a second call may send along more than the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call. `cached` are those of the input that the endpoint knew already, which may cost less."""

    input: int = 0
    output: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of one model: those that are set, in US dollars a million tokens, else the price library's.

    The library's are those that came with it; nothing is fetched. Where neither knows one, it counts as 0.
    """

    model: str
    base_url: str
    input_usd_per_mtok: float | None = None
    output_usd_per_mtok: float | None = None

    @classmethod
    def of(cls, settings: Settings, model: str = "") -> Prices:
        """Those of the model that the settings name, or of another one, of which only the library may know some."""
        if model not in ("", settings.openai_model):
            return cls(model=model, base_url=settings.openai_base_url)
        return cls(
            model=settings.openai_model,
            base_url=settings.openai_base_url,
            input_usd_per_mtok=settings.openai_input_usd_per_mtok,
            output_usd_per_mtok=settings.openai_output_usd_per_mtok,
        )

    def estimate(self, *, input_tokens: int, output_tokens: int, at_ms: int) -> float | None:
        """US dollars that each call of an answer costs at most; None where a price is not known."""
        most = Usage(input=input_tokens + REPAIR_TOKENS, output=output_tokens)
        return self.cost(most, at_ms=at_ms) if self._are_known(most, at_ms) else None

    def cost(self, usage: Usage, *, at_ms: int) -> float:
        """US dollars."""
        price = self._find(usage, at_ms)
        input_usd = usage.input * self.input_usd_per_mtok / 1e6 if self.input_usd_per_mtok is not None else None
        output_usd = usage.output * self.output_usd_per_mtok / 1e6 if self.output_usd_per_mtok is not None else None
        if input_usd is None:
            input_usd = float(price.input_price) if price else 0.0
        if output_usd is None:
            output_usd = float(price.output_price) if price else 0.0
        return input_usd + output_usd

    def describe(self, *, at_ms: int) -> str:
        """For the log: what a million tokens cost, or that nothing is known."""
        if not self._are_known(Usage(input=1000, output=1000), at_ms):
            return f"its prices are not known, and nobody with a budget that blocks is answered: set {PRICE_SETTINGS}"
        input_usd = self.cost(Usage(input=1000), at_ms=at_ms) * 1000
        output_usd = self.cost(Usage(output=1000), at_ms=at_ms) * 1000
        return f"a million tokens cost ${input_usd:.6g} as input and ${output_usd:.6g} as output"

    def _are_known(self, usage: Usage, at_ms: int) -> bool:
        are_set = self.input_usd_per_mtok is not None and self.output_usd_per_mtok is not None
        return are_set or self._find(usage, at_ms) is not None

    def _find(self, usage: Usage, at_ms: int) -> PriceCalculation | None:
        """By the endpoint's address; a gateway of one's own has none that is known: then by the model's name."""
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        tokens = PricedUsage(
            input_tokens=usage.input, output_tokens=usage.output, cache_read_tokens=min(usage.cached, usage.input)
        )
        ways: tuple[dict[str, Any], ...] = ({"provider_api_url": f"{self.base_url}/"}, {"provider_id": "litellm"})
        for way in ways:
            try:
                return calc_price(tokens, self.model, genai_request_timestamp=at, **way)
            except (LookupError, ValueError):
                continue
        return None
