"""Limits on a person's automations: how many there may be, and the length of what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from middleware.texts import say
from middleware.usage import UsageError

MAX_PROMPT = 1000
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The settings' limits of automations."""

    most_jobs: int
    """Those of one person that are not over, in all chats together."""
    least: timedelta | None = None
    """Between two runs of one; None for no more than schedules themselves keep to."""


def check_prompt(prompt: str) -> None:
    """Raises UsageError for a text that is too long."""
    if len(prompt) > MAX_PROMPT:
        raise UsageError(say("automation.too_long", most=MAX_PROMPT, length=len(prompt)))
