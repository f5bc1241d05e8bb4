"""Answers to order: what is said, in which pieces, and what goes wrong on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_PIECE = re.compile(r"\s*\S+\s*")
BEFORE_HEADERS = -1
"""As `hold_after` or `cut_after`: before anything at all is answered."""


def pieces_of(text: str) -> tuple[str, ...]:
    """A text in pieces of a word each, as a stream brings it."""
    return tuple(_PIECE.findall(text)) or ((text,) if text else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, or one failure.

    text: what is said; `pieces` gives it already cut. tool: a tool's name and its arguments, as JSON. refusal: said in
    place of a text. finish: the finish reason; None leaves it out. usage: input and output tokens; None has them
    counted, `says_usage` false leaves them out. status: other than 200 refuses, with `message`, `code` and `param`, a
    `retry_after` in seconds, and a `location` that it sends on to. hold_after, cut_after: after how many pieces it
    waits for `Model.release`, or the connection is aborted. raw: a body of a content type in place of all that
    but the status, as it is, in one piece or several.
    """

    text: str = ""
    pieces: tuple[str, ...] = ()
    tool: tuple[str, str] | None = None
    refusal: str = ""
    finish: str | None = ""
    usage: tuple[int, int] | None = None
    says_usage: bool = True
    status: int = 200
    message: str = "ordered"
    code: str | None = None
    param: str | None = None
    retry_after: str | None = None
    location: str | None = None
    hold_after: int | None = None
    cut_after: int | None = None
    raw: str | bytes | tuple[str | bytes, ...] | None = None
    content_type: str = "text/event-stream"

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Answer:
        """From the names above. Errors: ValueError for others."""
        known = {field.name for field in fields(cls)}
        if not set(given) <= known:
            raise ValueError(f"an answer has {', '.join(sorted(known))}; got {', '.join(sorted(given))}")
        lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        return cls(**{**given, **lists})

    @property
    def stream(self) -> tuple[str, ...]:
        """The text in its pieces."""
        return self.pieces or pieces_of(self.text)

    @property
    def raw_pieces(self) -> tuple[bytes, ...]:
        """The bytes of a raw body, in its pieces."""
        pieces = self.raw if isinstance(self.raw, tuple) else (self.raw or b"",)
        return tuple(piece.encode() if isinstance(piece, str) else piece for piece in pieces)

    @property
    def said(self) -> str:
        """The text as a whole."""
        return "".join(self.stream)

    @property
    def reason(self) -> str | None:
        """The finish reason."""
        if self.finish == "":
            return "tool_calls" if self.tool is not None else "stop"
        return self.finish
