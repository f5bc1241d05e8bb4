"""One chat with all that is in it: messages, topics, members, reactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..people import Chat, Json, Person


@dataclass(slots=True)
class Room:
    """The state of a chat. Messages are replaced when they change, never altered, so that copies stay true."""

    chat: Chat
    next_message_id: int
    messages: dict[int, Json] = field(default_factory=dict)
    topics: dict[int, str] = field(default_factory=dict)
    members: dict[int, Person] = field(default_factory=dict)
    admins: set[int] = field(default_factory=set)
    reactions: dict[int, dict[int, list[Json]]] = field(default_factory=dict)
    sent: list[int] = field(default_factory=list)
    migrated_to: int | None = None

    def add(self, date: int, author: Json, content: Json, thread: int | None, reply_to: int | None) -> Json:
        """Append a message; `author` is its from and sender_chat fields, `thread` a topic that exists."""
        message_id = self.next_message_id
        self.next_message_id += 1
        placed = {**self._place(thread, reply_to)}
        message = {"message_id": message_id, **author, "date": date, "chat": self.chat.json(), **placed, **content}
        self.messages[message_id] = message
        return message

    def add_topic(self, name: str, date: int, author: Json, colour: int = 0x6FB9F0) -> int:
        """Create a topic; its id is the id of the service message that announces it."""
        icon = {"name": name, "icon_color": colour}
        message = self.add(date, author, {"forum_topic_created": icon}, None, None)
        thread = int(message["message_id"])
        self.topics[thread] = name
        self.messages[thread] = {**message, "message_thread_id": thread, "is_topic_message": True}
        return thread

    def alter(self, message_id: int, change: Callable[[Json], Json]) -> Json:
        """Replace a message by what `change` makes of it. Errors: KeyError."""
        message = change(self.messages[message_id])
        self.messages[message_id] = message
        return message

    def remove(self, message_id: int) -> None:
        """Delete a message. Errors: KeyError."""
        del self.messages[message_id]

    def thread_of(self, message_id: int) -> int | None:
        """The topic a message is in; None in General and outside forums."""
        thread = self.messages.get(message_id, {}).get("message_thread_id")
        return thread if thread in self.topics else None

    def _place(self, thread: int | None, reply_to: int | None) -> Json:
        """The fields of thread and reply.

        In a topic, what replies to nothing else replies to the service message that made the topic; elsewhere in
        a supergroup, General included, a reply carries the id of its thread's root. Telegram does both.
        """
        if thread is not None:
            target = self._quoted(thread if reply_to is None else reply_to)
            return {"message_thread_id": thread, "is_topic_message": True, **target}
        if reply_to is None:
            return {}
        target = self._quoted(reply_to)
        if self.chat.type == "supergroup" and self.thread_of(reply_to) is None:
            root = self.messages.get(reply_to, {}).get("message_thread_id", reply_to)
            return {"message_thread_id": root, **target}
        return target

    def _quoted(self, message_id: int) -> Json:
        target = self.messages.get(message_id)
        if target is None:
            return {}
        return {"reply_to_message": {k: v for k, v in target.items() if k != "reply_to_message"}}
