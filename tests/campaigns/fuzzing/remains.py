"""What updates leave in the database, and what of it is missing or wrong, by a reading that is no part of the bot's."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.receiving.reading import ALLOWED_UPDATES
from storage.text import clean
from tests.campaigns.fuzzing.rules import MAX_ID
from tests.house import House

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Left:
    """What a life has left in the database, by the numbers of updates and of messages."""

    ends: Mapping[int, str]
    texts: Mapping[int, set[str]]
    told: frozenset[int]
    """The updates of which somebody was told something."""

    @classmethod
    def of(cls, house: House) -> Left:
        """Read as a second program does."""
        texts: dict[int, set[str]] = defaultdict(set)
        for number, text in house.rows("SELECT telegramMessageId, text FROM polar_messages WHERE role = 'user'"):
            texts[number].add(text)
        replies = house.rows("SELECT deliveryId FROM polar_delivery_queue WHERE deliveryId LIKE 'update:%'")
        told = frozenset(int(delivery_id.split(":")[1]) for (delivery_id,) in replies)
        return cls(dict(house.rows("SELECT updateId, status FROM polar_updates")), texts, told)


def missing(house: House, sent: Mapping[int, Json], people: frozenset[int]) -> list[str]:
    """What is not there, or wrong, of what was sent by its update_id; `people` have a private chat each."""
    left = Left.of(house)
    found = [f"update {number} is of nobody" for number in left.ends.keys() - sent.keys()]
    written = Counter(number for update in sent.values() for number in _numbers_in(update))
    for number, update in sent.items():
        end = left.ends.get(number, "lost")
        if end not in ("done", "dead"):
            found.append(f"update {number} is {end}: {json.dumps(update)}")
        found += [
            f"update {number}, {end}: {rule}: {json.dumps(update)}"
            for rule in _broken_by(update, number, left, written)
        ]
    return [*found, *_unwritten(sent, left), *_silenced(sent, left, people)]


def _broken_by(update: Json, number: int, left: Left, written: Mapping[int, int]) -> Iterator[str]:
    """Of a message that can be read, what is missing: its row with its own text, and in private its answer."""
    text, message = readable(update), _only_message(update)
    if text is None or message is None:
        return
    if left.ends.get(number) != "done":
        yield "it can be read, and is not done"
    if text not in left.texts[message["message_id"]] and written[message["message_id"]] == 1:
        yield "its text has no row"
    if message["chat"]["type"] == "private" and number not in left.told and not _is_for_another(message):
        yield "nobody has answered it"


def _is_for_another(message: Json) -> bool:
    """True if it may be a command of another bot's, which is answered by nobody."""
    return "/" in message["text"] and "@" in message["text"] and bool(message.get("entities"))


def _unwritten(sent: Mapping[int, Json], left: Left) -> Iterator[str]:
    """Texts that are stored, and that nobody has written there."""
    written: dict[int, set[str]] = defaultdict(set)
    for update in sent.values():
        for message in filter(_is_object, update.values()):
            for number in _numbers_in({"": message}):
                written[number].update(
                    clean(message[name]) for name in ("text", "caption") if isinstance(message.get(name), str)
                )
    for number, texts in left.texts.items():
        yield from (f"message {number} says what nobody wrote: {text!r}" for text in texts - written[number] - {""})


def _silenced(sent: Mapping[int, Json], left: Left, people: frozenset[int]) -> Iterator[str]:
    """Private chats in which something was set aside, and nobody was told; once is enough, of whatever it was."""
    lost: dict[int, list[int]] = defaultdict(list)
    told = {
        message["chat"]["id"]
        for number in left.told
        if left.ends.get(number) == "dead"
        for message in filter(_is_object, sent[number].values())
        if _is_object(message.get("chat")) and is_id(message["chat"].get("id"))
    }
    for number, update in sent.items():
        message = _only_message(update)
        chat = message.get("chat") if message is not None and not _is_bots(message) else None
        if (
            left.ends.get(number) == "dead"
            and isinstance(chat, dict)
            and is_id(chat.get("id"))
            and chat["id"] in people
        ):
            lost[chat["id"]].append(number)
    for chat_id, numbers in lost.items():
        if chat_id not in told:
            yield f"chat {chat_id} was not told that updates {numbers} were set aside"


def _numbers_in(update: Json) -> Iterator[int]:
    """The numbers of the messages that an update is, of whatever kind."""
    for message in filter(_is_object, update.values()):
        number = message.get("message_id")
        if isinstance(number, int | float) and math.isfinite(number):
            yield int(number)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def readable(update: Json) -> str | None:
    """The text of a message of a person's, cleaned, where nothing is missing that it takes."""
    message = _only_message(update)
    if message is None or _is_bots(message):
        return None
    chat, text = message.get("chat"), message.get("text")
    if not (isinstance(chat, dict) and is_id(chat.get("id")) and is_id(message.get("message_id"))):
        return None
    if not (isinstance(chat.get("type"), str) and chat["type"] and isinstance(text, str)):
        return None
    is_about_chat = message.get("migrate_to_chat_id") is not None or message.get("left_chat_member") is not None
    return None if is_about_chat else clean(text)


def _only_message(update: Json) -> Json | None:
    kinds = [kind for kind in ALLOWED_UPDATES if update.get(kind) is not None]
    message: Any = update.get("message")
    return message if kinds == ["message"] and isinstance(message, dict) else None


def _is_bots(message: Json) -> bool:
    person: Any = message.get("from")
    return isinstance(person, dict) and person.get("is_bot") is True


def is_id(value: object) -> bool:
    """True for what SQLite can hold."""
    return type(value) is int and -MAX_ID <= value <= MAX_ID
