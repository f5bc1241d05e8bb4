"""The one reading of an update: from its raw JSON to its form.

Whatever is of its documented type is decoded at once. Where something is not, it is left out, and the rest is read:
no part of an update can keep back the whole.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from telegram import MaybeInaccessibleMessage, Message

from bot.errors import BotError
from bot.receiving.forms import AboutForm, ContentForm, MessageForm, ReadForm, UpdateForm, Whole, kind_of

_FORMS: dict[str, type[ContentForm]] = {
    kind.name: get_args(kind.type)[0] for kind in msgspec.structs.fields(UpdateForm) if kind.name != "update_id"
}
ALLOWED_UPDATES = tuple(_FORMS)
"""The kinds of updates that are handled, named as Telegram's fields are."""
_decode = msgspec.json.Decoder(UpdateForm).decode

_FORMER = ("forward_from", "forward_from_chat", "new_chat_member", "new_chat_participant", "left_chat_participant")
_KNOWN = {*MaybeInaccessibleMessage.__slots__, *Message.__slots__, "from", *_FORMER}
"""What may stand in a message about the chat itself, and what else is nobody's content."""

AnyForm = TypeVar("AnyForm", bound=ReadForm)


class UpdateUnreadable(BotError):
    """The update is not of a form that Telegram documents; trying again cannot help."""


WhatWasRead = tuple[int | None, str, ContentForm]
"""What was read of an update: its id, its kind (Telegram's name of the field that it fills), and what is in there."""


def read_update(body: bytes) -> WhatWasRead:
    """An update of any content; raises UpdateUnreadable for what is no JSON object, or none that Python can hold."""
    try:
        form = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _read_rest(body)
    for kind in ALLOWED_UPDATES:
        if (content := getattr(form, kind)) is not None:
            if isinstance(content, MessageForm) and kind_of(content) == "service":
                return _read_rest(body)
            return form.update_id, kind, content
    return _read_rest(body)


def _read_rest(body: bytes) -> WhatWasRead:
    """Of an update that holds something of another type, or is of another kind, what can be read."""
    try:
        value = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise UpdateUnreadable(f"{type(error).__name__}: {error}") from error
    if not isinstance(value, dict):
        raise UpdateUnreadable("no JSON object")
    kind = _kind_of(value)
    content = value.get(kind)
    form = _FORMS.get(kind, AboutForm) if content is not None else AboutForm
    read = _spared(form, content)
    if isinstance(content, dict) and isinstance(read, MessageForm) and kind_of(read) == "service":
        read = msgspec.structs.replace(read, unknown=_unknown(content))
    return _part(Whole, value.get("update_id")), kind, read


def _kind_of(update: dict[str, Any]) -> str:
    """The field that an update fills: one that is handled, whatever stands beside it; else the first."""
    known = next((kind for kind in ALLOWED_UPDATES if isinstance(update.get(kind), dict)), None)
    return known or next((key for key in update if key != "update_id"), "empty")


def _unknown(content: dict[str, Any]) -> str | None:
    """The name of content of a kind of tomorrow: an object that python-telegram-bot does not know either."""
    return next((name for name, value in content.items() if isinstance(value, dict) and name not in _KNOWN), None)


def _spared(form: type[AnyForm], value: Any) -> AnyForm:
    """What can be read of an object that should be of this form."""
    given = value if isinstance(value, dict) else {}
    read = ((name, _part(kind, given[key])) for key, (name, kind) in _fields(form).items() if key in given)
    return form(**{name: part for name, part in read if part is not None})


@cache
def _fields(form: type[ReadForm]) -> dict[str, tuple[str, Any]]:
    """By Telegram's name of each field, ours and its type; msgspec would read the annotations anew at each call."""
    return {known.encode_name: (known.name, _needed(known.type)) for known in msgspec.structs.fields(form)}


def _needed(kind: Any) -> Any:
    """A type without the None of what may be missing."""
    return get_args(kind)[0] if type(None) in get_args(kind) else kind


def _part(kind: Any, value: Any) -> Any:
    """A value as one of this type, with what can be read of it; None where nothing can."""
    if value is None:
        return None
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(part for part in (_part(get_args(kind)[0], element) for element in value) if part is not None)
    if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, ReadForm):
        return _spared(kind, value)
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter for half a character, where no text belongs
        return None
