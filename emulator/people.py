"""Who and where: people, chats, and their JSON in the Bot API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

# The account which Telegram names as the sender when an administrator writes as the group.
ANONYMOUS: Json = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}


@dataclass(frozen=True, slots=True)
class Person:
    """An account; ids are positive. With `is_bot` it is another bot, which nobody here runs."""

    id: int
    first_name: str
    username: str | None = None
    last_name: str | None = None
    language_code: str | None = "en"
    is_bot: bool = False

    def json(self) -> Json:
        """The User object."""
        fields = {
            "id": self.id,
            "is_bot": self.is_bot,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "username": self.username,
            "language_code": self.language_code,
        }
        return {key: value for key, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation; type is private, group, supergroup or channel, and the ids of all but private are negative."""

    id: int
    type: str
    title: str | None = None
    first_name: str | None = None
    username: str | None = None
    is_forum: bool = False

    def json(self) -> Json:
        """The Chat object."""
        fields = {
            "id": self.id,
            "type": self.type,
            "title": self.title,
            "first_name": self.first_name,
            "username": self.username,
            "is_forum": self.is_forum or None,
        }
        return {key: value for key, value in fields.items() if value is not None}
