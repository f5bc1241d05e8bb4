"""The producer of a message of ours, kept with it and with the feedback on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from storage.json_text import read_object

_KEYS = {
    "automation_id": "automationId",
    "heartbeat_id": "heartbeatId",
    "run_id": "runId",
    "responder": "responder",
    "profile_id": "profileId",
    "model": "model",
    "ended": "ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose run it was, and who spoke as whom; None where that does not apply.

    `ended` is why a model's answer is not the whole: `cut` or `length`.
    """

    automation_id: str | None = None
    heartbeat_id: str | None = None
    run_id: str | None = None
    responder: str | None = None
    profile_id: str | None = None
    model: str | None = None
    ended: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The column's JSON; what does not apply has no key."""
        values = {key: getattr(self, name) for name, key in _KEYS.items()}
        return {key: value for key, value in values.items() if value is not None}

    @classmethod
    def from_json(cls, stored: str | None) -> Origin:
        """From the column, without what other programs keep there besides; of what is no JSON nothing is known."""
        known = read_object(stored) or {}
        return cls(**{name: known.get(key) for name, key in _KEYS.items()})


UNKNOWN = Origin()
"""Of what nothing in particular has produced, such as a command's answer."""
