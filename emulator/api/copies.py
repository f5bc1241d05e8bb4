"""Methods that send a message once more: by forwarding and by copying."""

from __future__ import annotations

from dataclasses import replace

from ..errors import bad_request
from ..media import copied, forwarded, is_service
from ..people import Json
from .ask import Ask
from .captions import caption_of
from .contents import Content, sends
from .destinations import known_room
from .params import integer, objects


def forward_content(ask: Ask) -> Json:
    """The content of the message with whose it was first. Errors: 400."""
    return forwarded(_original(ask, "forward"), hidden=False)


def copy_message(ask: Ask) -> Json:
    """The MessageId of a copy that does not say whose it was. Errors: as sendMessage; 400 for the original."""
    return {"message_id": COPY(ask)["message_id"]}


def _copy_content(ask: Ask) -> Json:
    content = copied(_original(ask, "copy"))
    if "caption" not in ask.params or "text" in content:
        return content
    kept = {name: value for name, value in content.items() if name not in ("caption", "caption_entities")}
    return {**kept, **caption_of(ask, ask.params)}


FORWARD, COPY = sends(forward_content), sends(_copy_content)


def forward_messages(ask: Ask) -> list[Json]:
    """The MessageIds of the forwards; what cannot be forwarded is left out. Errors: as sendMessage; 400 for none."""
    return _several(ask, FORWARD)


def copy_messages(ask: Ask) -> list[Json]:
    """The MessageIds of the copies; what cannot be copied is left out. Errors: as sendMessage; 400 for none."""
    return _several(ask, COPY)


def _several(ask: Ask, send: Content) -> list[Json]:
    messages = known_room(ask, "from_chat_id").messages
    given = objects(ask.params, "message_ids")
    if not given:
        raise bad_request("message identifiers are not specified")
    known = [number for number in given if isinstance(number, int) and number in messages]
    said = [number for number in known if not is_service(messages[number])]
    sent = [send(replace(ask, params={**ask.params, "message_id": number})) for number in said]
    return [{"message_id": message["message_id"]} for message in sent]


def _original(ask: Ask, verb: str) -> Json:
    message = known_room(ask, "from_chat_id").messages.get(integer(ask.params, "message_id"))
    if message is None:
        raise bad_request(f"message to {verb} not found")
    if is_service(message):
        participle = {"forward": "forwarded", "copy": "copied"}[verb]
        raise bad_request(f"the message can't be {participle}")
    return message
