"""One person's view: their chats, and one of them opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ..people import Json
from ..state import State
from ..state.rooms import Room
from .activity import activity
from .chats import entry, person_of, private_entry, rooms_of, topic_of, topics_of
from .menu import menu
from .messages import shown

# Of answered presses, as many as a page may still wait for.
ANSWERS = 20


@dataclass(frozen=True, slots=True)
class View:
    """A person's look at one chat and its latest `limit` messages, of one `topic` if that is not 0.

    Errors: LookupError for a person who is unknown.
    """

    state: State
    me: int
    chat: int
    limit: int
    topic: int = 0

    def json(self) -> Json:
        """All of it; a chat that is not theirs shows nothing."""
        person = person_of(self.state, self.me)
        rooms = list(rooms_of(self.state, person))
        own = self.state.rooms.get(person.id)
        room = next((room for room in (own, *rooms) if room is not None and room.chat.id == self.chat), None)
        messages = [] if room is None else self._messages(room)
        return {
            "chats": [private_entry(self.state, person), *(entry(room, person) for room in rooms)],
            "people": [{"id": each.id, "name": each.first_name} for each in self.state.people.values()],
            "bot": {"id": self.state.bot.id, "name": self.state.bot.username},
            "commands": menu(self.state.bot, person, room),
            "answers": dict(islice(reversed(self.state.answers.items()), ANSWERS)),
            "topics": topics_of(room),
            "earlier": len(messages) > self.limit,
            "messages": messages[-self.limit :],
            **activity(self.state, self.chat),
        }

    def _messages(self, room: Room) -> list[Json]:
        """Those that are looked at, and one more if there is one."""
        latest = islice(self._latest(room), self.limit + 1)
        return [shown(self.state, room, message, self.me) for message in latest][::-1]

    def _latest(self, room: Room) -> Iterator[Json]:
        for message in reversed(room.messages.values()):
            if self.topic in (0, topic_of(message)):
                yield message
