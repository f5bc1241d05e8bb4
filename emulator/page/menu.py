"""The commands that a bot offers somebody in a chat."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..people import Json, Person
from ..state.bots import Bot
from ..state.rooms import Room


def menu(bot: Bot, person: Person, room: Room | None) -> list[Json]:
    """The commands of the narrowest scope that has any, as Telegram chooses them; no room yet is a private chat."""
    for scope in _scopes(person, room):
        for language in (person.language_code or "", ""):
            commands = bot.commands.get(json.dumps([scope, language], sort_keys=True))
            if commands:
                return commands
    return []


def _scopes(person: Person, room: Room | None) -> Iterator[Json]:
    if room is None or room.chat.type == "private":
        yield {"type": "chat", "chat_id": person.id}
        yield {"type": "all_private_chats"}
    else:
        yield {"type": "chat_member", "chat_id": room.chat.id, "user_id": person.id}
        if person.id in room.admins:
            yield {"type": "chat_administrators", "chat_id": room.chat.id}
        yield {"type": "chat", "chat_id": room.chat.id}
        if person.id in room.admins:
            yield {"type": "all_chat_administrators"}
        yield {"type": "all_group_chats"}
    yield {"type": "default"}
