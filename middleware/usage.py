"""The answers to a command that is not done: wrong usage, a missing right, the wrong place."""

from __future__ import annotations

from middleware.failures import MiddlewareError
from middleware.texts import say
from middleware.turn import Level, Outcome, Reply


class UsageError(MiddlewareError):
    """A command was called in a form that it does not know; the message says what was expected."""


def not_allowed(level: Level) -> Outcome:
    """The answer to somebody below the level that it takes."""
    text = say("command.not_allowed", levels=say(f"levels.{level.name.lower()}"))
    return Outcome(status="denied", reason="level", replies=(Reply(text=text),))


def anonymous() -> Outcome:
    """The answer to whoever speaks as a chat, where a person has to be known."""
    return Outcome(status="denied", reason="anonymous", replies=(Reply(text=say("command.personal")),))


def only_in_private(text: str) -> Outcome:
    """The answer where others would read along."""
    return Outcome(status="denied", reason="not private", replies=(Reply(text=text),))


def nothing_behind(found: str) -> UsageError:
    """The error of a form that takes nothing more."""
    return UsageError(say("command.nothing_behind", found=found[:40]))


def unknown_form(written: str) -> UsageError:
    """The error of a form that there is not."""
    return UsageError(say("command.unknown_form", written=written[:40]))
