"""What comes to a bot, drawn by chance: the same for each seed, whatever the bot does about it.

A step is given at once, or piece by piece: what is in it depends on nothing that the bot makes of its other pieces.
People speak, or give orders, so that no answer depends on an order that may come before or behind it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from storage.ids import THUMB_DOWN, THUMB_UP

Json = dict[str, Any]
STARTS_AT = 1_795_000_000
"""The second in which it all begins."""
FIRST_UPDATE, FIRST_PERSON = 1_000, 500_000_001
FRIENDS, FORUM, NEWS, TOPIC = -1_001_500_000_001, -1_001_500_000_002, -1_001_500_000_003, 7
REGULARS, GUESTS = 5, 2
"""Those who have automations, and those who block the bot, leave and come back."""
BOT: Json = {"id": 1_000_000_001, "is_bot": True, "first_name": "Polar", "username": "polar_test_bot"}
EMOJI = ("👍", "👎", "🔥", "🤔", "💯", "🤷‍♂")
WORDS = ("the garden", "tea", "a train to Łódź", "nine o'clock", "*stars* and _lines_", "<b>bold</b>", "naïve 🤖 plans")
ORDERS = (
    "/ping",
    "/help",
    "/whoami",
    "/tasks",
    "/memory",
    "/nonsense",
    "/timezone Europe/Berlin",
    "/remember I like {words}",
    "/personality set Speak of {words}",
    "/personality",
    "/automations list",
    "/ping@polar_test_bot",
    "/ping@another_bot",
)
FILE: Json = {"file_id": "file-1", "file_unique_id": "unique-1", "file_size": 1024}
SIZED: Json = {**FILE, "width": 320, "height": 240}
CARRIED: Sequence[Json] = (
    {"photo": [SIZED]},
    {"voice": {**FILE, "duration": 3}},
    {"document": {**FILE, "file_name": "plan.pdf", "mime_type": "application/pdf"}, "caption": "the plan"},
    {"sticker": {**SIZED, "type": "regular", "is_animated": False, "is_video": False, "emoji": "👍"}},
    {"location": {"latitude": 52.52, "longitude": 13.405}},
    {"contact": {"phone_number": "+49 30 1", "first_name": "Zoë"}},
    {"dice": {"emoji": "🎲", "value": 3}},
)
ODD: Sequence[Json] = (
    {},
    {"of_tomorrow": {"id": 1}},
    {"message": {"message_id": 5, "date": STARTS_AT, "text": "nowhere"}},
    {"message": 7},
    {"message_reaction": {"chat": {"id": FIRST_PERSON, "type": "private"}, "date": STARTS_AT}},
    {"callback_query": {"id": "77", "data": "x"}},
    {"poll_answer": {"poll_id": "1", "option_ids": [0]}},
    {"my_chat_member": {"chat": {"id": FIRST_PERSON, "type": "private"}}},
)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button under the first answer to an update, `data` or the one at a place; nothing where there is none."""

    user: int
    answered: int
    """The id of that update."""
    data: str | None
    position: int = 0


Piece = list[Json | Pressed]
"""What belongs together, as an album does; all in one go."""


@dataclass(slots=True)
class Step:
    """What comes before the bot rests, and the seconds that pass then."""

    pieces: list[Piece] = field(default_factory=list)
    seconds: int = 1


@dataclass(slots=True)
class _Said:
    chat: int
    user: int
    message: int
    update: int


class Tale:
    """Its steps, until so many updates have come."""

    def __init__(self, seed: int, updates: int) -> None:
        self._chance = random.Random(seed)
        self._updates = updates
        self._next = FIRST_UPDATE
        self._message = 0
        self._said: list[_Said] = []
        self._step = Step()
        self._speaking: set[tuple[int, int]] = set()
        """Who has spoken where in this step; twice in a row would be one turn, given at once."""
        self._edited: set[int] = set()
        self._now = STARTS_AT
        self.people = range(FIRST_PERSON, FIRST_PERSON + REGULARS + GUESTS)
        self._acts: list[tuple[int, Callable[[], None]]] = [
            (24, self._speak),
            (8, self._murmur),
            (8, self._mention),
            (5, self._carry),
            (4, self._album),
            (5, self._speak_in_pieces),
            (3, self._remind),
            (7, self._edit),
            (20, self._react),
            (4, self._count),
            (8, self._press),
            (4, self._post),
            (3, self._member),
            (2, self._odd),
        ]

    def steps(self) -> Iterator[Step]:
        """In order, those of speech and of orders in turn, each with time behind it."""
        yield self._first_orders()
        while self._next - FIRST_UPDATE < self._updates:
            weights = [weight for weight, _ in self._acts]
            for _ in range(self._chance.randint(8, 40)):
                [(_, act)] = self._chance.choices(self._acts, weights)
                act()
            yield self._end(seconds=self._chance.choice((1, 60, 3600)))
            for user in self._chance.sample(self.people, self._chance.randint(1, 5)):
                self._order(user, self._chance.choice(ORDERS).format(words=self._words()))
            yield self._end(seconds=1)

    def _first_orders(self) -> Step:
        for user in self.people[:REGULARS]:
            self._order(user, f"/automations create every 1 hour | {user} takes tea")
        return self._end(seconds=1)

    def _end(self, seconds: int) -> Step:
        step, self._step = self._step, Step()
        step.seconds = seconds
        self._now += seconds
        self._speaking.clear()
        self._edited.clear()
        return step

    # What is given

    def _give(self, *updates: Json | Pressed) -> None:
        self._step.pieces.append(list(updates))
        self._next += len(updates)

    def _written(self, chat: int, user: int, content: Json, *, offset: int = 0) -> Json:
        self._message += 1
        self._said.append(_Said(chat, user, self._message, self._next + offset))
        date = self._now + self._chance.randint(0, 5)
        return {"message_id": self._message, "date": date, "chat": _chat(chat), "from": _person(user), **content}

    def _anybody(self) -> int:
        return self._chance.choice(self.people)

    def _words(self) -> str:
        return f"{self._chance.choice(WORDS)} {self._message}"

    def _may_speak(self, chat: int, user: int) -> bool:
        """True once a step; of who is not alone in a chat, everybody ends what somebody else began."""
        if (chat, user) in self._speaking:
            return False
        self._speaking.add((chat, user))
        return True

    def _speak(self) -> None:
        user = self._anybody()
        if self._may_speak(user, user):
            earlier = [said for said in self._said if said.chat == user]
            content: Json = {"text": f"What about {self._words()}?"}
            if earlier and self._chance.random() < 0.2:
                content["reply_to_message"] = _quoted(self._chance.choice(earlier))
            self._give({"message": self._written(user, user, content)})

    def _murmur(self) -> None:
        user = self._anybody()
        if self._may_speak(FRIENDS, user):
            self._give({"message": self._written(FRIENDS, user, {"text": self._words()})})

    def _mention(self) -> None:
        user, chat = self._anybody(), self._chance.choice((FRIENDS, FORUM))
        if self._may_speak(chat, user):
            text = f"@{BOT['username']} {self._words()}"
            marked: Json = {"text": text, "entities": [{"type": "mention", "offset": 0, "length": 15}]}
            if chat == FORUM and self._chance.random() < 0.7:
                marked |= {"message_thread_id": TOPIC, "is_topic_message": True}
            self._give({"message": self._written(chat, user, marked)})

    def _carry(self) -> None:
        user = self._anybody()
        if self._may_speak(user, user):
            self._give({"message": self._written(user, user, self._chance.choice(CARRIED))})

    def _album(self) -> None:
        user = self._anybody()
        if self._may_speak(user, user):
            group = str(self._message)
            pictures = [
                self._written(user, user, {"photo": [SIZED], "media_group_id": group}, offset=offset)
                for offset in range(self._chance.randint(2, 4))
            ]
            pictures[0]["caption"] = self._words()
            self._give(*({"message": picture} for picture in pictures))

    def _speak_in_pieces(self) -> None:
        user = self._anybody()
        if self._may_speak(user, user):
            texts = [{"text": self._words()} for _ in range(self._chance.randint(2, 4))]
            self._give(*({"message": self._written(user, user, text, offset=n)} for n, text in enumerate(texts)))

    def _remind(self) -> None:
        user = self._anybody()
        if self._may_speak(user, user):
            text = f"remind me every 3 hours to see number {self._message}"
            self._give({"message": self._written(user, user, {"text": text})})

    def _order(self, user: int, text: str) -> None:
        length = len(text.split(" ", 1)[0])
        marked = {"text": text, "entities": [{"type": "bot_command", "offset": 0, "length": length}]}
        self._give({"message": self._written(user, user, marked)})

    def _edit(self) -> None:
        """Of an earlier step, once: whether the answer is replaced or changed goes by whether it has gone out."""
        edited = self._one_said()
        if edited is not None and edited.update < self._first_of_step() and edited.message not in self._edited:
            self._edited.add(edited.message)
            content = {
                "message_id": edited.message,
                "date": self._now,
                "edit_date": self._now + 1,
                "chat": _chat(edited.chat),
                "from": _person(edited.user),
                "text": f"Rather {self._words()}",
            }
            self._give({"edited_message": content})

    def _react(self) -> None:
        """To a message of this step, too; or to one that there never was."""
        about = self._one_said()
        if about is not None:
            number = about.message if self._chance.random() < 0.9 else about.message + 1_000_000
            user = about.user if about.chat > 0 else self._anybody()
            self._give(
                {"message_reaction": {**self._about(about.chat, number), "user": _person(user), **self._change()}}
            )

    def _about(self, chat: int, message: int) -> Json:
        return {"chat": _chat(chat), "message_id": message, "date": self._now}

    def _change(self) -> Json:
        old, new = ([_emoji(one) for one in self._chance.sample(EMOJI, self._chance.randint(0, 2))] for _ in range(2))
        if self._chance.random() < 0.1:
            new.append({"type": "custom_emoji", "custom_emoji_id": "5300000000000000001"})
        return {"old_reaction": old, "new_reaction": new}

    def _count(self) -> None:
        totals = [{"type": _emoji(self._chance.choice(EMOJI)), "total_count": self._chance.randint(1, 9)}]
        posts = [said for said in self._said if said.chat == NEWS]
        if posts:
            about = self._about(NEWS, self._chance.choice(posts).message)
            self._give({"message_reaction_count": {**about, "reactions": totals}})

    def _press(self) -> None:
        asked = [said for said in self._said if said.chat > 0 and said.update < self._first_of_step()]
        if asked:
            about = self._chance.choice(asked)
            data = self._chance.choice((THUMB_UP, THUMB_DOWN, "of tomorrow", None, None))
            self._give(Pressed(about.user, about.update, data, self._chance.randint(0, 1)))

    def _first_of_step(self) -> int:
        return self._next - sum(map(len, self._step.pieces))

    def _post(self) -> None:
        post = self._written(NEWS, 0, {"text": self._words(), "sender_chat": _chat(NEWS)})
        del post["from"]
        self._give({"channel_post": post})

    def _member(self) -> None:
        user = self._chance.choice(self.people[REGULARS:])
        status = self._chance.choice(("kicked", "member", "left"))
        if self._chance.random() < 0.5:
            chat, kind, member = user, "my_chat_member", BOT
        else:
            chat, kind, member = FRIENDS, "chat_member", _person(user)
        change = {"old_chat_member": {"status": "member", "user": member}}
        change |= {"new_chat_member": {"status": status, "user": member}}
        if self._may_speak(chat, user):  # whether somebody has left is not decided while they speak
            self._give({kind: {"chat": _chat(chat), "from": _person(user), "date": self._now, **change}})

    def _odd(self) -> None:
        self._give(dict(self._chance.choice(ODD)))

    def _one_said(self) -> _Said | None:
        """Mostly one of late; nothing of the channel's."""
        said = [one for one in self._said[-40:] if one.chat != NEWS]
        return self._chance.choice(said) if said else None


def pressed(press: Pressed, message: Json) -> Json:
    """A press under this message, as it is now."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    shown = [button["callback_data"] for row in rows for button in row if "callback_data" in button]
    data = press.data or (shown[press.position % len(shown)] if shown else "nothing")
    user = _person(press.user)
    return {
        "callback_query": {
            "id": str(press.answered),
            "from": user,
            "message": message,
            "chat_instance": "1",
            "data": data,
        }
    }


def _quoted(said: _Said) -> Json:
    written = {"message_id": said.message, "date": STARTS_AT, "text": "as it was"}
    return {**written, "chat": _chat(said.chat), "from": _person(said.user)}


def _emoji(emoji: str) -> Json:
    return {"type": "emoji", "emoji": emoji}


def _person(user: int) -> Json:
    return {"id": user, "is_bot": False, "first_name": f"P{user - FIRST_PERSON}", "language_code": "en"}


def _chat(chat: int) -> Json:
    if chat > 0:
        return {"id": chat, "type": "private", "first_name": f"P{chat - FIRST_PERSON}"}
    if chat == NEWS:
        return {"id": chat, "type": "channel", "title": "News"}
    return {"id": chat, "type": "supergroup", "title": "Friends", "is_forum": chat == FORUM}
