"""The totals of reactions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Totals:
    """Additions minus removals, by polarity."""

    positive: int = 0
    negative: int = 0
    neutral: int = 0
