"""Updates as Telegram sends them, one of each form that Polar reads something of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from emulator.media import CONTENTS, content

Json = dict[str, Any]
ANN: Json = {"id": 500_000_001, "is_bot": False, "first_name": "Ann", "username": "ann", "language_code": "en"}
BOB: Json = {"id": 500_000_002, "is_bot": False, "first_name": "Bob"}
US: Json = {"id": 1_000_000_001, "is_bot": True, "first_name": "Polar", "username": "polar_test_bot"}
PRIVATE: Json = {"id": ANN["id"], "type": "private", "first_name": "Ann"}
GROUP: Json = {"id": -1_000_000_000_777, "type": "supergroup", "title": "Friends", "is_forum": True}
NEWS: Json = {"id": -1_000_000_000_888, "type": "channel", "title": "News"}
POINT: Json = {"latitude": 52.52, "longitude": 13.405}
NAMED = "@polar_test_bot"
DATE = 1_800_000_000


def _mark(kind: str, offset: int, length: int, **more: Any) -> Json:
    return {"type": kind, "offset": offset, "length": length, **more}


_MENTION = _mark("mention", 0, len(NAMED))
_LINK = _mark("text_link", 10, 12, url="https://news.example/long-read")
_REPLIED: Json = {"message_id": 3, "date": DATE, "chat": GROUP, "from": BOB, "text": "The meeting is in room B 😀."}
_OPTIONS = [{"text": text, "voter_count": 0, "persistent_id": text} for text in ("Yes", "No")]
_POLL: Json = {"id": "9", "question": "Shall we?", "options": _OPTIONS, "type": "quiz", "explanation": "Because."}
_TASKS = [{"id": 1, "text": "milk", "completion_date": 5}, {"id": 2, "text": "bread"}]
_PHOTO = content("photo", 9)
_PASSED: Json = {"type": "channel", "date": DATE, "chat": NEWS, "message_id": 4, "author_signature": "Ed"}

CONTENT: tuple[Json, ...] = (
    {"text": "hello, how are you?"},
    {"text": "/remember@polar_test_bot the bike is red", "entities": [_mark("bot_command", 0, 24)]},
    {"text": f"{NAMED}, /ping now", "entities": [_MENTION, _mark("bot_command", 17, 5)]},
    {"text": f"{NAMED} 😀 remember that Bob is ill", "entities": [_MENTION, _mark("text_mention", 32, 3, user=BOB)]},
    {"text": "Summarise this article", "entities": [_LINK, _mark("bold", 0, 9)]},
    {
        "text": "when?",
        "reply_to_message": {**_REPLIED, "entities": [_LINK]},
        "quote": {"text": "room B", "position": 18},
    },
    {"text": "more?", "reply_to_message": {**_REPLIED, "from": US, "sender_chat": NEWS, "forward_origin": _PASSED}},
    {"text": "who?", "reply_to_message": {**_REPLIED, "text": None, "contact": {"phone_number": "1", "user_id": 9}}},
    {"text": "true?", "external_reply": {"origin": _PASSED, "chat": NEWS, "poll": _POLL}, "quote": {"text": "x"}},
    {"text": "buy now!", "forward_origin": {"type": "user", "date": DATE, "sender_user": BOB}, "forward_date": DATE},
    {"text": "buy!", "forward_origin": {"type": "hidden_user", "date": DATE, "sender_user_name": "Bob"}},
    {"text": "nice", "reply_to_story": {"chat": {"id": BOB["id"], "type": "private", "first_name": "Bob"}, "id": 1}},
    {"text": "in a topic", "message_thread_id": 5, "is_topic_message": True, "reply_to_message": {"message_id": 5}},
    {**_PHOTO, "caption": f"{NAMED} this article", "caption_entities": [_MENTION, _LINK], "media_group_id": "77"},
    {**content("document", 9), "caption": "/help", "caption_entities": [_mark("bot_command", 0, 5)]},
    {"venue": {"location": POINT, "title": "Zoo", "address": "Main St 1"}, "location": POINT},
    {"contact": {"phone_number": "+49 30 1", "first_name": "Bob", "last_name": "Ross", "user_id": 501}},
    {"poll": _POLL},
    {"checklist": {"title": "Shopping", "tasks": _TASKS}},
    {"game": {"title": "Chess", "description": "A game", "photo": []}},
    {"invoice": {"title": "t", "description": "d", "currency": "EUR", "total_amount": 1}},
    {"story": {"chat": NEWS, "id": 3}},
    {"hologram": {"file_id": "h"}, "new_thing": {"deep": [[[]]]}},
    {"migrate_to_chat_id": -1_000_000_000_999},
    {"left_chat_member": BOB},
    {"new_chat_title": "Foes"},
    *(content(kind, 9) for kind in sorted(CONTENTS)),
)
_EMOJI = ({"type": "emoji", "emoji": "👍"}, {"type": "custom_emoji", "custom_emoji_id": "5"}, {"type": "paid"})


def message(fields: Json, chat: Json = PRIVATE, **more: Any) -> Json:
    """A message of this content."""
    return {"message_id": 42, "from": ANN, "chat": chat, "date": DATE, **fields, **more}


def _updates() -> Iterator[Json]:
    for fields in CONTENT:
        yield {"message": message(fields)}
        yield {"message": message(fields, GROUP, sender_chat=GROUP)}
        yield {"edited_message": message(fields, GROUP, edit_date=DATE + 9)}
        yield {"channel_post": message(fields, NEWS, sender_chat=NEWS)}
    about = {"chat": GROUP, "message_id": 42, "date": DATE}
    yield {"message_reaction": {**about, "user": ANN, "old_reaction": [_EMOJI[0]], "new_reaction": list(_EMOJI)}}
    yield {"message_reaction": {**about, "actor_chat": GROUP, "old_reaction": [], "new_reaction": [_EMOJI[1]]}}
    yield {"message_reaction_count": {**about, "reactions": [{"type": one, "total_count": 3} for one in _EMOJI]}}
    yield {"callback_query": {"id": "438", "from": ANN, "message": message({"text": "x"}), "data": "fb:+"}}
    yield {"callback_query": {"id": "439", "from": ANN, "inline_message_id": "i", "chat_instance": "c", "data": "x"}}
    changed = {"chat": GROUP, "from": ANN, "date": DATE, "old_chat_member": {"status": "member", "user": BOB}}
    yield {"my_chat_member": {**changed, "new_chat_member": {"status": "kicked", "user": US, "until_date": 0}}}
    yield {"chat_member": {**changed, "new_chat_member": {"status": "restricted", "user": BOB, "is_member": False}}}
    yield {"poll": {**_POLL, "total_voter_count": 1}}


UPDATES: tuple[str, ...] = tuple(json.dumps({"update_id": 7, **update}) for update in _updates())
"""Each as JSON."""
