"""Methods about the bot itself, and about chats."""

from __future__ import annotations

import json
import re
from typing import Any

from ..errors import bad_request
from ..members import administrator, member
from ..people import Json
from .ask import Ask
from .destinations import known_room, room_of
from .params import integer, objects, text

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
# The scopes of commands, and what each of them has to name.
SCOPES: dict[str, tuple[str, ...]] = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}


def get_me(ask: Ask) -> Json:
    """The User object of the bot, with what it can do."""
    return {
        **ask.bot.json(),
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_my_commands(ask: Ask) -> bool:
    """Remember the commands of a scope and language. Errors: 400 for a name, description or scope."""
    commands = objects(ask.params, "commands")
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        _check_command(command)
    ask.bot.commands[_scope(ask)] = commands
    return True


def _check_command(command: Any) -> None:
    if not isinstance(command, dict) or not COMMAND.fullmatch(str(command.get("command", ""))):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(str(command.get("description", ""))) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")


def get_my_commands(ask: Ask) -> list[Json]:
    """The commands of a scope and language, empty when none were set."""
    return ask.bot.commands.get(_scope(ask), [])


def delete_my_commands(ask: Ask) -> bool:
    """Forget the commands of a scope and language."""
    ask.bot.commands.pop(_scope(ask), None)
    return True


def _scope(ask: Ask) -> str:
    scope = ask.params.get("scope") or {"type": "default"}
    if not isinstance(scope, dict):
        raise bad_request("can't parse BotCommandScope: expected an Object")
    needed = SCOPES.get(str(scope.get("type")))
    if needed is None:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    for name in needed:
        if name not in scope:
            raise bad_request(f"can't parse BotCommandScope: Can't find field \"{name}\"")
    return json.dumps([scope, text(ask.params, "language_code")], sort_keys=True)


def get_chat(ask: Ask) -> Json:
    """The ChatFullInfo object. Errors: 400, 403."""
    room = room_of(ask)
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    accepted = dict.fromkeys(gifts, room.chat.type == "private")
    full = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": accepted}
    return {**room.chat.json(), **full}


def get_chat_member(ask: Ask) -> Json:
    """The ChatMember object of a person, or of the bot. Errors: 400."""
    room = known_room(ask)
    user_id = integer(ask.params, "user_id")
    if user_id == ask.bot.id:
        kicked = room.chat.id in ask.bot.kicked
        return member(ask.bot.json(), "kicked") if kicked else administrator(ask.bot.json())
    person = room.members.get(user_id)
    if person is None:
        raise bad_request("member not found")
    return administrator(person.json()) if user_id in room.admins else member(person.json(), "member")


def get_chat_administrators(ask: Ask) -> list[Json]:
    """The ChatMember objects of the administrators who are no bots. Errors: 400, 403."""
    room = room_of(ask)
    if room.chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    people = (room.members.get(user_id) for user_id in sorted(room.admins))
    return [administrator(person.json()) for person in people if person is not None and not person.is_bot]
