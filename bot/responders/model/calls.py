"""Calls of tools, put together from the pieces in which they arrive."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import BotError

LONGEST_CALL = 200_000
"""Characters of a call; nobody sees it grow, so nobody could stop it."""
MOST_CALLS = 16
"""Calls of one answer; those beyond are not read."""
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class EndlessCall(BotError):
    """The arguments of a call do not end."""


@dataclass(slots=True)
class ToolCall:
    """A call as it arrives, bit by bit."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    index: int | None = None
    """The place that the endpoint gives it, if it gives one."""

    @property
    def is_whole(self) -> bool:
        """True once its arguments are JSON."""
        if not self.arguments.rstrip().endswith("}"):
            return False
        try:
            return isinstance(json.loads(self.arguments), dict)
        except (ValueError, RecursionError):
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPiece:
    """What one frame says of a call. `is_whole` where the arguments came as an object, not as a piece of text."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""
    is_whole: bool = False


def add(calls: list[ToolCall], piece: CallPiece) -> None:
    """Add a piece to the call that it belongs to, or begin one with it. Raises EndlessCall."""
    call = _owner(calls, piece)
    if call is None:
        if len(calls) >= MOST_CALLS:
            return
        call = ToolCall(index=piece.index)
        calls.append(call)
    call.id = call.id or piece.id
    if not call.arguments or not call.name:
        call.name = _named(call.name, piece.name)
    if piece.is_whole:
        call.arguments = piece.arguments
    elif piece.arguments != call.arguments or not call.is_whole:
        call.arguments += piece.arguments
    if len(call.id) + len(call.name) + len(call.arguments) > LONGEST_CALL:
        raise EndlessCall


def _owner(calls: Sequence[ToolCall], piece: CallPiece) -> ToolCall | None:
    """By index, else the newest; none where the piece begins another: some number all calls alike, or none of them."""
    if piece.index is None:
        last = calls[-1] if calls else None
    else:
        last = next((call for call in reversed(calls) if call.index in (piece.index, None)), None)
    if last is None:
        return None
    has_other_id = bool(piece.id and last.id and piece.id != last.id)
    is_another = has_other_id or (not piece.id and piece.index is None and piece.arguments not in ("", last.arguments))
    return None if piece.name and is_another and last.is_whole else last


def _named(known: str, piece: str) -> str:
    """The name, which comes at once, in pieces, or again and again."""
    return piece if piece.startswith(known) else known if known.startswith(piece) else known + piece


def paired(text: str) -> str:
    """The text with surrogates that came one by one put together."""
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
