"""What one person sends in quick succession becomes one turn; nothing is lost, nothing waits that need not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bot.receiving import processor
from bot.receiving.merging import MAX_MESSAGES
from bot.receiving.processor import MAX_CLAIMS
from emulator import Person
from middleware.texts import say
from middleware.turn import Turn
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, texts
from tests.pending import LONG_MS, answers, journalled, turns
from tests.responders import ECHO, FAILING, HANGING


async def test_messages_within_the_window_become_one_turn(house: House) -> None:
    """It is named after the first; every message is stored, in order; every update is done."""
    clock = TestClock()
    ann, chat = house.chat()
    write = house.world.say
    await journalled(
        house,
        clock,
        lambda: write(chat, ann, "a"),
        0.5,
        lambda: write(chat, ann, "b"),
        0.3,
        lambda: write(chat, ann, "c"),
    )
    [(first, sequence)] = house.rows("SELECT updateId, sequence FROM polar_updates ORDER BY sequence LIMIT 1")
    assert await answers(house, clock, chat) == ["echo: a\nb\nc"]
    assert turns(house) == [f"update:{first}:{sequence}"]
    assert house.rows("SELECT text FROM polar_messages WHERE role = 'user' ORDER BY sequence") == [
        ("a",),
        ("b",),
        ("c",),
    ]
    assert house.rows("SELECT status, body, count(*) FROM polar_updates") == [("done", None, 3)]


async def test_what_comes_after_the_window_is_another_turn(house: House) -> None:
    """The window counts from the first message, not from the one before; by the stored times, whenever it is run."""
    clock = TestClock()
    ann, chat = house.chat()
    write = house.world.say
    await journalled(
        house,
        clock,
        lambda: write(chat, ann, "a"),
        0.5,
        lambda: write(chat, ann, "b"),
        0.301,
        lambda: write(chat, ann, "c"),
    )
    assert await answers(house, clock, chat) == ["echo: a\nb", "echo: c"]


async def test_without_a_window_nothing_is_merged(house: House) -> None:
    """Even what came at the same instant."""
    clock = TestClock()
    ann, chat = house.chat()
    write = house.world.say
    await journalled(house, clock, lambda: write(chat, ann, "a"), lambda: write(chat, ann, "b"))
    assert await answers(house, clock, chat, merge_window_ms=0) == ["echo: a", "echo: b"]


async def test_only_neighbours_are_merged(house: House) -> None:
    """Somebody else's message, an edit, or one in another thread ends the turn; order is kept, nothing is dropped."""
    clock = TestClock()
    ann, ben = house.world.person("Ann"), house.world.person("Ben")
    group = house.world.group("Friends", [ann, ben])
    write = house.world.say
    old: list[int] = []

    def to_bot(person: Person, text: str, **place: Any) -> Callable[[], object]:
        return lambda: write(group, person, f"@polar_test_bot {text}", **place)

    await journalled(
        house,
        clock,
        lambda: old.append(write(group, ann, "a while ago")),
        2,
        to_bot(ann, "a"),
        to_bot(ann, "b"),
        to_bot(ben, "c"),
        to_bot(ann, "d"),
        lambda: house.world.edit(group, old[0], "an edit"),
        to_bot(ann, "e"),
        lambda: to_bot(ann, "f", reply_to=old[0])(),
        lambda: to_bot(ann, "g", reply_to=old[0])(),
    )
    said = [text.replace("@polar_test_bot ", "") for text in await answers(house, clock, group)]
    assert said == ["echo: a\nb", "echo: c", "echo: d", "echo: e", "echo: f\ng"]


async def test_a_turn_is_for_us_if_one_of_its_messages_is(house: House) -> None:
    """A remark and the question that follows it; remarks alone are recorded."""
    clock = TestClock()
    ann = house.world.person("Ann")
    group = house.world.group("Friends", [ann])
    write = house.world.say
    await journalled(
        house,
        clock,
        lambda: write(group, ann, "it rains"),
        lambda: write(group, ann, "@polar_test_bot for how long?"),
        2,
        lambda: write(group, ann, "well"),
        lambda: write(group, ann, "well"),
    )
    assert await answers(house, clock, group) == ["echo: it rains\n@polar_test_bot for how long?"]
    assert house.rows("SELECT outcome FROM polar_audit ORDER BY sequence") == [("answered",), ("recorded",)]
    reply = house.world.sent(group)[0]["reply_to_message"]
    assert reply["text"] == "@polar_test_bot for how long?"


@pytest.mark.slow
async def test_a_turn_has_at_most_fifty_messages(house: House) -> None:
    """The rest makes the next turn."""
    clock = TestClock()
    ann, chat = house.chat()
    for n in range(MAX_MESSAGES + 3):
        house.world.say(chat, ann, f"{n}")
    first, second = [f"{n}" for n in range(MAX_MESSAGES)], [f"{n}" for n in range(MAX_MESSAGES, MAX_MESSAGES + 3)]
    assert await answers(house, clock, chat) == ["echo: " + "\n".join(first), "echo: " + "\n".join(second)]


async def test_turns_of_many_messages_keep_their_order(house: House) -> None:
    """Turn after turn is taken from the journal; each message is in exactly one."""
    clock = TestClock()
    ann, chat = house.chat()
    acts: list[Callable[[], object] | float] = []
    expected = []
    for turn in range(3):
        said = [f"{turn}-{n}" for n in range(9)]
        acts += [2, *(lambda text=text: house.world.say(chat, ann, text) for text in said)]
        expected.append("echo: " + "\n".join(said))
    await journalled(house, clock, *acts)
    assert await answers(house, clock, chat) == expected


async def test_what_is_forwarded_goes_with_the_comment_before_it(house: House) -> None:
    """As Telegram sends them: the comment first; the responder sees which is which."""
    clock = TestClock()
    ann, chat = house.chat()
    ben, other = house.chat("Ben")
    original = house.world.say(other, ben, "see you at 5")
    await journalled(
        house,
        clock,
        lambda: house.world.say(chat, ann, "remind me"),
        lambda: house.world.forward(chat, ann, other, original),
        lambda: house.world.forward(chat, ann, other, original, hidden=True),
    )
    answer = await answers(house, clock, chat, responder="tests.bot.receiving.test_merging:forwards")
    assert answer == ["remind me; see you at 5 (forwarded); see you at 5 (forwarded)"]


class Forwards:
    """Tells what of a turn was forwarded."""

    async def respond(self, turn: Turn) -> str:
        """Message by message."""
        return "; ".join(m.text + " (forwarded)" * m.forwarded for m in turn.messages)


forwards = Forwards()


async def test_commands_presses_and_edits_wait_for_no_window(house: House) -> None:
    """Nor does the wait for one hold an answer's slot: other conversations go on."""
    async with house.bot(responder=ECHO, merge_window_ms=LONG_MS, answer_slots=1):
        await awake(house)
        ann, chat = house.chat()
        channel = house.world.channel("News")
        waiting = house.world.say(chat, ann, "I wait")
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates") == [(1,)])
        house.world.say(chat, ann, "/ping")
        query = house.world.press(chat, ann, waiting, "fb:+")
        house.world.edit(channel, house.world.say(channel, None, "today"), "tomorrow")
        await house.world.wait(lambda: texts(house, chat) == ["pong"] and query in house.world.answers)
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates WHERE status = 'pending'") == [(1,)])
        assert house.rows("SELECT text FROM polar_messages WHERE kind = 'text' AND text LIKE 't%'") == [("tomorrow",)]


async def test_the_window_is_waited_for_and_then_answered(house: House) -> None:
    """By the machine's clock, and also where the clock stands still."""
    for clock in (None, TestClock()):
        ann, chat = house.chat(f"Ann {clock}")
        house.world.say(chat, ann, "a")
        house.world.say(chat, ann, "b")
        async with house.bot(clock, responder=ECHO, merge_window_ms=50):
            await house.world.wait(lambda: texts(house, chat) != [])  # noqa: B023
            await idle(house)
        assert texts(house, chat) == ["echo: a\nb"]


async def test_a_clock_that_was_set_back_prolongs_no_wait(house: House) -> None:
    """The wait is at most as long as the window."""
    clock = TestClock()
    ann, chat = house.chat()
    await journalled(house, clock, lambda: house.world.say(chat, ann, "a"), lambda: house.world.say(chat, ann, "b"))
    clock.advance(seconds=-3600)
    async with house.bot(clock, responder=ECHO, merge_window_ms=50):
        await idle(house)
    assert texts(house, chat) == ["echo: a\nb"]


async def test_who_stops_the_bot_does_not_wait_for_a_window(house: House) -> None:
    """What waits is left to the next start."""
    ann, chat = house.chat()
    async with asyncio.timeout(LONG_MS / 2000):
        async with house.bot(responder=ECHO, merge_window_ms=LONG_MS, shutdown_seconds=3600):
            house.world.say(chat, ann, "a")
            await until(lambda: house.rows("SELECT count(*) FROM polar_updates") == [(1,)])
    assert house.rows("SELECT status FROM polar_updates") == [("pending",)]


async def test_one_that_cannot_be_read_does_not_take_the_others_along(house: House) -> None:
    """It is set aside with its reason, and an apology; they run one by one."""
    clock = TestClock()
    ann, chat = house.chat()
    odd = {"message_id": "none", "date": 1, "chat": chat.json(), "from": ann.json(), "text": "odd"}
    await journalled(
        house,
        clock,
        lambda: house.world.say(chat, ann, "a"),
        lambda: house.world.push({"message": odd}),
        lambda: house.world.say(chat, ann, "b"),
    )
    assert await answers(house, clock, chat) == ["echo: a", say("turn.apology"), "echo: b"]
    assert [s for (s,) in house.rows("SELECT status FROM polar_updates ORDER BY sequence")] == ["done", "dead", "done"]


async def test_a_merged_turn_that_keeps_failing_is_set_aside_whole(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three tries, with one apology; what comes after it is answered."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)
    clock = TestClock()
    ann, chat = house.chat()
    write = house.world.say
    await journalled(
        house,
        clock,
        lambda: write(chat, ann, "fail"),
        lambda: write(chat, ann, "too"),
        2,
        lambda: write(chat, ann, "c"),
    )
    assert await answers(house, clock, chat, responder=FAILING) == [say("turn.apology"), "echo: c"]
    dead = house.rows("SELECT attempts, reason FROM polar_updates WHERE status = 'dead'")
    assert dead == [(3, "RuntimeError")] * 2
    assert house.rows("SELECT text FROM polar_messages WHERE role = 'user'") == [("c",)]


async def test_a_merged_turn_that_kept_ending_the_process_is_set_aside_with_one_apology(house: House) -> None:
    """All its updates, however many tries each was counted."""
    clock = TestClock()
    ann, chat = house.chat()
    write = house.world.say
    await journalled(
        house, clock, lambda: write(chat, ann, "a"), lambda: write(chat, ann, "b"), 2, lambda: write(chat, ann, "c")
    )
    house.write("UPDATE polar_updates SET attempts = ? WHERE sequence = 1", MAX_CLAIMS)
    house.write("UPDATE polar_updates SET attempts = ? WHERE sequence = 2", MAX_CLAIMS - 1)
    assert await answers(house, clock, chat) == [say("turn.apology"), "echo: c"]
    statuses = house.rows("SELECT status, reason FROM polar_updates ORDER BY sequence")
    assert statuses == [("dead", "it kept ending the process")] * 2 + [("done", None)]


async def test_a_merged_turn_found_unfinished_is_claimed_whole(house: House) -> None:
    """Each of its updates counts the try, before it is made."""
    clock = TestClock()
    ann, chat = house.chat()
    write = house.world.say
    await journalled(house, clock, lambda: write(chat, ann, "hang"), lambda: write(chat, ann, "on"))
    clock.advance(seconds=100)
    attempts = "SELECT attempts FROM polar_updates ORDER BY sequence"
    for tries in (1, 2):
        async with house.bot(clock, responder=HANGING, merge_window_ms=800, shutdown_seconds=0):
            await until(lambda: house.rows(attempts) == [(tries,), (tries,)])  # noqa: B023
    assert await answers(house, clock, chat) == ["echo: hang\non"]
    assert house.rows("SELECT attempt FROM polar_audit WHERE outcome = 'answered'") == [(3,)]


async def test_a_reaction_to_a_message_that_waits_finds_it(house: House) -> None:
    """The event names it by our id, though it is not stored yet."""
    async with house.bot(responder=ECHO, merge_window_ms=LONG_MS):
        await awake(house)
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "I wait")
        house.world.react(chat, ann, message, "👍")
        await until(lambda: house.rows("SELECT count(*) FROM polar_feedback_events") == [(1,)])
        [(found,)] = house.rows("SELECT messageId FROM polar_feedback_events")
    assert found == f"msg_u_{message}"
