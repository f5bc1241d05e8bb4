"""Methods that send a message once more: by forwarding and by copying."""

from __future__ import annotations

from ..errors import bad_request
from ..media import copied, forwarded, is_service
from ..people import Json
from .ask import Ask
from .captions import caption_of
from .contents import sends
from .destinations import known_room
from .params import integer


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


COPY = sends(_copy_content)


def _original(ask: Ask, verb: str) -> Json:
    message = known_room(ask, "from_chat_id").messages.get(integer(ask.params, "message_id"))
    if message is None:
        raise bad_request(f"message to {verb} not found")
    if is_service(message):
        participle = {"forward": "forwarded", "copy": "copied"}[verb]
        raise bad_request(f"the message can't be {participle}")
    return message
