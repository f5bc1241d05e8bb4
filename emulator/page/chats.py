"""A person's chats: which they are in, and what the list of them tells."""

from __future__ import annotations

from collections.abc import Iterator

from ..people import Json, Person
from ..state import State
from ..state.rooms import Room
from .messages import author, snippet

# The topic of what is in no topic, as Telegram numbers it.
GENERAL = 1


def person_of(state: State, me: int) -> Person:
    """Who looks. Errors: LookupError for one who is unknown."""
    if me not in state.people:
        raise LookupError(f"there is no person {me}")
    return state.people[me]


def rooms_of(state: State, person: Person) -> Iterator[Room]:
    """Groups and channels that somebody is in."""
    for room in state.rooms.values():
        if room.chat.type != "private" and person.id in room.members and room.migrated_to is None:
            yield room


def posts(room: Room, person: Person) -> bool:
    """True if somebody who is in a chat may write there: in a channel, only its administrators do."""
    return room.chat.type != "channel" or person.id in room.admins


def private_entry(state: State, person: Person) -> Json:
    """The chat with the bot, which is there before anything was said in it."""
    about = {"id": person.id, "kind": "private", "title": state.bot.username, "members": 0, "writable": True}
    return {**about, "last": _last(state.rooms.get(person.id), person)}


def entry(room: Room, person: Person) -> Json:
    """A group, forum or channel; the bot is one of the members, but follows no channel."""
    kind = "forum" if room.chat.is_forum else room.chat.type.removeprefix("super")
    members = len(room.members) + (kind != "channel")
    about = {"id": room.chat.id, "kind": kind, "title": room.chat.title or "", "members": members}
    return {**about, "writable": posts(room, person), "last": _last(room, person)}


def _last(room: Room | None, person: Person) -> Json | None:
    last = next(reversed(room.messages.values()), None) if room is not None else None
    if last is None:
        return None
    own = last.get("from", {}).get("id") == person.id
    name = "You" if own else author(last)["name"]
    return {"id": last["message_id"], "own": own, "name": name, "text": snippet(last)}


def topics_of(room: Room | None) -> list[Json]:
    """The topics of a forum, General first; none elsewhere."""
    if room is None or not room.chat.is_forum:
        return []
    return [{"id": number, "name": name} for number, name in ({GENERAL: "General"} | room.topics).items()]


def topic_of(message: Json) -> int:
    """The topic of a forum that a message is in."""
    return int(message["message_thread_id"]) if message.get("is_topic_message") else GENERAL
