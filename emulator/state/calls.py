"""The record of what bots have asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API, listed as soon as it arrives.

    params: the values parsed where they are JSON. at: seconds of the world's clock. status: of the answer; 0 while
    there is none, and for good when none was sent. result: of what took effect; for getUpdates the update ids.
    fault: the kind of the failure it met. bot_id: 0 for an unknown token.
    """

    method: str
    params: dict[str, Any]
    at: float
    status: int
    result: Any
    fault: str | None
    bot_id: int

    def __str__(self) -> str:
        fault = f" ({self.fault})" if self.fault else ""
        return f"{self.method}{fault} -> {self.status} {self.params}"
