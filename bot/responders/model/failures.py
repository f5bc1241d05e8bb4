"""Failures of an endpoint, each as a reason for the audit, a sentence for the person, and a line for the log."""

from __future__ import annotations

import email.utils
import re

from openai import APIConnectionError, APIStatusError, APITimeoutError

from bot.clock import jittered, system_clock
from bot.errors import BotError
from bot.responders.model.objection import Objection
from bot.responders.model.refusals import is_too_long
from middleware.responder import ResponderFailed
from middleware.texts import say
from storage.tables.model_calls import CallOutcome

TRIES = 3
BACKOFF_S = 0.5
AGAIN = (408, 409, 429)
"""Refusals that pass, besides all 5xx."""
_TIMED_OUT = "provider timed out"
_SAID = {
    **dict.fromkeys(AGAIN, "model.busy"),
    200: "model.no_answer",
    401: "model.key",
    403: "model.key",
    404: "model.unknown",
    405: "model.path",
}
_POLICY = re.compile(r"content[ _](filter|policy|management)|usage policy|moderation|flagged|safety|responsible")
_CREDIT = re.compile(
    r"insufficient[ _](quota|credits?|balance|funds)|\b(credits?|balance)\b|billing[ _](not|hard|limit)"
)
_PATH = re.compile(
    r"\bnot found\b|unexpected endpoint|(invalid|unknown) (url|path|route|endpoint)|no (route|path)|cannot post"
)
_NAMES_MODEL = re.compile(r"\bmodels?\b|model_not_found")


class TooLong(BotError):
    """More was sent than the model can take in."""

    def __init__(self, failure: ResponderFailed) -> None:
        super().__init__()
        self.failure = failure


def explain(error: Exception | None, objection: Objection | None = None) -> ResponderFailed:
    """Why there is no answer, as people are told; the reason is what the audit keeps. None where it just ended."""
    if objection is not None:
        return _explain(objection)
    if error is None:
        return ResponderFailed("provider cut off", say("model.broken"))
    if isinstance(error, TimeoutError | APITimeoutError):
        return ResponderFailed(_TIMED_OUT, say("model.slow"))
    if isinstance(error, APIConnectionError):
        return ResponderFailed("provider unreachable", say("model.unreachable"))
    return ResponderFailed("provider answered garbage", say("model.garbage"))


def _explain(objection: Objection) -> ResponderFailed:
    key = _key(objection)
    if key == "model.refused":
        return refused()
    reason = f"provider {objection.status}" if objection.status != 200 else "provider sent no answer"
    return ResponderFailed(reason, say(key))


def _key(objection: Objection) -> str:
    """The text that says what is the matter."""
    status, words = objection.status, objection.words
    if 300 <= status < 400:
        return "model.moved"
    if objection.form == "a web page" and status in (200, 404, 405):
        return "model.page"
    if status in (200, 400, 403, 422) and _POLICY.search(words):
        return "model.refused"
    if is_too_long(objection):
        return "model.too_long"
    if has_no_credit(objection):
        return "model.credit"
    if status in (200, 400, 404) and _PATH.search(words) and not _NAMES_MODEL.search(words):
        return "model.path"
    return _SAID.get(status, "model.failing" if status >= 500 else "model.rejected")


def has_no_credit(objection: Objection) -> bool:
    """True if it is to be paid first, which waiting does not do."""
    return objection.status == 402 or (objection.status < 500 and _CREDIT.search(objection.words) is not None)


def is_elsewhere(objection: Objection | None) -> bool:
    """True if the address is not that of such an interface."""
    return objection is not None and _key(objection) == "model.path"


def outcome_of(failure: ResponderFailed | None) -> CallOutcome:
    """How a call that ended like this is counted."""
    if failure is None:
        return "answered"
    return "timed_out" if failure.reason == _TIMED_OUT else "failed"


def refused() -> ResponderFailed:
    """The model declined, or a filter did."""
    return ResponderFailed("provider refused", say("model.refused"))


def spent() -> ResponderFailed:
    """The tokens of an answer were used up before it began."""
    return ResponderFailed("provider spent its tokens on thinking", say("model.spent"))


def describe(error: Exception | None, objection: Objection | None) -> str:
    """What happened, for the log: of the endpoint's words and of anybody's only what an Objection lets through."""
    if error is None:
        return "it ended before its end"
    if objection is None:
        detail = str(error) if isinstance(error, BotError) else type(error.__cause__ or error).__name__
        return f"{explain(error).reason.removeprefix('provider ')} ({detail})"
    code = f" {objection.code}" if objection.code else ""
    after = f", to be asked again after {wait:.0f} s" if (wait := _wait_of(error)) > 0 else ""
    return f"status {objection.status}{code} with {objection.form}{after}: {objection.said or 'nothing to repeat'}"


def delay_of(error: Exception | None, objection: Objection | None, tries: int) -> float | None:
    """Seconds until the request is worth repeating, after so many tries; None if it is not."""
    if tries >= TRIES or (objection is not None and has_no_credit(objection)):
        return None
    backoff_s = jittered(BACKOFF_S, tries)
    if isinstance(error, APIStatusError):
        passes = error.status_code in AGAIN or error.status_code >= 500
        return max(backoff_s, _wait_of(error)) if passes else None
    return backoff_s if isinstance(error, APIConnectionError) else None


def _wait_of(error: Exception | None) -> float:
    """Seconds for which the endpoint wants not to be asked; 0 where it does not say."""
    return _retry_after(error.response.headers.get("retry-after", "")) if isinstance(error, APIStatusError) else 0.0


def _retry_after(written: str) -> float:
    """Seconds, from a number or a date; 0 where there is neither."""
    try:
        return max(0.0, float(written))
    except ValueError:
        parsed = email.utils.parsedate_tz(written)
    return email.utils.mktime_tz(parsed) - system_clock()() / 1000 if parsed else 0.0
