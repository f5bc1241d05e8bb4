"""Words and data that others have told of a person: theirs to have, and to have erased."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from emulator import Chat, Person
from tests.bot.cli.terminal import polar, printed
from tests.house import House, until
from tests.looking import idle, mentions, tell
from tests.pressing import forget_me, last
from tests.responders import ECHO, WRITING, Writing

SECRET = "swordfish"
TOLD = "SELECT kind FROM polar_message_parts ORDER BY sequence"
_ids = itertools.count(7_000)


def arrive(house: House, chat: Chat, person: Person, **fields: Any) -> None:
    """A message with these fields, as Telegram would send it."""
    about = {"message_id": next(_ids), "date": 1_800_000_000, "chat": chat.json(), "from": person.json()}
    house.world.push({"message": {**about, **fields}})


def told_by_bob(house: House, ann: Person, chat: Chat, bob: Person) -> None:
    """Ann's words, name and number in every part that there is."""
    origin = {"type": "user", "date": 1, "sender_user": {**ann.json(), "first_name": f"Ann {SECRET}"}}
    replied = {"message_id": 3, "date": 1, "chat": chat.json(), "from": ann.json(), "text": f"my word is {SECRET}"}
    contact = {"phone_number": f"+{SECRET}", "first_name": SECRET, "user_id": ann.id}
    other = {**replied, "from": bob.json(), "text": "look", "forward_origin": origin}
    link = {"type": "text_link", "offset": 0, "length": 2, "url": f"https://{SECRET}.example"}
    mention = {"type": "text_mention", "offset": 0, "length": 2, "user": {**ann.json(), "first_name": SECRET}}
    arrive(house, chat, bob, text="so?", reply_to_message=replied, quote={"text": SECRET})
    arrive(house, chat, bob, text="so?", reply_to_message={**other, "text": SECRET})
    arrive(house, chat, bob, text="so?", external_reply={"origin": origin}, quote={"text": SECRET})
    arrive(house, chat, bob, text="go", reply_to_story={"chat": {**chat.json(), "id": ann.id, "first_name": SECRET}})
    arrive(house, chat, bob, text=f"it is {SECRET}", entities=[link], forward_origin=origin)
    arrive(house, chat, bob, contact=contact)
    arrive(
        house, chat, bob, text="ask", reply_to_message={**replied, "from": bob.json(), "text": "x", "contact": contact}
    )
    arrive(house, chat, bob, text="he", entities=[mention])


@pytest.mark.parametrize("by", ["/forget me", "polar erase"])
async def test_erasing_somebody_erases_what_others_told_of_them(house: House, by: str) -> None:
    """By their id, in another's messages, whatever way they came there; what is the other's own stays."""
    async with house.bot(responder="none"):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        told_by_bob(house, ann, other, bob)
        await idle(house, updates=8)
        assert mentions(house, SECRET) == {"polar_messages", "polar_message_parts"}
        assert len(house.rows(TOLD)) == 12
        if by == "/forget me":
            await forget_me(house, chat, ann)
        else:
            done = printed(polar("erase", str(ann.id), "--json", database=house.path))
            assert done["rows"]["polar_message_parts"] > 10
        await idle(house)
        assert mentions(house, SECRET) == set()
    own = house.rows("SELECT text FROM polar_messages WHERE userId = ? ORDER BY sequence", str(bob.id))
    assert own == [("so?",), ("so?",), ("so?",), ("go",), ("",), ("",), ("ask",), ("he",)]
    assert house.rows(TOLD) == [("replied_to",)]  # Bob's own, beside somebody's number


async def test_erasing_the_writer_erases_the_parts_of_their_messages(house: House) -> None:
    """In private and in groups, whosever words they are."""
    async with house.bot(responder="none"):
        (ann, _), (bob, other) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        told_by_bob(house, ann, other, bob)
        told_by_bob(house, ann, group, bob)
        await idle(house, updates=16)
        await forget_me(house, other, bob)
        await idle(house)
    assert house.rows(TOLD) == []
    assert mentions(house, SECRET) == set()


async def test_an_export_holds_what_others_told_of_a_person_and_not_where(house: House) -> None:
    """Whoever is only quoted has a right to it too; the writer's export has the parts of their messages."""
    async with house.bot(responder="none", access="allowlist", allowed_telegram_ids="501,502"):
        ann, bob = house.world.person("Ann", id=500), house.world.person("Bob", id=501)
        chat, other = house.world.private(ann), house.world.private(bob)
        told_by_bob(house, ann, other, bob)
        await idle(house, updates=8)
        found = []
        for place, person in ((chat, ann), (other, bob)):
            await tell(house, place, person, "/export")
            found.append(json.loads(house.world.files[last(house, place)["document"]["file_id"]]))
    hers, his = found
    assert [part["kind"] for part in hers["told"]] == [
        *("replied_to", "quote", "replied_to", "external_reply", "quote", "replied_to_story", "forwarded"),
        *("contact", "replied_contact", "mention"),
    ]
    assert [part["text"] for part in hers["told"] if part["kind"] == "forwarded"] == [f"it is {SECRET}"]
    assert {name for part in hers["told"] for name in part} == {"kind", "content", "text", "createdAtMs"}
    assert len(his["parts"]) == 12
    assert (hers["parts"], [part["kind"] for part in his["told"]]) == ([], ["replied_to"])


@pytest.mark.parametrize("first", ["forwarded", "replied to"])
async def test_what_is_in_hand_when_its_author_erases_keeps_none_of_their_words(house: House, first: str) -> None:
    """An answer to somebody else's message that has them is being made then, and another one waits behind it."""
    Writing.reset()
    async with house.bot(responder=WRITING):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        origin = {"type": "user", "date": 1, "sender_user": ann.json()}
        link = {"type": "text_link", "offset": 0, "length": 2, "url": f"https://{SECRET}.example"}
        replied = {"message_id": 3, "date": 1, "chat": other.json(), "from": ann.json(), "text": SECRET}
        held: list[dict[str, Any]] = [
            {"text": f"it is {SECRET}", "forward_origin": origin, "entities": [link]},
            {"text": "so?", "reply_to_message": replied, "quote": {"text": SECRET}},
        ]
        for fields in held if first == "forwarded" else reversed(held):
            arrive(house, other, bob, **fields)
            await until(lambda: Writing.calls == 1)
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates WHERE status = 'pending'") == [(2,)])
        await forget_me(house, chat, ann)
        Writing.say("Fine.")
        Writing.done.set()
        await idle(house)
        assert mentions(house, SECRET) == set()
        assert house.rows(TOLD) == []
        arrive(house, other, bob, text="and now?", reply_to_message=replied)
        await idle(house)
    assert house.rows(TOLD) == [("replied_to",)]  # a new beginning


async def test_words_in_what_is_set_aside_are_erased_too(house: House) -> None:
    """Of each way in which another's message holds them."""
    async with house.bot(responder=ECHO):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        await tell(house, chat, ann, "hello")
        origin = {"type": "user", "sender_user": {"id": ann.id, "first_name": SECRET}}
        contact = {"phone_number": SECRET, "user_id": ann.id}
        held: list[dict[str, Any]] = [
            {
                "text": "so?",
                "external_reply": {"origin": origin, "sticker": {"emoji": SECRET}},
                "quote": {"text": SECRET},
            },
            {"text": SECRET, "forward_origin": origin, "entities": [{"type": "text_link", "url": SECRET}]},
            {"contact": contact},
            {"text": "so?", "reply_to_message": {"from": bob.json(), "text": SECRET, "forward_origin": origin}},
            {"text": "so?", "reply_to_message": {"from": bob.json(), "contact": contact}},
        ]
        for number, fields in enumerate(held, 1):
            message = {"from": bob.json(), "chat": other.json(), **fields}
            kind = ("message", "channel_post")[number % 2]
            house.write(
                "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, body, receivedAtMs) "
                "VALUES (?, ?, 'dead', ?, 'x', ?, 1)",
                *(number, 10_000 + number, kind, json.dumps({"update_id": number, kind: message}).encode()),
            )
        await forget_me(house, chat, ann)
    assert mentions(house, SECRET) == set()
    bodies = house.rows("SELECT body FROM polar_updates WHERE sequence > 10000 AND body IS NOT NULL")
    assert len(bodies) == len(held)
