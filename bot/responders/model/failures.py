"""Failures of an endpoint, each as a reason for the audit and a sentence for the person."""

from __future__ import annotations

import email.utils
import logging
import re

from openai import APIConnectionError, APIStatusError, APITimeoutError

from bot.clock import jittered, system_clock
from bot.responders.model.calls import EndlessCall
from bot.responders.model.frames import ErrorFrame
from bot.responders.model.framing import Garbled
from middleware.responder import ResponderFailed
from middleware.texts import say

log = logging.getLogger("polar.model")

TRIES = 3
BACKOFF_S = 0.5
AGAIN = (408, 409, 429)
"""Refusals that pass, besides all 5xx."""
FILTERED = ("content_filter", "content_policy_violation")
_SAID = {401: "model.key", 403: "model.key", 404: "model.unknown", 429: "model.busy"}
_CODE = re.compile(r"[a-z_]{1,40}")


def explain(error: Exception) -> ResponderFailed:
    """Why there is no answer. No text of the endpoint's goes in: it may repeat what a person wrote."""
    if isinstance(error, ResponderFailed):
        return error
    if isinstance(error, TimeoutError | APITimeoutError):
        return ResponderFailed("provider timed out", say("model.slow"))
    if isinstance(error, APIConnectionError):
        return ResponderFailed("provider unreachable", say("model.unreachable"))
    if isinstance(error, APIStatusError):
        return _refused(error)
    if isinstance(error, ErrorFrame):
        return _failed(error)
    log.warning("the endpoint sent %s", error if isinstance(error, Garbled | EndlessCall) else "garbage")
    return ResponderFailed("provider answered garbage", say("model.garbage"))


def _refused(error: APIStatusError) -> ResponderFailed:
    status, code = error.status_code, error.code or ""
    if code in FILTERED:
        return refused()
    log.warning("the endpoint refuses with %d %s", status, code if _CODE.fullmatch(code) else "")
    said = _SAID.get(status, "model.failing" if status >= 500 else "model.rejected")
    return ResponderFailed(f"provider {status}", say(said))


def _failed(error: ErrorFrame) -> ResponderFailed:
    """An error that was told within an answer, or in place of one."""
    if error.code in FILTERED:
        return refused()
    log.warning("the endpoint reports %s", error)
    return ResponderFailed("provider failed", say("model.failing"))


def refused() -> ResponderFailed:
    """The model declined, or a filter did."""
    return ResponderFailed("provider refused", say("model.refused"))


def spent() -> ResponderFailed:
    """The tokens of an answer were used up before it began."""
    return ResponderFailed("provider spent its tokens on thinking", say("model.spent"))


def cut_off() -> ResponderFailed:
    """The answer ended before its end."""
    return ResponderFailed("provider cut off", say("model.unreachable"))


def delay_of(error: Exception, tries: int) -> float | None:
    """Seconds until the request is worth repeating, after so many tries; None if it is not."""
    if tries >= TRIES:
        return None
    backoff_s = jittered(BACKOFF_S, tries)
    if isinstance(error, APIStatusError):
        if error.code == "insufficient_quota" or (error.status_code not in AGAIN and error.status_code < 500):
            return None
        return max(backoff_s, _retry_after(error.response.headers.get("retry-after", "")))
    return backoff_s if isinstance(error, APIConnectionError) else None


def _retry_after(written: str) -> float:
    """Seconds, from a number or a date; 0 where there is neither."""
    try:
        return float(written)
    except ValueError:
        parsed = email.utils.parsedate_tz(written)
    return email.utils.mktime_tz(parsed) - system_clock()() / 1000 if parsed else 0.0
