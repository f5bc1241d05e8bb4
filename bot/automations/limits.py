"""Limits on the number of automations of a person in a chat, and on the length of what they say."""

from __future__ import annotations

from middleware.texts import say
from middleware.usage import UsageError

MAX_JOBS = 100
MAX_PROMPT = 1000
"""Characters."""


def check_prompt(prompt: str) -> None:
    """Raises UsageError for a text that is too long."""
    if len(prompt) > MAX_PROMPT:
        raise UsageError(say("automation.too_long", most=MAX_PROMPT, length=len(prompt)))
