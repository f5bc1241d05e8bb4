"""Who may talk to the bot: everyone, a list, or whom the owner lets in; what it cannot decide, it denies."""

from __future__ import annotations

import pytest

from bot.receiving import processor
from emulator import Chat, Person
from middleware.texts import say
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, commands, idle, reactions, tell, texts
from tests.responders import ECHO

HOUR = 3600


def roles(house: House) -> dict[str, str]:
    """Who was let in, as what."""
    return dict(house.rows("SELECT subject, role FROM polar_access"))


def owner_code(house: House) -> str:
    """The code of the link that was announced last."""
    line = next(line for line in reversed(house.lines) if "?start=" in line)
    return line.rpartition("?start=")[2]


async def owned(house: House) -> tuple[Person, Chat]:
    """The owner, made so by the link."""
    olga, chat = house.chat("Olga")
    assert await tell(house, chat, olga, f"/start {owner_code(house)}") == [say("access.owner")]
    return olga, chat


async def knock(house: House, name: str = "Ann") -> tuple[Person, Chat, str]:
    """A stranger who wrote, and the code that the stranger got."""
    person, chat = house.chat(name)
    [answer] = await tell(house, chat, person, "hello")
    return person, chat, answer.rpartition("/pair ")[2]


async def test_open_answers_everyone_groups_included(house: House) -> None:
    """Nobody is asked for anything; no owner is looked for."""
    async with house.bot(access="open", responder=ECHO):
        ann, chat = house.chat()
        group = house.world.group("Friends", [ann])
        assert await tell(house, chat, ann, "hello") == ["echo: hello"]
        assert await tell(house, group, ann, "/ping") == ["pong"]
        [denied] = await tell(house, chat, ann, "/pair ABCD2345")
    assert "admins" in denied
    assert not any("?start=" in line for line in house.lines)


async def test_an_allowlist_answers_those_on_it_and_stores_nothing_of_others(house: House) -> None:
    """Strangers are told once that they ask, by /start, and leave an audit row only."""
    listed, stranger = house.world.person("Liz"), house.world.person("Stan")
    async with house.bot(access="allowlist", responder=ECHO, allowed_telegram_ids={listed.id}):
        inside, outside = house.world.private(listed), house.world.private(stranger)
        group = house.world.group("Friends", [listed, stranger])
        assert await tell(house, inside, listed, "hello") == ["echo: hello"]
        assert await tell(house, outside, stranger, "let me in, password 123") == []
        assert await tell(house, outside, stranger, "/start") == [say("access.private")]
        assert await tell(house, group, listed, "/ping") == []
    assert house.rows("SELECT DISTINCT userId FROM polar_messages WHERE role = 'user'") == [(str(listed.id),)]
    assert house.rows("SELECT outcome, count(*) FROM polar_audit GROUP BY outcome ORDER BY outcome") == [
        ("answered", 1),
        ("denied", 3),
    ]


async def test_the_first_to_open_the_owner_link_becomes_the_owner_and_nobody_else(house: House) -> None:
    """The link works once; its code is stored hashed, and not even the owner's message keeps it."""
    async with house.bot(access="pairing"):
        code = owner_code(house)
        olga, _ = await owned(house)
        bob, other = house.chat("Bob")
        [answer] = await tell(house, other, bob, f"/start {code}")
    assert roles(house) == {str(olga.id): "owner"}
    assert answer.startswith(say("access.private"))
    for table in ("polar_messages", "polar_pairing_codes", "polar_feedback_events", "polar_updates", "polar_audit"):
        assert code not in str(house.rows(f"SELECT * FROM {table}")), table
    async with house.bot(access="pairing"):
        pass
    assert sum("?start=" in line for line in house.lines) == 1


async def test_when_two_race_for_the_owner_link_exactly_one_wins(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One guarded insert; the other is treated as any stranger."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)
    async with house.bot(access="pairing"):
        await awake(house)
        people = [house.chat(f"P{n}") for n in range(8)]
        code = owner_code(house)
        for person, chat in people:
            house.world.say(chat, person, f"/start {code}")
        await idle(house, updates=8)
    answers = [texts(house, chat) for _, chat in people]
    assert answers.count([say("access.owner")]) == 1
    assert list(roles(house).values()) == ["owner"]
    assert all(answer == [say("access.owner")] or answer[0].startswith(say("access.private")) for answer in answers)
    assert {status for (status,) in house.rows("SELECT status FROM polar_updates")} == {"done"}


async def test_an_admin_of_the_settings_can_open_the_owner_link_too(house: House) -> None:
    """Whoever opens it becomes the owner."""
    async with house.bot(access="pairing", admin_telegram_ids={900}):
        house.world.person("Boss", id=900)
        await tell(house, house.world.private(house.world.people[900]), house.world.people[900], "/ping")
        chat = house.world.private(house.world.people[900])
        assert await tell(house, chat, house.world.people[900], f"/start {owner_code(house)}") == [say("access.owner")]
    assert roles(house) == {"900": "owner"}


async def test_an_old_owner_link_ends_with_the_next_start(house: House) -> None:
    """Only the newest can be used."""
    async with house.bot(access="pairing"):
        old = owner_code(house)
    async with house.bot(access="pairing"):
        ann, chat = house.chat()
        await tell(house, chat, ann, f"/start {old}")
        assert roles(house) == {}
        await owned(house)


async def test_a_code_lets_a_person_in_once_the_owner_approves_it(house: House) -> None:
    """Any case will do; the code works once; one code at a time, so that writing on brings no flood."""
    async with house.bot(access="pairing", responder=ECHO):
        olga, chat = await owned(house)
        ann, outside, code = await knock(house)
        assert await tell(house, outside, ann, "hello?") == []
        assert code not in str(house.rows("SELECT codeHash FROM polar_pairing_codes"))
        assert await tell(house, chat, olga, f"/pair  {code.lower()} ") == [f"User {ann.id} is in."]
        await house.world.wait(lambda: len(texts(house, outside)) == 2)
        assert await tell(house, outside, ann, "hello!") == ["echo: hello!"]
        [again] = await tell(house, chat, olga, f"/pair {code}")
    assert texts(house, outside)[1].startswith("You are in.")
    assert "unknown or has expired" in again
    assert roles(house)[str(ann.id)] == "member"


async def test_a_code_expires_after_an_hour(house: House) -> None:
    """After that the person gets another by writing."""
    clock = TestClock()
    async with house.bot(clock, access="pairing"):
        olga, chat = await owned(house)
        ann, outside, code = await knock(house)
        clock.advance(seconds=HOUR - 1)
        assert await tell(house, outside, ann, "still?") == []
        clock.advance(seconds=1)
        [late] = await tell(house, chat, olga, f"/pair {code}")
        assert "expired" in late
        [fresh] = await tell(house, outside, ann, "now?")
        assert code not in fresh
        await tell(house, chat, olga, f"/pair {fresh.rpartition('/pair ')[2]}")
    assert roles(house)[str(ann.id)] == "member"


async def test_unpair_shuts_a_person_out_and_leaves_the_owner(house: House) -> None:
    """The owner cannot lose the bot by a slip."""
    async with house.bot(access="pairing", responder=ECHO):
        olga, chat = await owned(house)
        ann, outside, code = await knock(house)
        await tell(house, chat, olga, f"/pair {code}")
        await tell(house, chat, olga, f"/unpair {ann.id}")
        [answer] = await tell(house, outside, ann, "hello")
        await tell(house, chat, olga, f"/unpair {olga.id}")
        [wrong] = await tell(house, chat, olga, "/unpair everybody")
        assert await tell(house, chat, olga, "hello") == ["echo: hello"]
    assert answer.startswith(say("access.private"))
    assert "Usage: /unpair" in wrong
    assert roles(house) == {str(olga.id): "owner"}


async def test_a_group_is_silent_until_an_admin_lets_it_in(house: House) -> None:
    """Then everyone in it may ask; what is said before is not even stored."""
    async with house.bot(access="pairing", responder=ECHO):
        olga, _ = await owned(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [olga, ann])
        for person, text in ((ann, "@polar_test_bot hello"), (ann, "/ping"), (ann, "/pair"), (olga, "just talking")):
            assert await tell(house, group, person, text) == []
        assert house.rows("SELECT * FROM polar_messages WHERE sessionId LIKE '%:-%'") == []
        assert "is in" in (await tell(house, group, olga, "/pair"))[0]
        assert await tell(house, group, ann, "@polar_test_bot hello") == ["echo: @polar_test_bot hello"]
        assert await tell(house, group, ann, "/ping") == ["pong"]
        assert await tell(house, group, ann, "just talking") == []
        [denied] = await tell(house, group, ann, "/unpair")
        await tell(house, group, olga, "/unpair")
        assert await tell(house, group, ann, "/ping") == []
    assert "admins" in denied


async def test_codes_stay_private(house: House) -> None:
    """A code that is shown to a group would be worth nothing."""
    async with house.bot(access="pairing"):
        olga, _ = await owned(house)
        *_, code = await knock(house)
        group = house.world.group("Friends", [olga])
        [answer] = await tell(house, group, olga, f"/pair {code}")
    assert "private" in answer
    assert list(roles(house).values()) == ["owner"]


async def test_a_stranger_in_a_group_that_is_in_is_still_a_stranger_elsewhere(house: House) -> None:
    """Being in a group lets nobody into the private chat."""
    async with house.bot(access="pairing", responder=ECHO):
        olga, _ = await owned(house)
        group = house.world.group("Friends", [olga])
        await tell(house, group, olga, "/pair")
        ann = house.world.person("Ann")
        assert await tell(house, group, ann, "/ping") == ["pong"]
        [answer] = await tell(house, house.world.private(ann), ann, "/ping")
    assert answer.startswith(say("access.private"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("/pair", "denied"), ("/unpair", "denied"), ("/automations create every 1 hour | x", "answered")],
)
async def test_an_anonymous_admin_holds_no_rights_of_a_person(house: House, text: str, expected: str) -> None:
    """All groups share the id behind them; not even the id of an admin's own helps. An automation needs an owner."""
    async with house.bot(access="open", admin_telegram_ids={1087968824}):
        await awake(house)
        group = house.world.group("Friends")
        house.world.say_as_chat(group, group, text)
        await idle(house, updates=1)
    assert roles(house) == {}
    assert house.rows("SELECT * FROM polar_automation_jobs") == []
    [(outcome,)] = house.rows("SELECT outcome FROM polar_audit")
    assert outcome == expected


async def test_a_message_in_the_name_of_a_chat_belongs_to_that_chat(house: House) -> None:
    """Its `from` is an id that all groups share, so memories would mix."""
    async with house.bot(access="open"):
        await awake(house)
        group = house.world.group("Friends")
        house.world.say_as_chat(group, group, "hello")
        await idle(house, updates=1)
    assert house.rows("SELECT userId FROM polar_messages") == [(f"chat:{group.id}",)]


@pytest.mark.parametrize("text", ["/pair ABCD2345", "/unpair 5"])
@pytest.mark.parametrize("level", ["member", "operator"])
async def test_admin_commands_fail_closed(house: House, text: str, level: str) -> None:
    """Members and operators get a plain no, and nothing happens."""
    async with house.bot(
        access="allowlist",
        operator_telegram_ids={901} if level == "operator" else set(),
        allowed_telegram_ids={901} if level == "member" else set(),
    ):
        person = house.world.person("Pat", id=901)
        chat = house.world.private(person)
        [answer] = await tell(house, chat, person, text)
        [listing] = await tell(house, chat, person, "/help")
    assert answer == "That is for admins of this bot only."
    assert "/pair" not in listing
    assert commands(house)[0]["outcome"] == "denied"


async def test_every_command_leaves_a_trace_with_its_outcome_and_never_its_argument(house: House) -> None:
    """Answered, misused, unknown, denied by level, turned away: all of them."""
    async with house.bot(access="pairing", responder=ECHO):
        olga, chat = await owned(house)
        ann, outside, _ = await knock(house)
        for text in ("/remember blue whale", "/memory eat whale", "/whale whale"):
            await tell(house, chat, olga, text)
        await tell(house, outside, ann, "/pair whale")
    found = [(e["command"], e["outcome"], e["argumentLength"], e["actor"]) for e in commands(house)]
    assert found == [
        ("start", "answered", 32, str(olga.id)),
        ("remember", "answered", len("blue whale"), str(olga.id)),
        ("memory", "answered", len("eat whale"), str(olga.id)),
        ("unknown", "answered", len("whale"), str(olga.id)),
        ("pair", "denied", len("whale"), str(ann.id)),
    ]
    rows = house.rows("SELECT polarity, emoji, payload FROM polar_feedback_events")
    assert {row[:2] for row in rows} == {("neutral", None)}
    assert [payload for _, _, payload in rows if "whale" in payload] == []


async def test_a_command_that_keeps_failing_leaves_its_trace_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the outcome failed, once."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)
    async with house.bot(middleware="tests.middleware.test_access:fail_on_commands"):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/ping now")
    [event] = commands(house)
    assert (event["outcome"], event["argumentLength"]) == ("failed", 3)


async def fail_on_commands(turn: object, call_next: object) -> None:
    """A middleware that is broken."""
    raise RuntimeError("broken")


async def test_over_the_rate_limit_there_is_one_polite_answer_then_silence(house: House) -> None:
    """Others are served as before, and reactions and edits are never limited."""
    async with house.bot(responder=ECHO, rate_limit_per_minute=3):
        await awake(house)
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "0")
        for n in range(1, 8):
            house.world.say(chat, ann, f"{n}")
        for emoji in ("👍", "👎", "🔥", "💯", "🎉"):
            house.world.react(chat, ann, message, emoji)
        house.world.edit(chat, message, "zero")
        await idle(house, updates=14)
        bob, other = house.chat("Bob")
        assert await tell(house, other, bob, "hello") == ["echo: hello"]
    assert texts(house, chat) == ["echo: 0", "echo: 1", "echo: 2", say("turn.too_many")]
    assert len(reactions(house)) == 9
    edited = "SELECT text FROM polar_messages WHERE editedAtMs IS NOT NULL"
    assert house.rows(edited) == [("zero",)]


async def test_what_is_only_recorded_in_a_group_is_not_limited(house: House) -> None:
    """Nobody asked for anything, so nothing is turned away; in a group no answer says so either."""
    async with house.bot(responder=ECHO, rate_limit_per_minute=2):
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        for n in range(6):
            house.world.say(group, ann, f"talk {n}")
        for n in range(4):
            house.world.say(group, ann, f"@polar_test_bot {n}")
        await idle(house, updates=10)
    stored = house.rows("SELECT count(*) FROM polar_messages WHERE text LIKE 'talk%'")
    assert stored == [(6,)]
    assert texts(house, group) == ["echo: @polar_test_bot 0", "echo: @polar_test_bot 1"]


async def test_a_strangers_reactions_and_presses_are_not_recorded(house: House) -> None:
    """In private who is not in has no say, and a press is told so."""
    async with house.bot(access="pairing"):
        await awake(house)
        ann, outside, _ = await knock(house)
        answer = house.world.sent(outside)[0]["message_id"]
        house.world.react(outside, ann, answer, "👎")
        query = house.world.press(outside, ann, answer, "fb:+")
        await until(lambda: query in house.world.answers)
        await idle(house)
    assert house.world.answers[query]["text"] == say("access.private")
    assert reactions(house) == []
