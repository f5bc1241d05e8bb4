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
from .messages import matches, shown

# Of answered presses, as many as a page may still wait for.
ANSWERS = 20
# Of messages, as many as a page may show.
MOST = 1000


@dataclass(frozen=True, slots=True)
class View:
    """A person's look at one chat and its latest `limit` messages, of one `topic` if that is not 0.

    It goes back to the message `reach`, if that is no more than MOST; with `find`, only what has all of its words is
    looked at. Errors: LookupError for a person who is unknown.
    """

    state: State
    me: int
    chat: int
    limit: int
    topic: int = 0
    reach: int = 0
    find: str = ""

    def json(self) -> Json:
        """All of it; a chat that is not theirs shows nothing."""
        person = person_of(self.state, self.me)
        rooms = list(rooms_of(self.state, person))
        own = self.state.rooms.get(person.id)
        room = next((room for room in (own, *rooms) if room is not None and room.chat.id == self.chat), None)
        messages, is_all = ([], True) if room is None else self._messages(room)
        return {
            "chats": [private_entry(self.state, person), *(entry(room, person) for room in rooms)],
            "people": [{"id": each.id, "name": each.first_name} for each in self.state.people.values()],
            "bot": {"id": self.state.bot.id, "name": self.state.bot.username},
            "commands": menu(self.state.bot, person, room),
            "answers": dict(islice(reversed(self.state.answers.items()), ANSWERS)),
            "topics": topics_of(room),
            "earlier": not is_all,
            "messages": messages,
            **activity(self.state, self.chat),
        }

    def _messages(self, room: Room) -> tuple[list[Json], bool]:
        """Those that are looked at, and whether these are all."""
        latest = list(islice(self._latest(room), MOST + 1))
        reached = sum(message["message_id"] >= self.reach for message in latest) if self.reach else 0
        limit = max(self.limit, min(reached, MOST))
        messages = [shown(self.state, room, message, self.me) for message in latest[:limit]]
        return messages[::-1], len(latest) <= limit

    def _latest(self, room: Room) -> Iterator[Json]:
        words = self.find.casefold().split()
        for message in reversed(room.messages.values()):
            if self.topic in (0, topic_of(message)) and matches(message, words):
                yield message
