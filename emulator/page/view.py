"""One person's view: their chats, and one of them opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ..people import Json, Person
from ..state import State
from ..state.rooms import Room
from .activity import activity
from .menu import menu
from .messages import author, shown, snippet

# Of answered presses, as many as a page may still wait for.
ANSWERS = 20


@dataclass(frozen=True, slots=True)
class View:
    """A person's look at one chat and its latest `limit` messages. Errors: LookupError for one who is unknown."""

    state: State
    me: int
    chat: int
    limit: int

    def json(self) -> Json:
        """All of it; the private chat is there before anything was said in it."""
        person = person_of(self.state, self.me)
        rooms = [self.state.rooms.get(person.id), *rooms_of(self.state, person)]
        room = next((room for room in rooms if room is not None and room.chat.id == self.chat), None)
        return {
            "chats": [self._entry(person, room) for room in rooms],
            "people": [{"id": each.id, "name": each.first_name} for each in self.state.people.values()],
            "bot": {"id": self.state.bot.id, "name": self.state.bot.username},
            "commands": menu(self.state.bot, person, room),
            "answers": dict(islice(reversed(self.state.answers.items()), ANSWERS)),
            "earlier": room is not None and len(room.messages) > self.limit,
            "messages": self._messages(room),
            **activity(self.state, self.chat),
        }

    def _entry(self, person: Person, room: Room | None) -> Json:
        if room is None or room.chat.id == person.id:
            about: Json = {"id": person.id, "kind": "private", "title": self.state.bot.username, "members": 0}
        else:
            title, members = room.chat.title or "", len(room.members) + 1
            kind = "forum" if room.chat.is_forum else room.chat.type.removeprefix("super")
            about = {"id": room.chat.id, "kind": kind, "title": title, "members": members}
        last = next(reversed(room.messages.values()), None) if room is not None else None
        if last is None:
            return {**about, "last": None}
        own = last.get("from", {}).get("id") == person.id
        name = "You" if own else author(last)["name"]
        return {**about, "last": {"id": last["message_id"], "own": own, "name": name, "text": snippet(last)}}

    def _messages(self, room: Room | None) -> list[Json]:
        if room is None:
            return []
        latest = list(islice(reversed(room.messages.values()), self.limit))
        return [shown(self.state, room, message, self.me) for message in reversed(latest)]


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
