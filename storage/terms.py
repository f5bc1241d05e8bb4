"""The terms of rows, as settings say them and pruning reads them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

DAY_MS = 86_400_000
_NEVER = -(2**62)
"""The instant before which goes what is kept for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Days that rows are kept, by the kind of row; 0 for ever."""

    updates: int = 7
    audit: int = 90
    deliveries: int = 30
    run_log: int = 90
    dead: int = 90
    proposals: int = 30
    messages: int = 0

    def ends(self, now_ms: int) -> dict[str, int]:
        """The instant before which each kind goes."""
        return {kind: now_ms - days * DAY_MS if days else _NEVER for kind, days in asdict(self).items()}
