"""What endpoints refuse, and what is left out then: decided by what they name of that which was sent."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from bot.responders.model.objection import Objection

RequestPart = Literal["stream_options", "max_tokens", "max_completion_tokens", "stream", "tools", "system"]
"""A part of a request that it can do without: a field of that name, or for `system` the role of that name."""
PARTS: tuple[RequestPart, ...] = get_args(RequestPart)


@dataclass(frozen=True, slots=True)
class Rule:
    """The parts that are left out, one after the other, where an objection names them like this."""

    parts: tuple[RequestPart, ...]
    named: str


LIMIT = Rule(("max_tokens", "max_completion_tokens"), r"max(imum)?[ _](completion[ _]|output[ _]|new[ _])?tokens")
"""The limit of an answer's length goes by two names; without either the model's own holds."""
RULES = (
    Rule(("stream_options",), r"stream[ _]options|include[ _]usage"),
    LIMIT,
    Rule(("stream",), r"\bstream(ing|ed)?\b"),
    Rule(("tools",), r"\btools?\b|tool[ _](choice|calls?|use)|function[ _]call|\bfunctions\b"),
    # Some templates say the tools as the system, and have no role for what a tool gave back.
    Rule(
        ("system", "tools"),
        r"\b(system|developer)\b.*\b(role|message|prompt|instruction)|\broles?\b|\bsystem\b.*\bassistant",
    ),
)
"""What is missed least comes first. Fields that we never send need no rule."""

_WIDE = (
    r"support|permit|allow|enable|require|implement|recogni[sz]ed|unknown|unexpected|invalid|\bvalid\b|must|should"
    r"|\bonly\b|\bextra\b|cannot|unable|not (available|found)|unavailable|disabled|capab|deprecated|expected"
    r"|too (large|many)"
)
_NARROW = (
    r"support|permit|not allowed|disallowed|not enabled|require|not implemented|recogni[sz]ed|unexpected keyword|must"
)
REFUSING: Mapping[int, str] = {200: _WIDE, 400: _WIDE, 404: _WIDE, 405: _WIDE, 422: _WIDE, 501: _WIDE, 500: _NARROW}
"""By status: the words by which an endpoint refuses, rather than fails. A 500 mostly is a failure that passes."""

_TOO_LONG = re.compile(
    r"context[ _](length|window|size)|too (long|many tokens)|(request|prompt|input|payload) (is )?too large"
    r"|reduce the length|exceed\w* .*\btokens?\b|tokens? .*\bexceed|tokens must be"
)


def parts_of(request: Mapping[str, Any]) -> frozenset[RequestPart]:
    """The parts of a request that it could do without."""
    has_system = any(message["role"] == "system" for message in request["messages"])
    return frozenset(part for part in PARTS if part in request or (part == "system" and has_system))


def refused_part(objection: Objection | None, sent: Container[RequestPart]) -> RequestPart | None:
    """The part that is refused, of those that were sent; None if the objection names none of them."""
    refusing = REFUSING.get(objection.status) if objection is not None else None
    if objection is None or refusing is None or objection.form == "a web page":
        return None
    is_refused = re.search(refusing, objection.words) is not None
    field = re.sub(r"\W.*", "", objection.param)
    # What is too long is so for its messages, and for the answer that was asked for, whatever else is counted there.
    for rule in (LIMIT,) if is_too_long(objection) else RULES:
        is_named = is_refused and re.search(rule.named, objection.words) is not None
        if is_named or field in rule.parts:
            found = [part for part in rule.parts if part in sent]
            if found:
                return found[0]
    return None


def is_too_long(objection: Objection) -> bool:
    """True if less would be taken."""
    is_said = objection.status in (200, 400, 422, 500) and _TOO_LONG.search(objection.words) is not None
    return is_said or objection.status == 413
