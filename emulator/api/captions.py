"""Texts and captions of a call, marked or with entities."""

from __future__ import annotations

from typing import Any

from .. import markup
from ..people import Json
from ..texts import caption
from .ask import Ask
from .params import text


def text_of(
    ask: Ask, given: Json, field: str = "text", entities: str = "entities", mode: str = "parse_mode"
) -> tuple[str, Any]:
    """What `given`, a call or a part of one, says in this field, and its entities. Errors: 400 for the marks."""
    body, found = markup.read(text(given, field), text(given, mode), given.get(entities))
    return body, [_known(ask, entity) for entity in found] if isinstance(found, list) else found


def _known(ask: Ask, entity: Any) -> Any:
    """A mention with the whole of the person; of somebody unknown it is dropped, as a place without length is."""
    if not isinstance(entity, dict) or entity.get("type") != "text_mention":
        return entity
    user = entity.get("user")
    number = user.get("id") if isinstance(user, dict) else None
    person = ask.state.people.get(number) if isinstance(number, int) else None
    return {**entity, "user": person.json()} if person else {**entity, "length": 0}


def caption_of(ask: Ask, given: Json) -> Json:
    """The caption fields of a message, none without a caption. Errors: 400 for its marks or length."""
    body, entities = caption(*text_of(ask, given, "caption", "caption_entities"))
    if not body:
        return {}
    return {"caption": body, **({"caption_entities": entities} if entities else {})}
