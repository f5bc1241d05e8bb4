"""The tokens that an endpoint says it used, by whatever names."""

from __future__ import annotations

from typing import Any

from bot.responders.model.prices import Usage

_WITH_CACHED = ("prompt_tokens", "prompt_eval_count")
_INPUT = (*_WITH_CACHED, "input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens", "eval_count")
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens")
_BESIDE_INPUT = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""Input that is told by these names is not in `input_tokens`; it is in the others."""
_MOST = 10**9
"""Tokens beyond which a number makes no sense."""


def usage_of(fields: dict[str, Any], so_far: Usage | None = None) -> Usage | None:
    """The usage that a frame or its `usage` tells, what it leaves out as it was told before; None if none was."""
    given, made = _first(fields, _INPUT), _first(fields, _OUTPUT)
    if given is not None and _first(fields, _WITH_CACHED) is None:
        given += sum(_first(fields, (name,)) or 0 for name in _BESIDE_INPUT)
    elif given is None and so_far is not None:
        given = so_far.input
    if made is None and so_far is not None:
        made = so_far.output
    if given is None or made is None or given == made == 0:
        return so_far
    cached = _first(fields, _CACHED) or _first(fields.get("prompt_tokens_details"), _CACHED)
    if cached is None:
        cached = so_far.cached if so_far is not None else 0
    return Usage(input=given, output=max(made, (_first(fields, ("total_tokens",)) or 0) - given), cached=cached)


def _first(fields: object, names: tuple[str, ...]) -> int | None:
    """The first of these numbers that makes sense."""
    if not isinstance(fields, dict):
        return None
    for name in names:
        number = fields.get(name)
        if isinstance(number, int | float) and not isinstance(number, bool) and 0 <= number <= _MOST:
            return int(number)
    return None
