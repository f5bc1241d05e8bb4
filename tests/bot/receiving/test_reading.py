"""The one reading of an update, beside what python-telegram-bot reads of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.receiving.forms import (
    ChatForm,
    ChecklistForm,
    ContactForm,
    DiceForm,
    EmojiForm,
    EntityForm,
    FileForm,
    LocationForm,
    MemberForm,
    MessageForm,
    OfferForm,
    OptionForm,
    OriginForm,
    PollForm,
    QuoteForm,
    ReadForm,
    StoryForm,
    TaskForm,
    UserForm,
    VenueForm,
)
from bot.receiving.reading import ALLOWED_UPDATES, UpdateUnreadable, read_update
from tests import examples
from tests.bot.receiving.updates import CONTENT, ids
from tests.cost import steps

Paths = dict[str, str]


def under(path: str, form: type[ReadForm], **inner: type[ReadForm]) -> Paths:
    """All that a form declares, below a path; of what is a form itself, `inner` says of which, and `_each` of many."""
    held = {name.removesuffix("_each") for name in inner}
    plainly = same(*(f"{path}.{name}" for name in form.__struct_fields__ if name not in held))
    deeper = (under(f"{path}.{name.replace('_each', '.*')}", each) for name, each in inner.items())
    return {our: their for paths in (plainly, *deeper) for our, their in paths.items()}


def same(*paths: str) -> Paths:
    """Paths by the names that both have; what is `from` in JSON has another one in each."""
    return {path: ".".join("from_user" if name == "sender" else name for name in path.split(".")) for path in paths}


PLACED = {
    **same("message_id", "message_thread_id", "is_topic_message"),
    **same("reply_to_message.message_id", "reply_to_message.sender.id"),
    **under("chat", ChatForm),
}
ENTITY = {"user": UserForm}
ORIGIN: dict[str, type[ReadForm]] = {"sender_user": UserForm, "sender_chat": ChatForm, "chat": ChatForm}
FILES = ("animation", "document", "audio", "voice", "video", "video_note", "sticker", "photo.*")
CARRIED = {
    **{path: path for file in FILES for path in under(file, FileForm)},
    **under("venue", VenueForm, location=LocationForm),
    **under("location", LocationForm),
    **under("contact", ContactForm),
    **under("poll", PollForm, options_each=OptionForm),
    **under("checklist", ChecklistForm, tasks_each=TaskForm),
    **under("dice", DiceForm),
    **under("story", StoryForm, chat=ChatForm),
    **under("game", OfferForm),
    **under("invoice", OfferForm),
    **same("paid_media?", "giveaway?", "giveaway_winners?"),
}
"""Of content, what another message may have too that one replies to."""


def within(path: str, paths: Paths) -> Paths:
    """The same of a message that is in another one."""
    return {f"{path}.{our}": f"{path}.{their}" for our, their in paths.items()}


MESSAGE = {
    **PLACED,
    **CARRIED,
    **within("external_reply", CARRIED),
    **within("reply_to_message", CARRIED),
    **same("reply_to_message.text", "reply_to_message.caption"),
    **same("forum_topic_created?", "reply_to_message.forum_topic_created?"),
    **under("reply_to_message.sender_chat", ChatForm),
    **under("reply_to_message.entities.*", EntityForm, **ENTITY),
    **under("external_reply.origin", OriginForm, **ORIGIN),
    **under("forward_origin", OriginForm, **ORIGIN),
    **under("quote", QuoteForm),
    **under("reply_to_story", StoryForm, chat=ChatForm),
    **same("date", "edit_date", "text", "caption", "media_group_id", "migrate_to_chat_id"),
    **under("sender", UserForm),
    **under("sender_chat", ChatForm),
    **under("left_chat_member", UserForm),
    **under("entities.*", EntityForm, **ENTITY),
    **under("caption_entities.*", EntityForm, **ENTITY),
}
ABOUT = {**same("date", "message_id"), **under("chat", ChatForm)}
REACTION = {
    **ABOUT,
    **under("user", UserForm),
    **under("actor_chat", ChatForm),
    **under("old_reaction.*", EmojiForm),
    **under("new_reaction.*", EmojiForm),
}
TOTALS = {**ABOUT, **same("reactions.*.total_count"), **under("reactions.*.type", EmojiForm)}
PRESS = {
    **same("id", "data", "message?"),
    **under("sender", UserForm),
    **{f"message.{ours}": f"message.{theirs}" for ours, theirs in PLACED.items()},
}
MEMBERSHIP = {
    **same("date"),
    **under("chat", ChatForm),
    **under("sender", UserForm),
    **under("new_chat_member", MemberForm),
    **under("new_chat_member.user", UserForm),
}
del MEMBERSHIP["new_chat_member.user"]
PATHS: dict[str, Paths] = {
    **dict.fromkeys(("message", "edited_message", "channel_post", "edited_channel_post"), MESSAGE),
    "message_reaction": REACTION,
    "message_reaction_count": TOTALS,
    "callback_query": PRESS,
    **dict.fromkeys(("my_chat_member", "chat_member"), MEMBERSHIP),
}
"""Of each: where a field is in our form, and where in python-telegram-bot's object. `*` is each, `?` is whether."""
ELSEWHERE = {"id"}
"""A message's own number has two names there."""


def at(found: Any, path: str) -> Any:
    """What stands at the end of a path, as plain values; nothing where the way ends before.

    A field that python-telegram-bot does not know of an object, it keeps as it came.
    """
    name, _, rest = path.partition(".")
    if name == "*":
        return [at(each, rest) for each in found or ()]
    if name.endswith("?"):
        return getattr(found, name[:-1]) is not None
    value = getattr(found, name, getattr(found, "api_kwargs", {}).get(name))
    return at(value, rest) if rest and value is not None else plain(value)


def plain(value: Any) -> Any:
    """Seconds for times, text for enums; what is empty, zero or false is nothing."""
    if isinstance(value, datetime):
        value = round(value.timestamp())
    if isinstance(value, timedelta):
        value = value.total_seconds()
    return (str(value) if isinstance(value, str) else value) or None


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
@pytest.mark.parametrize("kind", ALLOWED_UPDATES)
def test_what_is_read_is_what_python_telegram_bot_reads(kind: str) -> None:
    """Field by field, over updates of every kind as Telegram documents them; all that a form declares is compared."""

    @examples(15)
    @given(ids, CONTENT[kind])
    def compare(update_id: int, content: dict[str, Any]) -> None:
        update = {"update_id": update_id, kind: content}
        read_id, read_kind, ours = read_update(json.dumps(update).encode())
        assert (read_id, read_kind) == (update_id, kind)
        theirs = getattr(Update.de_json(update), kind)
        for our_path, their_path in PATHS[kind].items():
            assert at(ours, our_path) == at(theirs, their_path), our_path
        compared = {path.partition(".")[0].removesuffix("?") for path in PATHS[kind]} | ELSEWHERE
        assert [name for name in ours.__struct_fields__ if name not in compared and hasattr(theirs, name)] == []

    compare()


def unreadable(value: Any) -> object:
    """Something in its place that no field of its type can be: a number is no text, nothing else is a number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "a text" if is_number else 2.5


def paths_in(value: Any) -> Iterator[tuple[Any, ...]]:
    """The way to each value within a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, found in inner:
        yield (key,)
        yield from ((key, *path) for path in paths_in(found))


@examples(30)
@given(st.data(), st.sampled_from(ALLOWED_UPDATES))
def test_what_cannot_be_read_is_as_if_it_were_not_there(data: st.DataObject, kind: str) -> None:
    """Anywhere in an update; the rest is read as ever."""
    spoiled = data.draw(CONTENT[kind])
    *way, last = data.draw(st.sampled_from(list(paths_in(spoiled))))
    without = copy.deepcopy(spoiled)
    holder, holder_without = spoiled, without
    for key in way:
        holder, holder_without = holder[key], holder_without[key]
    holder[last] = unreadable(holder[last])
    del holder_without[last]
    read, expected = (read_update(json.dumps({"update_id": 1, kind: c}).encode()) for c in (spoiled, without))
    assert read == expected


HALF = "\\ud83d"
OTHERS = '"text": "hello", "chat": {"id": 5, "type": "private"}'


@pytest.mark.parametrize(
    "broken",
    [
        f'"contact": "{HALF}"',
        f'"message_id": "{HALF}"',
        f'"from": {{"id": "{HALF}", "is_bot": "{HALF}"}}',
        f'"location": {{"latitude": "{HALF}"}}',
        f'"entities": ["{HALF}"], "photo": "{HALF}"',
    ],
)
def test_half_a_character_is_left_out_where_no_text_belongs(broken: str) -> None:
    """As whatever else cannot be read there."""
    _, kind, read = read_update(f'{{"update_id": 1, "message": {{{broken}, {OTHERS}}}}}'.encode())
    assert isinstance(read, MessageForm)
    assert read.chat is not None
    assert (kind, read.text, read.chat.id) == ("message", "hello", 5)


@pytest.mark.parametrize("beside", ['"of_tomorrow": {"id": 1}', '"poll": {"id": "1"}', '"edited_message": 7'])
@pytest.mark.parametrize("broken", ['"date": 1', '"date": "x"', '"title": "New", "new_chat_title": "New"'])
def test_what_is_handled_is_found_whatever_stands_before_it(beside: str, broken: str) -> None:
    """The same field as where all of it can be read."""
    _, kind, read = read_update(f'{{{beside}, "message": {{{broken}, {OTHERS}}}, "update_id": 1}}'.encode())
    assert isinstance(read, MessageForm)
    assert (kind, read.text) == ("message", "hello")


def test_what_cannot_be_read_costs_little_more_than_what_can() -> None:
    """A flood of such updates is no way to keep others waiting."""
    body = f'{{"update_id": 1, "message": {{"contact": 5, "from": {{"id": "x"}}, {OTHERS}}}}}'.encode()
    read_update(body)
    assert steps(lambda: read_update(body)) < 200


DEEP = b'{"message":' + b"[" * 5000 + b"]" * 5000 + b"}"


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"update_id": 1', DEEP])
def test_what_is_no_object_or_beyond_python_is_unreadable(body: bytes) -> None:
    """It is set aside with this as its reason."""
    with pytest.raises(UpdateUnreadable):
        read_update(body)
