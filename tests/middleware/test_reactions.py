"""Reactions: a durable, reversible ledger of what people think of each message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.receiving import processor
from emulator import Chat, Person
from storage.origin import fingerprint
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, reactions, tell
from tests.responders import ECHO, HANGING


async def answered(house: House, text: str = "hello") -> tuple[Person, Chat, int]:
    """A person, a private chat, and the id of our answer in it."""
    ann, chat = house.chat()
    await tell(house, chat, ann, text)
    return ann, chat, house.world.sent(chat)[-1]["message_id"]


async def test_a_reaction_added_changed_and_removed_leaves_an_event_for_each_difference(house: House) -> None:
    """👍, then 👎 instead, then none: an addition, a removal and an addition, a removal; the totals are even."""
    async with house.bot(responder=ECHO):
        ann, chat, answer = await answered(house)
        for emoji in (["👍"], ["👎"], []):
            house.world.react(chat, ann, answer, *emoji)
        await until(lambda: len(reactions(house)) == 4)
        [summary] = await tell(house, chat, ann, "/feedback recent")
    assert [event.change for event in reactions(house)] == [
        ("reaction_added", "👍", "positive"),
        ("reaction_removed", "👍", "positive"),
        ("reaction_added", "👎", "negative"),
        ("reaction_removed", "👎", "negative"),
    ]
    assert {event.message_id for event in reactions(house)} == {f"msg_a_{answer}"}
    assert {event.session_id for event in reactions(house)} == {f"telegram:chat:{chat.id}"}
    assert summary.startswith("0 positive, 0 negative, 0 neutral\n−👎 on")


async def test_several_emoji_in_one_update_are_several_events(house: House) -> None:
    """What stayed leaves no event; removals come first; the variation selector does not change the polarity."""
    async with house.bot(responder=ECHO):
        ann, chat, answer = await answered(house)
        house.world.react(chat, ann, answer, "👍", "🤔", "❤️")
        house.world.react(chat, ann, answer, "🔥", "🤔", "💩")
        await until(lambda: len(reactions(house)) == 7)
    assert [event.change for event in reactions(house)] == [
        ("reaction_added", "👍", "positive"),
        ("reaction_added", "🤔", "neutral"),
        ("reaction_added", "❤️", "positive"),
        ("reaction_removed", "👍", "positive"),
        ("reaction_removed", "❤️", "positive"),
        ("reaction_added", "🔥", "positive"),
        ("reaction_added", "💩", "negative"),
    ]
    assert len({row for (row,) in house.rows("SELECT id FROM polar_feedback_events")}) == 7


async def test_a_custom_emoji_counts_as_the_emoji_that_it_stands_for(house: House) -> None:
    """Telegram is asked once for each; what it does not know is neutral and has no emoji."""
    house.world.custom_emoji("77", "👎")
    async with house.bot(responder=ECHO):
        ann, chat, answer = await answered(house)
        known, unknown = ({"type": "custom_emoji", "custom_emoji_id": number} for number in ("77", "78"))
        house.world.react(chat, ann, answer, known)
        house.world.react(chat, ann, answer, unknown)
        await until(lambda: len(reactions(house)) == 3)
    assert [event.change for event in reactions(house)] == [
        ("reaction_added", "👎", "negative"),
        ("reaction_removed", "👎", "negative"),
        ("reaction_added", None, "neutral"),
    ]
    assert [event.payload["customEmojiId"] for event in reactions(house)] == ["77", "77", "78"]
    asked = [call.params for call in house.world.calls if call.method == "getCustomEmojiStickers"]
    assert asked == [{"custom_emoji_ids": ["77"]}, {"custom_emoji_ids": ["78"]}]


@pytest.mark.parametrize(("failures", "polarity"), [(1, "negative"), (3, "neutral")])
async def test_a_custom_emoji_is_asked_for_again_when_telegram_gives_no_answer(
    house: House, monkeypatch: pytest.MonkeyPatch, failures: int, polarity: str
) -> None:
    """The reaction is tried again meanwhile, and neutral in the end; the next one asks again."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.01)
    house.world.custom_emoji("77", "👎")
    house.world.fault("getCustomEmojiStickers", "500", times=failures)
    async with house.bot(responder=ECHO):
        ann, chat, answer = await answered(house)
        house.world.react(chat, ann, answer, {"type": "custom_emoji", "custom_emoji_id": "77"})
        await until(lambda: len(reactions(house)) == 1)
        house.world.react(chat, ann, answer)
        await until(lambda: len(reactions(house)) == 2)
    assert [event.polarity for event in reactions(house)] == [polarity, "negative"]


async def test_a_paid_star_is_positive_and_an_unknown_type_neutral(house: House) -> None:
    """A kind of reaction that Telegram will invent is recorded by its name."""
    async with house.bot(responder=ECHO):
        ann, chat, answer = await answered(house)
        house.world.react(chat, ann, answer, {"type": "paid"}, {"type": "hologram", "depth": 3})
        await until(lambda: len(reactions(house)) == 2)
    star, other = reactions(house)
    assert (star.change, star.payload["paid"]) == (("reaction_added", "⭐", "positive"), True)
    assert (other.change, other.payload["reactionType"]) == (("reaction_added", None, "neutral"), "hologram")


async def test_an_anonymous_actor_is_a_chat(house: House) -> None:
    """A reaction in the name of a group is recorded with the group as its actor."""
    async with house.bot():
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        message = house.world.say(group, ann, "hello")
        house.world.react(group, None, message, "👍", actor_chat=group)
        await until(lambda: len(reactions(house)) == 1)
    [event] = reactions(house)
    assert (event.payload["actor"], event.message_id) == (f"chat:{group.id}", f"msg_u_{message}")


async def test_anonymous_totals_are_one_event_without_emoji(house: House) -> None:
    """message_reaction_count is no sum of additions: it counts in no totals."""
    async with house.bot():
        await awake(house)
        channel = house.world.channel("News")
        post = house.world.say(channel, None, "today")
        house.world.reaction_count(channel, post, {"👍": 5, "👎": 2})
        await until(lambda: len(reactions(house)) == 1)
    [event] = reactions(house)
    assert event.change == ("reaction_count", None, "neutral")
    assert event.message_id == f"msg_u_{post}"
    assert event.payload["totals"] == [{"emoji": "👍", "count": 5}, {"emoji": "👎", "count": 2}]


@pytest.mark.parametrize("text", ["hello", "/ping"])
async def test_our_message_is_found_however_it_was_sent(house: House, text: str) -> None:
    """The event names the answer, or the command's answer, and what produced it."""
    async with house.bot(responder=ECHO):
        ann, chat, answer = await answered(house, text)
        house.world.react(chat, ann, answer, "👍")
        await until(lambda: len(reactions(house)) == 1)
    [event] = reactions(house)
    assert event.message_id == f"msg_a_{answer}"
    assert event.payload["thread"] == f"root:{chat.id}"
    made = {
        "responder": ECHO,
        "profileId": "profile.default",
        "personality": fingerprint(house.rows("SELECT key FROM polar_keys WHERE purpose = 'personality'")[0][0], ""),
    }
    assert event.payload["producedBy"] == (made if text == "hello" else {})
    assert event.payload["telegramMessageId"] == answer
    assert "unresolved" not in event.payload


async def test_a_reaction_on_an_automations_message_names_the_automation(house: House) -> None:
    """So that feedback on each automation can be counted."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        await tell(house, chat, ann, "/automations create every 1 minute | stretch")
        clock.advance(seconds=60)
        bot.app.runner.wake()
        await house.world.wait(lambda: len(house.world.sent(chat)) == 2)
        await idle(house)
        message = house.world.sent(chat)[-1]["message_id"]
        house.world.react(chat, ann, message, "👎")
        await until(lambda: len(reactions(house)) == 1)
    [(job,)] = house.rows("SELECT id FROM polar_automation_jobs")
    [event] = reactions(house)
    assert event.payload["producedBy"]["automationId"] == job
    assert event.message_id == f"msg_a_{message}"


async def test_a_reaction_on_an_unknown_message_is_kept_as_unresolved(house: House) -> None:
    """It may be older than the database."""
    async with house.bot():
        await awake(house)
        ann, chat = house.chat()
        house.world.react(chat, ann, 17, "🔥")
        await until(lambda: len(reactions(house)) == 1)
    [event] = reactions(house)
    assert (event.message_id, event.payload["unresolved"]) == (f"telegram:{chat.id}:17", True)


async def test_message_ids_of_two_chats_are_not_mixed_up(house: House) -> None:
    """Telegram counts the messages of each chat from somewhere of its own."""
    async with house.bot(responder=ECHO):
        _, _, answer = await answered(house)
        bob, other = house.chat("Bob")
        house.world.react(other, bob, answer, "👍")
        await until(lambda: len(reactions(house)) == 1)
    assert reactions(house)[0].message_id == f"telegram:{other.id}:{answer}"


async def test_a_reaction_that_overtakes_the_receipt_of_its_message_waits_for_it(house: House) -> None:
    """Telegram has delivered, but has not told us the message's id, when the reaction comes."""
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        house.world.fault("sendMessage", "slow")
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: len(house.world.sent(chat)) == 1)
        answer = house.world.sent(chat)[0]["message_id"]
        house.world.react(chat, ann, answer, "👍")
        await house.world.wait(lambda: house.world.updates_pending() == 0)
        assert house.rows("SELECT messageId FROM polar_messages WHERE role = 'assistant'") == [(None,)]
        house.world.clear_faults()
        await until(lambda: len(reactions(house)) == 1)
    assert reactions(house)[0].message_id == f"msg_a_{answer}"
    assert "unresolved" not in reactions(house)[0].payload


async def test_a_reaction_on_a_message_that_is_still_being_handled_finds_it(house: House) -> None:
    """It does not wait for the answer either."""
    async with house.bot(responder=HANGING, shutdown_seconds=0):
        await awake(house)
        ann, chat = house.chat()
        question = house.world.say(chat, ann, "hang on")
        house.world.react(chat, ann, question, "👀")
        await until(lambda: len(reactions(house)) == 1)
        assert house.rows("SELECT count(*) FROM polar_messages") == [(0,)]
    assert reactions(house)[0].message_id == f"msg_u_{question}"
    assert "unresolved" not in reactions(house)[0].payload


async def test_an_update_that_comes_twice_adds_nothing(house: House) -> None:
    """Telegram redelivers, also to the next process."""
    ann, chat = house.chat()
    for _ in range(2):
        async with house.bot(responder=ECHO):
            await awake(house)
            house.world.push(reaction_update(4711, chat, ann, 5, ["👍", "🔥"]))
            house.world.say(chat, ann, "/ping")
            house.world.push(reaction_update(4711, chat, ann, 5, ["👍", "🔥"]))
            await idle(house)
    assert len(reactions(house)) == 2
    assert len(house.world.sent(chat)) == 2


def reaction_update(update_id: int, chat: Chat, person: Person, message_id: int, emoji: list[str]) -> dict[str, Any]:
    """A message_reaction update with an id of one's own choice."""
    change = {
        "chat": chat.json(),
        "user": person.json(),
        "message_id": message_id,
        "date": 1,
        "old_reaction": [],
        "new_reaction": [{"type": "emoji", "emoji": e} for e in emoji],
    }
    return {"update_id": update_id, "message_reaction": change}


async def test_no_payload_holds_a_text(house: House) -> None:
    """Neither what people wrote, nor what we wrote, nor a command's argument."""
    async with house.bot(responder=ECHO, feedback_buttons="always"):
        ann, chat, answer = await answered(house, "secret words")
        house.world.react(chat, ann, answer, "👍")
        house.world.press(chat, ann, answer, "fb:-")
        await tell(house, chat, ann, "/remember secret fact")
        await tell(house, chat, ann, "/nonsense secret argument")
        await until(lambda: len(house.rows("SELECT 1 FROM polar_feedback_events")) == 4)
    for (payload,) in house.rows("SELECT payload FROM polar_feedback_events"):
        assert "secret" not in payload
        assert "Ann" not in payload
        assert json.loads(payload)["actor"] == str(ann.id)


async def test_polarity_can_be_overridden(house: House) -> None:
    """POLAR_POLARITY comes first, for custom emoji too."""
    house.world.custom_emoji("77", "🤡")
    async with house.bot(responder=ECHO, polarity="🤡=positive,👍=negative"):
        ann, chat, answer = await answered(house)
        house.world.react(chat, ann, answer, "👍", {"type": "custom_emoji", "custom_emoji_id": "77"}, "👎")
        await until(lambda: len(reactions(house)) == 3)
    assert [event.polarity for event in reactions(house)] == ["negative", "positive", "negative"]


async def test_buttons_are_reversible_feedback(house: House) -> None:
    """👍, then 👎, then 👎 again: the first is replaced, the second taken back; each press is answered."""
    async with house.bot(responder=ECHO, feedback_buttons="private"):
        ann, chat, answer = await answered(house)
        [row] = house.world.sent(chat)[-1]["reply_markup"]["inline_keyboard"]
        thumbs = {button["text"]: button["callback_data"] for button in row}
        queries = [house.world.press(chat, ann, answer, thumbs[emoji]) for emoji in ("👍", "👎", "👎")]
        await house.world.wait(lambda: len(house.world.answers) == 3)
        await idle(house)
        [summary] = await tell(house, chat, ann, "/feedback recent")
    assert [event.change for event in reactions(house)] == [
        ("reaction_added", "👍", "positive"),
        ("reaction_removed", "👍", "positive"),
        ("reaction_added", "👎", "negative"),
        ("reaction_removed", "👎", "negative"),
    ]
    assert {(event.message_id, event.payload["via"]) for event in reactions(house)} == {(f"msg_a_{answer}", "button")}
    toasts = [house.world.answers[query]["text"] for query in queries]
    assert toasts == ["👍 noted, thank you", "👎 noted, thank you", "👎 taken back"]
    assert summary.startswith("0 positive, 0 negative, 0 neutral\n−👎 on")
    assert "by button" in summary


async def test_the_choice_of_one_person_leaves_the_choice_of_another(house: House) -> None:
    """In a group each has a button press of their own."""
    async with house.bot(responder=ECHO, feedback_buttons="always"):
        await awake(house)
        ann, bob = house.world.person("Ann"), house.world.person("Bob")
        group = house.world.group("Friends", [ann, bob])
        await tell(house, group, ann, "@polar_test_bot hello")
        answer = house.world.sent(group)[-1]["message_id"]
        for person, data in ((ann, "fb:+"), (bob, "fb:-"), (bob, "fb:-")):
            house.world.press(group, person, answer, data)
        await until(lambda: len(reactions(house)) == 3)
        [summary] = await tell(house, group, ann, "/feedback")
    assert [event.payload["actor"] for event in reactions(house)] == [str(ann.id), str(bob.id), str(bob.id)]
    assert summary.startswith("1 positive, 0 negative, 0 neutral")


@pytest.mark.parametrize("data", ["fb:x", "fb:+:1", "am:pause:1", "", "x" * 64, "fb:+\x07", "💥"])
async def test_forged_button_data_is_no_feedback(house: House, data: str) -> None:
    """A press that no button of ours makes is told to be out of date."""
    async with house.bot(responder=ECHO):
        ann, chat, answer = await answered(house)
        query = house.world.press(chat, ann, answer, data)
        await house.world.wait(lambda: query in house.world.answers)
    assert house.world.answers[query]["text"] == "That button is out of date."
    assert reactions(house) == []


async def test_a_press_under_a_message_that_is_not_ours_is_no_feedback(house: House) -> None:
    """Under a person's message, or one that nobody knows any more."""
    async with house.bot(responder=ECHO):
        ann, chat, _ = await answered(house)
        [(asked,)] = house.rows("SELECT telegramMessageId FROM polar_messages WHERE role = 'user'")
        queries = [house.world.press(chat, ann, message, "fb:+") for message in (asked, 3)]
        await house.world.wait(lambda: len(house.world.answers) == 2)
    assert {house.world.answers[query]["text"] for query in queries} == {"That button is out of date."}
    assert reactions(house) == []


async def test_a_press_that_is_too_old_to_be_answered_is_recorded_all_the_same(house: House) -> None:
    """Telegram forgets queries after a while; that ends the answer, not the feedback."""
    async with house.bot(responder=ECHO):
        ann, chat, answer = await answered(house)
        house.world.press(chat, ann, answer, "fb:+")
        house.world.expire_queries()
        await until(lambda: len(reactions(house)) == 1)
        await idle(house)
    assert reactions(house)[0].change == ("reaction_added", "👍", "positive")
    assert house.rows("SELECT DISTINCT status FROM polar_delivery_queue") == [("sent",)]


async def test_feedback_shows_this_chat_only(house: House) -> None:
    """Newest first, with totals; reactions in other chats are nobody's business here."""
    async with house.bot(responder=ECHO):
        ann, chat, answer = await answered(house)
        bob, other = house.chat("Bob")
        await tell(house, other, bob, "hi")
        house.world.react(other, bob, house.world.sent(other)[-1]["message_id"], "👎")
        house.world.react(chat, ann, answer, "👍", "🤔")
        await until(lambda: len(reactions(house)) == 3)
        [summary] = await tell(house, chat, ann, "/feedback recent")
        [wrong] = await tell(house, chat, ann, "/feedback everything")
    lines = summary.splitlines()
    assert lines[0] == "1 positive, 0 negative, 1 neutral"
    assert [line.split(",")[0] for line in lines[1:]] == [f"+🤔 on msg_a_{answer}", f"+👍 on msg_a_{answer}"]
    assert "Usage: /feedback recent" in wrong


async def test_totals_are_told_by_day_message_automation_and_profile(house: House) -> None:
    """Additions minus removals, of each; what nobody produced belongs to no profile."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        [created] = await tell(house, chat, ann, "/automations create every 1 hour | tea")
        clock.advance(seconds=24 * 3600)
        bot.app.runner.wake()
        await house.world.wait(lambda: house.world.sent(chat)[-1]["text"] == "echo: tea")
        await idle(house)
        answer, tea = house.world.sent(chat)[0]["message_id"], house.world.sent(chat)[-1]["message_id"]
        for message, emoji in ((answer, "👍"), (tea, "💯")):
            house.world.react(chat, ann, message, emoji)
        await idle(house)
        told = {}
        for grouping in ("day", "message", "automation", "profile"):
            [told[grouping]] = await tell(house, chat, ann, f"/feedback by {grouping}")
        [wrong] = await tell(house, chat, ann, "/feedback by moon")
    one, two = "1 positive, 0 negative, 0 neutral", "2 positive, 0 negative, 0 neutral"
    job = created.split()[1].rstrip(":")
    assert told["day"] == f"2026-11-19: {two}"
    assert set(told["message"].splitlines()) == {f"msg_a_{tea}: {one}", f"msg_a_{answer}: {one}"}
    assert told["automation"] == f"{job}: {one}"
    assert told["profile"] == f"profile.default: {two}"
    assert "I do not know" in wrong
