"""The words of a text that Telegram marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.receiving.forms import EntityForm
from storage.text import clean


def marked(text: str | None, entities: Sequence[EntityForm], kind: str) -> Iterator[tuple[str, EntityForm]]:
    """What is marked as of this kind, as it stands there, each with its mark."""
    marks = [entity for entity in entities if entity.type == kind]
    units = (text or "").encode("utf-16-le", "surrogatepass") if marks else b""
    for mark in marks:
        begin = max(0, mark.offset or 0)
        end = begin + max(0, mark.length or 0)
        yield clean(units[2 * begin : 2 * end].decode("utf-16-le", "replace")), mark
