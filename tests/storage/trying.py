"""An experiment as tests start it."""

from __future__ import annotations

from typing import Any

from storage.tables.experiments import Experiment
from teaching.assignment import Variant
from tests.storage.files import DAY_MS, NOW_MS

VARIANTS = (
    Variant(name="control", weight=50),
    Variant(name="short", weight=50, personality="Answer in one sentence."),
)


def experiment(name: str = "terse", **changes: Any) -> Experiment:
    """One of a week, by person."""
    values: dict[str, Any] = {
        "name": name,
        "salt": "0123abcd",
        "unit": "person",
        "variants": VARIANTS,
        "until_ms": NOW_MS + 7 * DAY_MS,
        "people": None,
        "budget_usd": None,
        "started_at_ms": NOW_MS,
    }
    return Experiment(**{**values, **changes})
