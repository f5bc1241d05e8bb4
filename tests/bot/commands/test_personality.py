"""How people want to be spoken to: set in the chat, told to the responder, counted with the feedback."""

from __future__ import annotations

from typing import Any

import pytest

from middleware.responder import Responder
from middleware.turn import Turn
from storage.statement import Statement
from tests.house import House
from tests.looking import awake, idle, tell, texts

SHOWN = "tests.bot.commands.test_personality:Shown"
ROWS = "SELECT profileId, userId, sessionId, prompt FROM polar_personality_profiles ORDER BY profileId"
NEUTRAL = "No personality is set, so I speak as I am. /personality set <text> changes that."


class Shown:
    """Says which personality it was told."""

    def __init__(self, fallback: Responder) -> None:
        self.fallback = fallback

    async def respond(self, turn: Turn) -> str:
        """The prompt in brackets, and the text."""
        return f"[{turn.context.personality}] {turn.text}"


async def test_the_nearest_personality_reaches_the_responder(house: House) -> None:
    """This chat's, else the person's, else everybody's, else none; /personality says which one it is."""
    async with house.bot(responder=SHOWN, operator_telegram_ids={901}):
        pat = house.world.person("Pat", id=901)
        chat, group = house.world.private(pat), house.world.group("Friends", [pat])

        async def said(place: Any) -> tuple[str, str]:
            [answer] = await tell(house, place, pat, "@polar_test_bot hi")
            [shown] = await tell(house, place, pat, "/personality")
            return answer.split("]")[0][1:], shown

        assert await said(chat) == ("", NEUTRAL)
        [done] = await tell(house, chat, pat, "/personality set --global Be brief.")
        assert done == "From now on I speak like that to everybody who has set nothing else."
        assert await said(chat) == ("Be brief.", "How I speak to you here, as set for everybody:\nBe brief.")
        await tell(house, chat, pat, "/personality set Be kind.\nAlways.")
        assert await said(group) == (
            "Be kind.\nAlways.",
            "How I speak to you here, as set by you, for all chats:\nBe kind.\nAlways.",
        )
        await tell(house, group, pat, "/personality set --session Be a pirate.")
        assert await said(group) == (
            "Be a pirate.",
            "How I speak to you here, as set by you, for this chat:\nBe a pirate.",
        )
        assert (await said(chat))[0] == "Be kind.\nAlways."
        session = f"telegram:chat:{group.id}"
        assert house.rows(ROWS) == [
            ("personality:global", None, None, "Be brief."),
            (f"personality:session:901:{session}", "901", session, "Be a pirate."),
            ("personality:user:901", "901", None, "Be kind.\nAlways."),
        ]
        for form, left in (("--session", "Be kind.\nAlways."), ("", "Be brief."), ("--global", "")):
            await tell(house, group, pat, f"/personality reset {form}")
            assert (await said(group))[0] == left
    assert house.rows(ROWS) == []


async def test_a_personality_is_its_owners_alone(house: House) -> None:
    """Nobody else is spoken to like that, in no chat."""
    async with house.bot(responder=SHOWN):
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        await tell(house, chat, ann, "/personality set Be a pirate.")
        await tell(house, group, ann, "/personality set --session Be a parrot.")
        assert await tell(house, other, bob, "hi") == ["[] hi"]
        assert await tell(house, group, bob, "/personality") == [NEUTRAL]
        [answer] = await tell(house, group, bob, "@polar_test_bot hi")
        assert answer.startswith("[]")


async def test_feedback_is_counted_by_the_profile_that_shaped_the_answer(house: House) -> None:
    """Which the answer's origin names."""
    async with house.bot(responder=SHOWN):
        await awake(house)
        ann, chat = house.chat()
        await tell(house, chat, ann, "/personality set Be a pirate.")
        await tell(house, chat, ann, "hi")
        house.world.react(chat, ann, house.world.sent(chat)[-1]["message_id"], "👍")
        await idle(house)
        assert await tell(house, chat, ann, "/feedback by profile") == [
            f"personality:user:{ann.id}: 1 positive, 0 negative, 0 neutral"
        ]


async def test_a_run_speaks_as_its_owner_wants_it(house: House) -> None:
    """And its ledger row names the profile."""
    async with house.bot(responder=SHOWN):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/personality set Be a pirate.")
        [created] = await tell(house, chat, ann, "/automations create daily 18:00 | tea")
        await tell(house, chat, ann, f"/automations run {created.split()[1].rstrip(':')}")
        await house.world.wait(lambda: texts(house, chat)[-1] == "[Be a pirate.] tea")
        await idle(house)
    assert house.rows("SELECT profileId FROM polar_run_events") == [(f"personality:user:{ann.id}",)]


@pytest.mark.parametrize("form", ["set --global Be rude.", "reset --global"])
async def test_everybodys_personality_is_for_operators(house: House, form: str) -> None:
    """Others are told so; nothing changes."""
    async with house.bot() as bot:
        await bot.app.database.commit(
            Statement(
                "INSERT INTO polar_personality_profiles VALUES ('personality:global', 'global', NULL, NULL, NULL, "
                "'Be brief.', 1, 1)"
            )
        )
        ann, chat = house.chat()
        assert await tell(house, chat, ann, f"/personality {form}") == ["That is for operators of this bot only."]
    assert house.rows("SELECT prompt FROM polar_personality_profiles") == [("Be brief.",)]
    assert house.rows("SELECT outcome, reason FROM polar_audit") == [("denied", "level")]


async def test_who_writes_in_the_name_of_a_chat_sets_nothing(house: House) -> None:
    """Its id is shared, or no person's."""
    async with house.bot():
        ann, _ = house.chat()
        group = house.world.group("Friends", [ann])
        house.world.say_as_chat(group, group, "/personality set Be rude.")
        await idle(house)
    assert house.rows(ROWS) == []
    assert house.rows("SELECT outcome FROM polar_audit") == [("denied",)]


@pytest.mark.parametrize("option", ["--session", "—session", "–session", "--SESSION"])
async def test_a_phones_long_dash_is_two_dashes(house: House, option: str) -> None:
    """As keyboards make one of two."""
    async with house.bot():
        ann, chat = house.chat()
        await tell(house, chat, ann, f"/personality set {option} Be brief -- always.")
    assert [row[3] for row in house.rows(ROWS)] == ["Be brief -- always."]
    assert house.rows("SELECT scope FROM polar_personality_profiles") == [("session",)]


WRONG = [
    ("set", "I expected a text of 1 to 2000 characters, found none."),
    ("set --session", "I expected a text of 1 to 2000 characters, found none."),
    (f"set {'x' * 2001}", "I expected at most 2000 characters, found 2001."),
    ("set --everybody Be brief.", "I expected one of --session and --global, or neither."),
    ("set --session --global Be brief.", "I expected one of --session and --global, or neither."),
    ("reset it", "I expected nothing behind that, found “it”."),
    ("dance", "I do not know “dance”."),
]


async def test_a_wrong_form_says_what_was_expected(house: House) -> None:
    """With the usage and an example; nothing is stored."""
    async with house.bot(admin_telegram_ids={900}):
        boss = house.world.person("Boss", id=900)
        for form, expected in WRONG:
            [answer] = await tell(house, house.world.private(boss), boss, f"/personality {form}")
            assert answer.startswith(f"{expected}\nUsage: /personality")
            assert house.rows(ROWS) == [], form


async def test_no_prompt_stands_in_the_log_the_audit_or_the_feedback(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """It is a person's text."""
    async with house.bot(responder=SHOWN):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/personality set Be a pirate.")
        await tell(house, chat, ann, f"/personality set {'pirate' * 400}")
    kept = house.rows("SELECT group_concat(payload) FROM polar_feedback_events")
    audited = house.rows("SELECT group_concat(coalesce(reason, '')) FROM polar_audit")
    assert "pirate" not in f"{kept}{audited}{caplog.text}"
