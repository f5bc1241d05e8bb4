"""Polls of a bot: how they are sent, answered and ended."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Bot, InputPollOption, Update

from emulator import Chat, Person, Server, World
from tests.emulator.client import Client
from tests.house import TOKEN

ASKED = {"question": "Shall we?", "options": ["Yes", "No"]}


async def test_python_telegram_bot_asks_hears_and_ends(world: World, ann: Person, chat: Chat, server: Server) -> None:
    """Votes count on the message and reach the bot, with whose they are where the poll is not anonymous."""
    async with Bot(TOKEN, base_url=f"{server.url}/bot") as bot:
        options: list[str | InputPollOption] = ["Yes", InputPollOption("*No*", text_parse_mode="MarkdownV2")]
        sent = await bot.send_poll(chat.id, "Shall we?", options, is_anonymous=False)
        assert sent.poll is not None
        assert [option.text for option in sent.poll.options] == ["Yes", "No"]
        world.vote(chat, ann, sent.id, 1)
        first, second = await bot.get_updates(allowed_updates=Update.ALL_TYPES)
        assert first.poll is not None and first.poll.options[1].voter_count == first.poll.total_voter_count == 1
        assert second.poll_answer is not None and second.poll_answer.user is not None
        assert (second.poll_answer.user.id, second.poll_answer.option_ids) == (ann.id, (1,))
        ended = await bot.stop_poll(chat.id, sent.id)
        assert (ended.is_closed, ended.id, ended.options[1].voter_count) == (True, sent.poll.id, 1)
        [told] = await bot.get_updates(offset=second.update_id + 1)
        assert told.poll == ended
    with pytest.raises(ValueError, match="closed"):
        world.vote(chat, ann, sent.id, 0)


async def test_an_anonymous_vote_says_nothing_of_who_gave_it(
    world: World, ann: Person, chat: Chat, client: Client
) -> None:
    """And may be changed and taken back."""
    sent = await client.result("sendPoll", chat_id=chat.id, **ASKED, allows_multiple_answers=True)
    for options in ((0,), (0, 1), ()):
        world.vote(chat, ann, sent["message_id"], *options)
    updates = await client.result("getUpdates")
    counts = [[option["voter_count"] for option in update["poll"]["options"]] for update in updates]
    assert counts == [[1, 0], [1, 1], [0, 0]]


async def test_nobody_votes_for_what_is_not_there(world: World, ann: Person, chat: Chat, client: Client) -> None:
    """Nor twice where one answer is asked for, nor on what is no poll."""
    sent = await client.result("sendPoll", chat_id=chat.id, **ASKED)
    for options, error in (((2,), LookupError), ((0, 1), ValueError)):
        with pytest.raises(error):
            world.vote(chat, ann, sent["message_id"], *options)
    with pytest.raises(ValueError, match="not a poll"):
        world.vote(chat, ann, world.say(chat, ann, "x"), 0)


async def test_people_vote_over_http(ann: Person, chat: Chat, client: Client) -> None:
    """As they do anything else."""
    sent = await client.result("sendPoll", chat_id=chat.id, **ASKED)
    vote = {"chat": chat.id, "person": ann.id, "message_id": sent["message_id"], "options": [0]}
    assert (await client.http.post("/control/vote", json=vote)).status_code == 200
    [update] = await client.result("getUpdates")
    assert update["poll"]["total_voter_count"] == 1


async def test_the_page_shows_how_a_poll_stands(world: World, ann: Person, chat: Chat, client: Client) -> None:
    """Its options with their votes, and that it is over."""
    sent = await client.result("sendPoll", chat_id=chat.id, **ASKED)
    world.vote(chat, ann, sent["message_id"], 1)
    await client.result("stopPoll", chat_id=chat.id, message_id=sent["message_id"])
    view = (await client.http.get("/page/view", params={"me": ann.id, "chat": chat.id})).json()
    assert view["messages"][0]["text"] == "Shall we?\n○ Yes · 0\n○ No · 1\nclosed"


async def test_a_quiz_tells_its_right_answer_and_why(chat: Chat, client: Client) -> None:
    """To the bot."""
    quiz = {"type": "quiz", "correct_option_id": 1, "explanation": "<b>so</b>", "explanation_parse_mode": "HTML"}
    poll = (await client.result("sendPoll", chat_id=chat.id, **ASKED, **quiz))["poll"]
    assert (poll["type"], poll["correct_option_id"], poll["explanation"]) == ("quiz", 1, "so")
    assert poll["explanation_entities"] == [{"type": "bold", "offset": 0, "length": 2}]


async def test_options_in_a_form_are_json(chat: Chat, client: Client) -> None:
    """A question that looks like a number is a text."""
    given = {"question": "1.50", "options": ["1", {"text": "2"}], "is_anonymous": "false"}
    poll = (await client.form("sendPoll", {"unused": ("a", b"")}, chat_id=chat.id, **given))["result"]["poll"]
    assert (poll["question"], [option["text"] for option in poll["options"]]) == ("1.50", ["1", "2"])
    assert poll["is_anonymous"] is False


@pytest.mark.parametrize(
    ("given", "description"),
    [
        ({"question": ""}, "poll question must be non-empty"),
        ({"question": "x" * 301}, "poll question length must not exceed 300"),
        ({"options": []}, "poll must have at least 1 option"),
        ({"options": ["x"] * 13}, "poll can't have more than 12 options"),
        ({"options": ["x", ""]}, "poll options must be non-empty"),
        ({"options": ["x" * 101]}, "poll options length must not exceed 100"),
        ({"type": "vote"}, "unsupported poll type specified"),
        ({"type": "quiz"}, "wrong correct option ID specified"),
        ({"type": "quiz", "correct_option_id": 2}, "wrong correct option ID specified"),
    ],
)
async def test_a_poll_that_cannot_be_asked_is_refused(
    world: World, chat: Chat, client: Client, given: dict[str, Any], description: str
) -> None:
    """And nothing is sent."""
    assert await client.refusal("sendPoll", chat_id=chat.id, **{**ASKED, **given}) == (
        400,
        f"Bad Request: {description}",
    )
    assert world.sent() == []


async def test_only_an_open_poll_of_the_bot_is_ended(world: World, ann: Person, chat: Chat, client: Client) -> None:
    """Once; its keyboard goes with it."""
    keys = {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}
    sent = await client.result("sendPoll", chat_id=chat.id, **ASKED, reply_markup=keys)
    text = await client.result("sendMessage", chat_id=chat.id, text="x")
    await client.result("stopPoll", chat_id=chat.id, message_id=sent["message_id"])
    assert "reply_markup" not in world.sent(chat)[0]
    for mid, description in (
        (1, "message with poll to stop not found"),
        (text["message_id"], "message is not a poll"),
        (world.send(chat, ann, "poll"), "message can't be edited"),
        (sent["message_id"], "poll has already been closed"),
    ):
        refused = await client.refusal("stopPoll", chat_id=chat.id, message_id=mid)
        assert refused == (400, f"Bad Request: {description}")
