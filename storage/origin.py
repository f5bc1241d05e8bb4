"""The producer of a message of ours, kept with it and with the feedback on it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from storage.indexed import own_field
from storage.json_text import read_object

_KEYS = {
    "automation_id": "automationId",
    "heartbeat_id": "heartbeatId",
    "run_id": "runId",
    "responder": "responder",
    "profile_id": "profileId",
    "model": "model",
    "personality": "personality",
    "policy": "policy",
    "usd": "usd",
    "ended": "ended",
    "beside": "beside",
    "experiment": "experiment",
    "variant": "variant",
    "alternative_of": "alternativeOf",
}
_HISTORY = "history"
_IN_LEDGER = (
    "automationId",
    "heartbeatId",
    "runId",
    "responder",
    "profileId",
    "model",
    "personality",
    "usd",
    "experiment",
    "variant",
)
"""What feedback on it takes over: the ledger is for ever, and nobody's history belongs there."""
_NUMBERS = ("usd",)
_PRINT_DIGITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose run it was, and who spoke as whom; None where that does not apply, or was not kept yet.

    `ended` is why an answer is not the whole: `cut`, `length` or `stopped`. `beside` is set of what Polar itself says
    about the answer of a responder, which then is not its producer.
    """

    automation_id: str | None = None
    heartbeat_id: str | None = None
    run_id: str | None = None
    responder: str | None = None
    profile_id: str | None = None
    model: str | None = None
    personality: str | None = None
    """The `fingerprint` of the personality's text as it was then: the text of a profile changes in place."""
    policy: str | None = None
    """Which version of our own instructions went before it."""
    usd: float | None = None
    """What the calls for all of its parts cost."""
    ended: str | None = None
    beside: str | None = None
    experiment: str | None = None
    """The experiment that the turn took part in, and the variant that it got."""
    variant: str | None = None
    alternative_of: str | None = None
    """The message id of the first part of the answer that this is another one in place of."""
    history: tuple[int, ...] | None = None
    """The sequences of the earlier messages that went along."""
    others: Mapping[str, Any] = field(default_factory=dict)
    """What another version keeps there besides."""

    def of_run(self) -> Origin:
        """Of what Polar says in place of an answer: whose run it was, and nothing else."""
        return Origin(automation_id=self.automation_id, heartbeat_id=self.heartbeat_id, run_id=self.run_id)

    def aside(self) -> Origin:
        """Of what Polar itself says about an answer of this origin."""
        return replace(self.of_run(), beside=self.responder or self.beside)

    def to_json(self) -> dict[str, Any]:
        """The column's JSON; what does not apply has no key."""
        values = {key: getattr(self, name) for name, key in _KEYS.items()}
        values[_HISTORY] = None if self.history is None else list(self.history)
        return {**self.others, **{key: value for key, value in values.items() if value is not None}}

    @classmethod
    def from_json(cls, stored: str | None) -> Origin:
        """From the column; of what is no JSON nothing is known."""
        others = dict(read_object(stored) or {})
        known = {name: others.pop(key, None) for name, key in _KEYS.items()}
        history = others.pop(_HISTORY, None)
        return cls(**known, history=tuple(history) if isinstance(history, list) else None, others=others)


UNKNOWN = Origin()
"""Of what nothing in particular has produced, such as a command's answer."""


def fingerprint(key: str, text: str) -> str:
    """Tells one text from another without saying it, by a key of this database; of an empty text as well."""
    return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()[:_PRINT_DIGITS]


# The same, in SQL: expressions over a column of origins. tests/storage/test_origin.py holds them to the above.


def sql_in_ledger(column: str) -> str:
    """What feedback takes over, as JSON for a patch: a null in it says nothing."""
    return _sql_object(column, {key: key for key in _IN_LEDGER})


def sql_aside(column: str) -> str:
    """`Origin.aside`."""
    runs = {key: key for key in ("automationId", "heartbeatId", "runId")}
    return f"json_patch('{{}}', {_sql_object(column, {**runs, 'beside': 'responder'})})"


def sql_is_answer(column: str) -> str:
    """True if a responder has said it."""
    return f"{own_field(column, 'responder')} IS NOT NULL"


def _sql_object(column: str, keys: Mapping[str, str]) -> str:
    members = ", ".join(f"'{key}', {_sql_value(column, source)}" for key, source in keys.items())
    return f"json_object({members})"


def _sql_value(column: str, key: str) -> str:
    value = own_field(column, key)
    return f"CAST({value} AS REAL)" if key in _NUMBERS else value
