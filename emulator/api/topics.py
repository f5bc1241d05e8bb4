"""Topics that a bot makes."""

from __future__ import annotations

from ..errors import bad_request
from ..people import Json
from .ask import Ask
from .destinations import room_of
from .params import integer, text

MAX_NAME = 128
# The colours of the icons that Telegram has; the first is taken where none is named.
COLOURS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)


def create_forum_topic(ask: Ask) -> Json:
    """The ForumTopic object. Errors: 400 where there are no topics, without a name, or for another colour."""
    room = room_of(ask)
    if not room.chat.is_forum:
        raise bad_request("the chat is not a forum")
    name = text(ask.params, "name").strip()[:MAX_NAME]
    if not name:
        raise bad_request("TOPIC_TITLE_EMPTY")
    colour = integer(ask.params, "icon_color", COLOURS[0])
    if colour not in COLOURS:
        raise bad_request("invalid icon color specified")
    thread = room.add_topic(name, ask.state.date(), {"from": ask.bot.json()}, colour)
    ask.state.changes.notify()
    return {"message_thread_id": thread, "name": name, "icon_color": colour}
