"""Marked text as bots write it: HTML, MarkdownV2 and Markdown, read into a text and its entities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import bad_request
from . import html, markdown, markdown_v2
from .nesting import nested
from .written import Unreadable, Written

READERS: dict[str, Callable[[str], Written]] = {
    "html": html.read,
    "markdownv2": markdown_v2.read,
    "markdown": markdown.read,
}

__all__ = ["READERS", "read"]


def read(text: str, parse_mode: str, entities: Any = None) -> tuple[str, Any]:
    """The text and the entities that a bot means: those which its marks make, or without a mode the ones it gave.

    Errors: 400 for an unknown mode, or for what cannot be read.
    """
    if parse_mode.lower() in ("", "none"):
        return text, entities
    reader = READERS.get(parse_mode.lower())
    if reader is None:
        raise bad_request("unsupported parse_mode")
    try:
        written = reader(text)
    except Unreadable as error:
        raise bad_request(f"can't parse entities: {error}") from None
    return written.since(0), nested(written.entities)
