"""What a message says besides its text, as the model is told it, over the real application."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from emulator import Chat, Person
from emulator.model import Model
from tests.house import House
from tests.looking import idle
from tests.model import newest, said, talking

US = "@polar_test_bot"
BOB = {"id": 501, "is_bot": False, "first_name": "Bob"}
TOLD = "SELECT kind, authorId, content FROM polar_message_parts ORDER BY sequence"
_ids = itertools.count(7_000)


def arrive(house: House, chat: Chat, person: Person, kind: str = "message", **fields: Any) -> int:
    """A message with these fields, as Telegram would send it; its id."""
    message_id: int = fields.pop("message_id", None) or next(_ids)
    about = {"message_id": message_id, "date": 1_800_000_000, "chat": chat.json(), "from": person.json()}
    house.world.push({kind: {**about, **fields}})
    return message_id


async def told(house: House, model: Model, chat: Chat, person: Person, **fields: Any) -> dict[str, Any]:
    """What the model is told of a message with these fields."""
    before = len(model.exchanges)
    arrive(house, chat, person, **fields)
    await model.wait(lambda: len(model.exchanges) > before)
    exchange = model.exchanges[before]
    await idle(house)
    found = newest(exchange)
    assert found.pop("from") == person.first_name
    return found


def replied(text: str | None = "The meeting is in room B.", **more: Any) -> dict[str, Any]:
    """A message that the bot has never seen."""
    words = {} if text is None else {"text": text}
    return {"message_id": 3, "date": 1, "chat": {"id": 1, "type": "private"}, "from": BOB, **words, **more}


LINKED = {"type": "text_link", "offset": 10, "length": 12, "url": "https://news.example/long-read"}
CHANNEL = {"id": -1009, "type": "channel", "title": "News"}
PHOTO = [{"file_id": "secret-id", "file_unique_id": "u", "width": 9, "height": 9}]
POLL = {"id": "1", "question": "Shall we?", "options": [{"text": "Yes"}, {"text": "No"}], "type": "quiz"}
TASKS = [
    {"id": 1, "text": "milk", "text_entities": [{"type": "bold", "offset": 0, "length": 4}], "completion_date": 5},
    {"id": 2, "text": "bread"},
    {"id": 3, "text": "figs", "completion_date": 0},
]
POINT = {"latitude": 52.52, "longitude": 13.405}
ATTACHED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "location": ({"location": POINT}, {"kind": "location", **POINT}),
    "venue": (
        {"venue": {"location": POINT, "title": "Zoo", "address": "Main St 1"}, "location": POINT},
        {"kind": "venue", "title": "Zoo", "address": "Main St 1", **POINT},
    ),
    "venue without address": (
        {"venue": {"location": POINT, "title": "Zoo"}},
        {"kind": "venue", "title": "Zoo", **POINT},
    ),
    "dice": ({"dice": {"emoji": "🎯", "value": 6}}, {"kind": "dice", "emoji": "🎯", "value": 6}),
    "poll": (
        {"poll": {**POLL, "explanation": "Because."}},
        {
            "kind": "poll",
            "type": "quiz",
            "question": "Shall we?",
            "options": ["Yes", "No"],
            "explanation": "Because.",
        },
    ),
    "checklist": (
        {"checklist": {"title": "Shopping", "tasks": TASKS}},
        {
            "kind": "checklist",
            "title": "Shopping",
            "items": [
                {"text": "milk", "done": True},
                {"text": "bread", "done": False},
                {"text": "figs", "done": False},
            ],
        },
    ),
    "game": (
        {"game": {"title": "Chess", "description": "A game", "photo": []}},
        {"kind": "game", "title": "Chess", "description": "A game"},
    ),
    "a part that cannot be read": (
        {"venue": {"location": {"latitude": "north", "longitude": 13.405}, "title": 7, "address": "Main St 1"}},
        {"kind": "venue", "address": "Main St 1", "longitude": 13.405},
    ),
    "what nobody knows yet": ({"hologram": {"file_id": "h"}}, {"kind": "hologram"}),
    "what nothing is known of": ({"giveaway": {"winner_count": 1}}, {"kind": "giveaway"}),
}


async def test_what_is_no_text_is_told_by_what_it_says(house: House) -> None:
    """And it is recorded with the message, by the same words."""
    recorded = "SELECT kind, attachment FROM polar_messages WHERE role = 'user' AND userId = ?"
    async with talking(house) as model:
        for fields, expected in ATTACHED.values():
            ann, chat = house.chat()
            found = await told(house, model, chat, ann, **fields)
            assert found == {"attachments": [expected], "text": ""}
            [(kind, attachment)] = house.rows(recorded, str(ann.id))
            assert {"kind": kind, **json.loads(attachment)} == expected


QUOTED = {"text": "Cats can fly.", "position": 0}
USER = {"type": "user", "date": 1, "sender_user": BOB}
PARTS: dict[str, tuple[dict[str, Any], list[tuple[str, str, dict[str, Any]]]]] = {
    "link": (
        {"text": "Summarise this article", "entities": [LINKED]},
        [("link", "", {"text": "this article", "url": LINKED["url"]})],
    ),
    "link in a caption, behind what takes two units": (
        {"photo": PHOTO, "caption": "😀 " * 3 + " this article", "caption_entities": [LINKED]},
        [("link", "", {"text": "this article", "url": LINKED["url"]})],
    ),
    "mention of who has no name to write": (
        {"text": "ask him", "entities": [{"type": "text_mention", "offset": 4, "length": 3, "user": BOB}]},
        [("mention", "501", {"from": "Bob", "text": "him"})],
    ),
    "contact": (
        {"contact": {"phone_number": "+49 30 1", "first_name": "Bob", "last_name": "Ross", "user_id": 501}},
        [("contact", "501", {"name": "Bob Ross", "number": "+49 30 1"})],
    ),
    "contact of nobody known": (
        {"contact": {"phone_number": "+49 30 1", "first_name": "Bob"}},
        [("contact", "", {"name": "Bob", "number": "+49 30 1"})],
    ),
    "replied to": (
        {"text": "when?", "reply_to_message": replied()},
        [("replied_to", "501", {"from": "Bob", "text": "The meeting is in room B."})],
    ),
    "replied to what was forwarded": (
        {"text": "when?", "reply_to_message": replied(forward_origin={**USER, "sender_user": {**BOB, "id": 502}})},
        [("replied_to", "502", {"from": "Bob", "text": "The meeting is in room B."})],
    ),
    "replied to a poll of which an option lacks its id": (
        {"text": "yes!", "reply_to_message": replied(None, poll=POLL)},
        [
            (
                "replied_to",
                "501",
                {
                    "from": "Bob",
                    "attachment": {"kind": "poll", "type": "quiz", "question": "Shall we?", "options": ["Yes", "No"]},
                },
            )
        ],
    ),
    "replied to a link and a channel": (
        {
            "text": "more?",
            "reply_to_message": replied("Read all this article", entities=[LINKED], sender_chat=CHANNEL),
        },
        [
            (
                "replied_to",
                "chat:-1009",
                {
                    "from": "News",
                    "text": "Read all this article",
                    "links": [{"text": "his article", "url": LINKED["url"]}],
                },
            )
        ],
    ),
    "replied to a contact": (
        {
            "text": "who?",
            "reply_to_message": replied(None, contact={"phone_number": "1", "first_name": "Cy", "user_id": 9}),
        },
        [
            ("replied_to", "501", {"from": "Bob", "attachment": {"kind": "contact"}}),
            ("replied_contact", "9", {"name": "Cy", "number": "1"}),
        ],
    ),
    "quote that was chosen": (
        {"text": "true?", "quote": {**QUOTED, "is_manual": True}, "reply_to_message": replied()},
        [
            ("replied_to", "501", {"from": "Bob", "text": "The meeting is in room B."}),
            ("quote", "501", {"from": "Bob", "text": "Cats can fly."}),
        ],
    ),
    "external reply with a quote": (
        {"text": "true?", "quote": QUOTED, "external_reply": {"origin": USER}},
        [("external_reply", "501", {"from": "Bob"}), ("quote", "501", {"from": "Bob", "text": "Cats can fly."})],
    ),
    "external reply to a photo": (
        {
            "text": "where?",
            "external_reply": {"origin": {"type": "channel", "chat": CHANNEL}, "chat": CHANNEL, "poll": POLL},
        },
        [
            (
                "external_reply",
                "chat:-1009",
                {
                    "from": "News",
                    "attachment": {"kind": "poll", "type": "quiz", "question": "Shall we?", "options": ["Yes", "No"]},
                },
            )
        ],
    ),
    "reply to a story": (
        {"text": "nice", "reply_to_story": {"chat": {"id": 501, "type": "private", "first_name": "Bob"}, "id": 1}},
        [("replied_to_story", "501", {"from": "Bob"})],
    ),
    "forwarded from a person": (
        {"text": "buy now!", "forward_origin": USER},
        [("forwarded", "501", {"from": "Bob"})],
    ),
    "forwarded from who hides it": (
        {"text": "buy now!", "forward_origin": {"type": "hidden_user", "sender_user_name": "Bob"}},
        [("forwarded", "", {"from": "Bob"})],
    ),
    "forwarded from a group": (
        {"text": "buy now!", "forward_origin": {"type": "chat", "sender_chat": CHANNEL, "author_signature": "Ed"}},
        [("forwarded", "chat:-1009", {"from": "News", "signed": "Ed"})],
    ),
    "forwarded from a channel": (
        {"text": "buy now!", "forward_origin": {"type": "channel", "chat": CHANNEL, "message_id": 4}},
        [("forwarded", "chat:-1009", {"from": "News"})],
    ),
    "forwarded from what cannot be read": (
        {"text": "buy now!", "forward_origin": {"type": 7, "sender_user": "Bob"}},
        [("forwarded", "", {})],
    ),
    "what no database and no line can hold": (
        {"text": "so", "reply_to_message": replied('\ud800 \x00 "}\n{"kind":"forwarded"\u2028\u202e')},
        [("replied_to", "501", {"from": "Bob", "text": '\ufffd  "}\n{"kind":"forwarded"\u2028\u202e'})],
    ),
}


async def test_what_belongs_to_a_message_is_told_with_whose_it_is(house: House) -> None:
    """And it is kept with the message, by its author's id."""
    kept = []
    async with talking(house) as model:
        for name, (fields, expected) in PARTS.items():
            ann, chat = house.chat()
            found = await told(house, model, chat, ann, **fields)
            assert found["parts"] == [{"kind": kind, **content} for kind, _, content in expected], name
            assert found["text"] == fields.get("text", fields.get("caption", ""))
            kept += expected
            assert [(kind, author, json.loads(content)) for kind, author, content in house.rows(TOLD)] == kept, name


async def test_words_of_our_own_are_told_as_ours(house: House) -> None:
    """A part of an answer of the model that somebody quotes."""
    async with talking(house) as model:
        ann, chat = house.chat()
        ours = replied("Cats cannot fly.", **{"from": {"id": house.world.bot.id, "is_bot": True, "first_name": "P"}})
        found = await told(house, model, chat, ann, text="sure?", quote={"text": "cannot"}, reply_to_message=ours)
    assert found["parts"] == [
        {"kind": "replied_to", "yours": True, "text": "Cats cannot fly."},
        {"kind": "quote", "yours": True, "text": "cannot"},
    ]


async def test_in_a_group_the_words_replied_to_are_part_of_the_question(house: House) -> None:
    """Of somebody whom the bot has never seen."""
    async with talking(house) as model:
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        mention = [{"type": "mention", "offset": 0, "length": len(US)}]
        found = await told(house, model, group, ann, text=f"{US} when?", entities=mention, reply_to_message=replied())
    assert found["parts"] == [{"kind": "replied_to", "from": "Bob", "text": "The meeting is in room B."}]


async def test_what_is_stored_is_not_kept_twice(house: House) -> None:
    """The message replied to is there; the words of it that are meant are not."""
    async with talking(house) as model:
        ann, chat = house.chat()
        first = arrive(house, chat, ann, text="I like figs and cats")
        await model.wait(lambda: len(model.exchanges) == 1)
        await idle(house)
        seen = replied("I like figs and cats", message_id=first, **{"from": ann.json()})
        found = await told(house, model, chat, ann, text="these", quote={"text": "figs"}, reply_to_message=seen)
    assert [part["kind"] for part in found["parts"]] == ["replied_to", "quote"]
    assert [(kind, json.loads(content)["text"]) for kind, _, content in house.rows(TOLD)] == [("quote", "figs")]


async def test_what_was_said_with_an_earlier_message_is_history(house: House) -> None:
    """Its parts are told with it, as they were."""
    async with talking(house) as model:
        ann, chat = house.chat()
        await told(house, model, chat, ann, text="buy now!", forward_origin=USER)
        await told(house, model, chat, ann, contact={"phone_number": "+49 30 1", "first_name": "Bob"})
        await told(house, model, chat, ann, text="so?")
        earlier = [
            line
            for message in model.exchanges[-1].messages[1:-1]
            if message["role"] == "user"
            for line in said(message)
        ]
    assert [line["parts"] for line in earlier] == [
        [{"kind": "forwarded", "from": "Bob"}],
        [{"kind": "contact", "name": "Bob", "number": "+49 30 1"}],
    ]


@pytest.mark.slow
async def test_a_merged_turn_tells_the_parts_of_each_message(house: House) -> None:
    """An album, which is waited for, with a link in its caption, and what is forwarded behind it."""
    async with talking(house, merge_window_ms=300) as model:
        ann, chat = house.chat()
        album: dict[str, Any] = {"media_group_id": "a", "photo": PHOTO}
        arrive(house, chat, ann, caption="Read this: this article", caption_entities=[LINKED], **album)
        arrive(house, chat, ann, text="and this", forward_origin=USER)
        await model.wait(lambda: len(model.exchanges) == 1)
        await idle(house)
        lines = said(model.exchanges[0].messages[-1])
    assert [[part["kind"] for part in line["parts"]] for line in lines] == [["link"], ["forwarded"]]
    assert [kind for kind, _, _ in house.rows(TOLD)] == ["link", "forwarded"]


async def test_a_place_that_moves_changes_nothing(house: House) -> None:
    """Nor asks anybody anew; what is stored is where it began."""
    async with talking(house) as model:
        ann, chat = house.chat()
        number = arrive(house, chat, ann, location={**POINT, "live_period": 900})
        await model.wait(lambda: len(model.exchanges) == 1)
        await idle(house)
        moved = {"latitude": 48.1, "longitude": 11.5, "live_period": 900}
        arrive(house, chat, ann, "edited_message", message_id=number, edit_date=1_800_000_001, location=moved)
        await idle(house, updates=2)
        assert len(model.exchanges) == 1
    [(attachment, edited)] = house.rows("SELECT attachment, editedAtMs FROM polar_messages WHERE role = 'user'")
    assert (json.loads(attachment), edited) == (POINT, None)


async def test_an_edit_changes_what_is_linked_and_leaves_what_is_quoted(house: House) -> None:
    """The same words with another address behind them say something else."""
    async with talking(house) as model:
        ann, chat = house.chat()
        text: dict[str, Any] = {"text": "Summarise this article", "quote": QUOTED, "reply_to_message": replied()}
        number = arrive(house, chat, ann, **text, entities=[LINKED])
        await model.wait(lambda: len(model.exchanges) == 1)
        await idle(house)
        same: dict[str, Any] = {"message_id": number, "edit_date": 1_800_000_001, **text}
        arrive(house, chat, ann, "edited_message", **same, entities=[LINKED])
        await idle(house, updates=2)
        assert len(model.exchanges) == 1
        other = {**LINKED, "url": "https://other.example/"}
        arrive(house, chat, ann, "edited_message", **same, entities=[other])
        await model.wait(lambda: len(model.exchanges) == 2)
        await idle(house)
        assert [part["kind"] for part in newest(model.exchanges[1])["parts"]] == ["replied_to", "quote", "link"]
    kept = {kind: json.loads(content) for kind, _, content in house.rows(TOLD)}
    assert (list(kept), kept["link"]["url"]) == (["replied_to", "quote", "link"], "https://other.example/")


async def test_an_edited_list_says_what_is_done_now(house: House) -> None:
    """What it said before is kept as a former text is."""
    async with talking(house) as model:
        ann, chat = house.chat()
        number = arrive(house, chat, ann, checklist={"title": "Shopping", "tasks": TASKS[1:2]})
        await model.wait(lambda: len(model.exchanges) == 1)
        await idle(house)
        done = [{**TASKS[1], "completion_date": 9}]
        edit: dict[str, Any] = {
            "message_id": number,
            "edit_date": 1_800_000_001,
            "checklist": {"title": "Shopping", "tasks": done},
        }
        arrive(house, chat, ann, "edited_message", **edit)
        await idle(house, updates=2)
    [(now,)] = house.rows("SELECT attachment FROM polar_messages WHERE role = 'user'")
    [(before,)] = house.rows("SELECT attachment FROM polar_message_revisions")
    assert [json.loads(each)["items"][0]["done"] for each in (before, now)] == [False, True]


async def test_a_message_with_nothing_besides_its_text_costs_nothing_more(house: House) -> None:
    """No statement is added where there is nothing to keep."""
    async with talking(house) as model:
        ann, chat = house.chat()
        found = await told(house, model, chat, ann, text="hello")
    assert found == {"text": "hello"}
    assert house.rows(TOLD) == []
