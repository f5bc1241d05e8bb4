"""The people's side: acting in chats, looking at what bots did."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat

from . import polls
from .media import content, forwarded
from .members import administrator, member
from .people import ANONYMOUS, Chat, Json, Person
from .places import Place, Places
from .reactions import counted, typed
from .state.faults import Fault
from .state.rooms import Room
from .texts import entities_in, quote_of
from .uploads import Upload


class World(Places):
    """Everything that happens outside of the bot.

    What people do queues an update for the bot they address (`address`; the first one unless told), if that bot asked
    for updates of its kind, and wakes who waits. Making chats and topics queues nothing: it lies in the past.
    Chats are named by `Chat` or id; message ids are Telegram's, one sequence a chat. Errors: LookupError for a chat
    or message that does not exist, ValueError for what cannot be done.
    """

    # Acting

    def say(
        self,
        chat: Place,
        person: Person | None,
        text: str,
        topic: int | None = None,
        reply_to: int | None = None,
        quote: str | None = None,
    ) -> int:
        """A text; commands, mentions and links become entities. `quote` is of the reply's. Returns the message id."""
        entities = entities_in(text)
        body: Json = {"text": text, **({"entities": entities} if entities else {})}
        return self._write(chat, self._author(chat, person), body | self._quote(chat, reply_to, quote), topic, reply_to)

    def send(
        self,
        chat: Place,
        person: Person | None,
        kind: str,
        caption: str | None = None,
        topic: int | None = None,
        reply_to: int | None = None,
        media_group_id: str | None = None,
    ) -> int:
        """A message that is not text, of one of the kinds of `media.CONTENTS`. Returns the message id."""
        body = content(kind, self.room(chat).next_message_id)
        if media_group_id is not None:
            body["media_group_id"] = media_group_id
        if caption is not None:
            body |= _captioned(caption)
        return self._write(chat, self._author(chat, person), body, topic, reply_to)

    def upload(
        self,
        chat: Place,
        person: Person | None,
        upload: Upload,
        caption: str = "",
        topic: int | None = None,
        reply_to: int | None = None,
        quote: str | None = None,
    ) -> int:
        """A file with its content, which is kept in `files`. Returns the message id."""
        room, author = self.room(chat), self._author(chat, person)
        self._check_place(room, topic, reply_to)
        number = len(self.files) + 1
        body = upload.json(number) | _captioned(caption) | self._quote(room.chat, reply_to, quote)
        self.files[upload.file_id(number)] = upload.text()
        return self._write(room.chat, author, body, topic, reply_to)

    def album(
        self,
        chat: Place,
        person: Person | None,
        kinds: Iterable[str],
        caption: str | None = None,
        topic: int | None = None,
        reply_to: int | None = None,
    ) -> list[int]:
        """Several messages that are shown as one, the caption under the first. Returns the message ids."""
        group = str(self.room(chat).next_message_id)
        captions = chain([caption], repeat(None))
        return [
            self.send(chat, person, kind, text, topic, reply_to, media_group_id=group)
            for kind, text in zip(kinds, captions, strict=False)
        ]

    def forward(
        self,
        chat: Place,
        person: Person,
        source: Place,
        message_id: int,
        topic: int | None = None,
        hidden: bool = False,
    ) -> int:
        """Forward a message; with `hidden`, one of somebody who does not want to be linked. Returns the message id."""
        original = self._existing(self.room(source), message_id)
        return self._write(chat, self._author(chat, person), forwarded(original, hidden), topic, None)

    def say_as_chat(
        self, chat: Place, sender_chat: Chat, text: str, topic: int | None = None, reply_to: int | None = None
    ) -> int:
        """A text in the name of a chat: an anonymous administrator, or a linked channel."""
        entities = entities_in(text)
        body: Json = {"text": text, **({"entities": entities} if entities else {})}
        author = {"from": ANONYMOUS, "sender_chat": sender_chat.json()}
        return self._write(chat, author, body, topic, reply_to)

    def edit(self, chat: Place, message_id: int, text: str) -> None:
        """Change a text or a caption."""
        room = self.room(chat)
        message = self._existing(room, message_id)
        field = "text" if "text" in message else "caption"
        prefix = "" if field == "text" else "caption_"
        kept = {key: value for key, value in message.items() if key != f"{prefix}entities"}
        entities = entities_in(text)
        changed = {**kept, "edit_date": self.date(), field: text}
        changed |= {f"{prefix}entities": entities} if entities else {}
        room.alter(message_id, lambda _: changed)
        self._tell(room, "edited_channel_post" if room.chat.type == "channel" else "edited_message", changed)

    def react(
        self,
        chat: Place,
        person: Person | None,
        message_id: int,
        *reactions: str | Json,
        actor_chat: Chat | None = None,
    ) -> None:
        """Replace all reactions of an actor on a message; none at all takes them back.

        Channels get the counts of all instead of the change. The message need not exist: reactions come to old
        messages too.
        """
        room = self.room(chat)
        actor = actor_chat or person
        if actor is None:
            raise ValueError("react needs a person or an actor_chat")
        held = room.reactions.setdefault(message_id, {})
        old, new = held.get(actor.id, []), [typed(reaction) for reaction in reactions]
        if old == new:
            return
        held[actor.id] = new
        if room.chat.type == "channel":
            self._count(room, message_id, counted(held.values()))
            return
        who = {"actor_chat" if isinstance(actor, Chat) else "user": actor.json()}
        change = {"old_reaction": old, "new_reaction": new}
        self._tell(room, "message_reaction", {**self._about(room, message_id), **who, **change})

    def reaction_count(self, chat: Place, message_id: int, counts: dict[str, int]) -> None:
        """The anonymous counts of a message, most frequent first."""
        ordered = sorted(counts.items(), key=lambda item: -item[1])
        totals = [{"type": typed(emoji), "total_count": total} for emoji, total in ordered]
        self._count(self.room(chat), message_id, totals)

    def vote(self, chat: Place, person: Person, message_id: int, *options: int) -> None:
        """Choose options of a poll by their places, counted from 0; none takes the vote back.

        The bot hears of votes on its own polls, and whose they are unless the poll is anonymous.
        """
        room = self.room(chat)
        poll = self._existing(room, message_id).get("poll")
        if poll is None:
            raise ValueError(f"message {message_id} is not a poll")
        votes = self.votes.setdefault(poll["id"], {})
        votes[person.id] = polls.checked(poll, list(options))
        if not options:
            del votes[person.id]
        changed = polls.counted(poll, votes)
        room.alter(message_id, lambda message: {**message, "poll": changed})
        if message_id in room.sent:
            self._tell(room, "poll", changed)
            if not poll["is_anonymous"]:
                self._tell(room, "poll_answer", polls.answer(changed, person, list(options)))
        self.changes.notify()

    def press(self, chat: Place, person: Person, message_id: int, data: str) -> str:
        """Press a button; `data` may be one that no button has. Returns the callback query's id."""
        room = self.room(chat)
        query_id = self.next_query_id()
        self.queries.add(query_id)
        gone = {"chat": room.chat.json(), "message_id": message_id, "date": 0}
        query = {"id": query_id, "from": person.json(), "message": room.messages.get(message_id, gone)}
        self._tell(room, "callback_query", {**query, "chat_instance": str(-room.chat.id), "data": data})
        return query_id

    def expire_queries(self) -> None:
        """Make every callback query too old to be answered."""
        self.queries.clear()

    def delete(self, chat: Place, message_id: int) -> None:
        """Delete a message as people do: bots are told nothing."""
        room = self.room(chat)
        self._existing(room, message_id)
        room.remove(message_id)
        self.changes.notify()

    # Membership

    def block(self, person: Person) -> None:
        """Stop the bot in a private chat; the next message of the person ends it."""
        self._set_private(person, blocked=True)

    def unblock(self, person: Person) -> None:
        """Let the bot write again."""
        self._set_private(person, blocked=False)

    def _set_private(self, person: Person, blocked: bool) -> None:
        room = self.room(person.id)
        user = self.bot.json()
        old, new = member(user, "member"), member(user, "kicked")
        (self.bot.blocked.add if blocked else self.bot.blocked.discard)(person.id)
        self._member_changed(room, person.json(), *((old, new) if blocked else (new, old)))

    def remove_bot(self, chat: Place, by: Person | None = None) -> None:
        """Throw the bot out of a group or channel."""
        room = self.room(chat)
        user = self.bot.json()
        self._member_changed(room, by.json() if by else ANONYMOUS, administrator(user), member(user, "kicked"))
        self.bot.kicked.add(room.chat.id)

    def return_bot(self, chat: Place, by: Person | None = None) -> None:
        """Take the bot in again, as an administrator."""
        room = self.room(chat)
        user = self.bot.json()
        self.bot.kicked.discard(room.chat.id)
        self._member_changed(room, by.json() if by else ANONYMOUS, member(user, "left"), administrator(user))

    def leave(self, chat: Place, person: Person, by: Person | None = None, *, announced: bool = True) -> None:
        """Leave a group, or be thrown out of it; in large groups that is not announced, so that administrators know."""
        room = self.room(chat)
        user, actor = person.json(), (by or person).json()
        old = administrator(user) if person.id in room.admins else member(user, "member")
        del room.members[person.id]
        room.admins.discard(person.id)
        self._member_changed(room, actor, old, member(user, "left" if by is None else "kicked"), "chat_member")
        if announced:
            self._write(room.chat, {"from": actor}, {"left_chat_member": user}, None, None)

    def _member_changed(self, room: Room, by: Json, old: Json, new: Json, kind: str = "my_chat_member") -> None:
        change = {"old_chat_member": old, "new_chat_member": new}
        self._tell(room, kind, {"chat": room.chat.json(), "from": by, "date": self.date(), **change})

    def migrate(self, chat: Place) -> Chat:
        """Turn a basic group into a supergroup, with the service messages in both; returns the new chat."""
        old = self.room(chat)
        if old.chat.type != "group" or old.migrated_to is not None:
            raise ValueError(f"chat {old.chat.id} is not a basic group")
        new = self.room(self.group(old.chat.title or "", old.members.values()))
        new.admins = set(old.admins)
        self._write(old.chat, {"from": ANONYMOUS}, {"migrate_to_chat_id": new.chat.id}, None, None)
        old.migrated_to = new.chat.id
        self._write(new.chat, {"from": ANONYMOUS}, {"migrate_from_chat_id": old.chat.id}, None, None)
        return new.chat

    # Looking

    @property
    def next_update_id(self) -> int:
        """The id of the next update of the bot addressed; set it, while nothing is pending, to restart the ids."""
        return self.bot.updates.next_id

    @next_update_id.setter
    def next_update_id(self, update_id: int) -> None:
        self.bot.updates.next_id = update_id

    def message(self, chat: Place, message_id: int) -> Json | None:
        """A message as it is now, or None."""
        return self.room(chat).messages.get(message_id)

    def reactions(self, chat: Place, message_id: int) -> dict[int, list[Json]]:
        """The reactions on a message by the id of who holds them, bots included."""
        return dict(self.room(chat).reactions.get(message_id, {}))

    def updates_pending(self) -> int:
        """The number of updates that the bot addressed has not confirmed."""
        return len(self.bot.updates)

    # Failing

    def fault(
        self,
        method: str,
        kind: str,
        times: int | None = 1,
        chat: Place | None = None,
        retry_after: int = 1,
        seconds: float | None = None,
    ) -> Fault:
        """Order a failure, see `Fault`; orders are used up in the order they were given. Errors: ValueError."""
        number = chat.id if isinstance(chat, Chat) else chat
        fault = Fault(method, kind, times, number, retry_after, seconds)
        self.faults.add(fault)
        return fault

    def clear_faults(self) -> None:
        """Drop the orders and let go the calls that hang."""
        self.faults.clear()

    # In common

    def _author(self, chat: Place, person: Person | None) -> Json:
        room = self.room(chat)
        if room.chat.type == "channel":
            return {"sender_chat": room.chat.json()}
        if person is None:
            raise ValueError("only a channel posts without a person")
        if room.chat.type != "private":
            room.members.setdefault(person.id, person)
        return {"from": person.json()}

    def _write(self, chat: Place, author: Json, body: Json, topic: int | None, reply_to: int | None) -> int:
        room = self.room(chat)
        self._check_place(room, topic, reply_to)
        self._open(room)
        message = room.add(self.date(), author, body, topic, reply_to)
        self._tell(room, "channel_post" if room.chat.type == "channel" else "message", message)
        return int(message["message_id"])

    def _quote(self, chat: Place, reply_to: int | None, words: str | None) -> Json:
        if words is None:
            return {}
        if reply_to is None:
            raise ValueError("a quote is of the message that is replied to")
        return {"quote": quote_of(self._existing(self.room(chat), reply_to), words)}

    def _check_place(self, room: Room, topic: int | None, reply_to: int | None) -> None:
        if topic is not None and topic not in room.topics:
            raise LookupError(f"chat {room.chat.id} has no topic {topic}")
        if reply_to is not None:
            self._existing(room, reply_to)
        if room.migrated_to is not None:
            raise ValueError(f"chat {room.chat.id} has become {room.migrated_to}")

    def _open(self, room: Room) -> None:
        """Who writes to the bot has started it, and has unblocked it."""
        if room.chat.type == "private":
            self.bot.opened.add(room.chat.id)
            if room.chat.id in self.bot.blocked:
                self.unblock(self.people[room.chat.id])

    @staticmethod
    def _existing(room: Room, message_id: int) -> Json:
        if message_id not in room.messages:
            raise LookupError(f"chat {room.chat.id} has no message {message_id}")
        return room.messages[message_id]

    def _about(self, room: Room, message_id: int) -> Json:
        return {"chat": room.chat.json(), "message_id": message_id, "date": self.date()}

    def _count(self, room: Room, message_id: int, totals: list[Json]) -> None:
        self._tell(room, "message_reaction_count", {**self._about(room, message_id), "reactions": totals})

    def _tell(self, room: Room, kind: str, payload: Json) -> None:
        """Queue an update, unless the bot is not in the chat any longer."""
        if room.chat.id in self.bot.kicked:
            self.changes.notify()
        else:
            self.emit(kind, payload)


def _captioned(caption: str) -> Json:
    if not caption:
        return {}
    entities = entities_in(caption)
    return {"caption": caption, **({"caption_entities": entities} if entities else {})}
