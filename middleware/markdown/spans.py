"""Formatted stretches of a text that is being written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stretch:
    """A formatted stretch by indices into its text; `type` and the rest as the Bot API names them."""

    start: int
    end: int
    type: str
    url: str | None = None
    language: str | None = None


class Text:
    """What has been written so far."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.at = 0
        self.spans: list[Stretch] = []

    def __str__(self) -> str:
        return "".join(self.parts)

    def write(self, text: str) -> None:
        """Add to its end."""
        self.parts.append(text)
        self.at += len(text)

    @property
    def ends_in_a_word(self) -> bool:
        """True where a letter written next would go on with a word."""
        return bool(self.parts) and self.parts[-1][-1:].isalnum()

    def mark(self, start: int, kind: str, url: str | None = None, language: str | None = None) -> None:
        """Format what was written since `start`; nothing where nothing was, or without a kind."""
        if kind and self.at > start:
            self.spans.append(Stretch(start, self.at, kind, url, language))

    def here(self) -> Position:
        """Where it ends now."""
        return Position(self.at, len(self.parts), len(self.spans))

    def since(self, place: Position) -> str:
        """What was written behind a place."""
        return "".join(self.parts[place.parts :])

    def rewrite(self, place: Position, text: str) -> None:
        """Put this, without formatting, in place of all behind a place."""
        del self.parts[place.parts :], self.spans[place.spans :]
        self.at = place.at
        self.write(text)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a text ended once."""

    at: int
    parts: int
    spans: int
