"""Making people, chats and topics."""

from __future__ import annotations

from collections.abc import Iterable

from .people import ANONYMOUS, Chat, Person
from .state import State
from .state.rooms import Room

Place = Chat | int


class Places(State):
    """People and where they meet. To make them tells bots nothing: it lies in the past."""

    def address(self, token: str) -> None:
        """Let people talk to this bot from now on."""
        self.bot = self.bots[token]

    def person(
        self,
        first_name: str,
        username: str | None = None,
        *,
        id: int | None = None,  # noqa: A002
        is_bot: bool = False,
    ) -> Person:
        """A person, or another bot; ids count up from 500000001. Errors: ValueError for an id in use."""
        if id in self.people:
            raise ValueError(f"person {id} exists")
        person = Person(self.next_person_id() if id is None else id, first_name, username, is_bot=is_bot)
        self.people[person.id] = person
        return person

    def private(self, person: Person) -> Chat:
        """The private chat with the bot addressed, which the person has opened."""
        self.bot.opened.add(person.id)
        if person.id not in self.rooms:
            chat = Chat(person.id, "private", first_name=person.first_name, username=person.username)
            self.add_room(chat).members[person.id] = person
        return self.rooms[person.id].chat

    def group(
        self,
        title: str,
        members: Iterable[Person] = (),
        forum: bool = False,
        *,
        basic: bool = False,
        username: str | None = None,
        admins: Iterable[Person] = (),
        id: int | None = None,  # noqa: A002
    ) -> Chat:
        """A supergroup, or a basic group, with the bots as administrators."""
        if basic and forum:
            raise ValueError("a basic group has no topics")
        kind = "group" if basic else "supergroup"
        number = self.next_group_id(basic) if id is None else id
        room = self.add_room(Chat(number, kind, title, username=username, is_forum=forum))
        return self._furnished(room, members, admins)

    def channel(
        self,
        title: str,
        *,
        members: Iterable[Person] = (),
        admins: Iterable[Person] = (),
        username: str | None = None,
        id: int | None = None,  # noqa: A002
    ) -> Chat:
        """A channel with the bots as administrators; `members` follow it, `admins` post in it too."""
        number = self.next_group_id() if id is None else id
        room = self.add_room(Chat(number, "channel", title, username=username))
        return self._furnished(room, members, admins)

    def _furnished(self, room: Room, members: Iterable[Person], admins: Iterable[Person]) -> Chat:
        for person in (*members, *(owners := tuple(admins))):
            room.members[person.id] = person
        room.admins = {person.id for person in owners}
        self.changes.notify()
        return room.chat

    def topic(self, chat: Place, name: str) -> int:
        """A topic of a forum, or of a private chat; returns its message_thread_id. Errors: ValueError elsewhere."""
        room = self.room(chat)
        if not (room.chat.is_forum or room.chat.type == "private"):
            raise ValueError(f"chat {room.chat.id} is not a forum")
        creator = next((person.json() for person in room.members.values()), ANONYMOUS)
        thread = room.add_topic(name, self.date(), {"from": creator})
        self.changes.notify()
        return thread

    def custom_emoji(self, custom_emoji_id: str, emoji: str) -> None:
        """Let getCustomEmojiStickers know an id."""
        self.emoji[custom_emoji_id] = emoji
