"""Commands follow from one table: who may call them, how they are called, and what is told about them."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from bot import VERSION, reference
from bot.commands import feedback
from middleware.commands import Command, Registry
from middleware.texts import say
from middleware.turn import Level
from storage.views import feedback_summary
from tests.clocks import TestClock
from tests.house import CHECKOUT, House
from tests.looking import awake, commands, idle, tell
from tests.pressing import last
from tests.responders import ECHO

COMMANDS = {command.name: command for command in reference.chat_commands()}
LISTED = {Level.MEMBER: 501, Level.OPERATOR: 502, Level.ADMIN: 503}
ROLES: dict[str, Any] = {
    "access": "allowlist",
    "allowed_telegram_ids": {LISTED[Level.MEMBER]},
    "operator_telegram_ids": {LISTED[Level.OPERATOR]},
    "admin_telegram_ids": {LISTED[Level.ADMIN]},
}
BELOW = {
    level: above for level in Level if (above := [name for name, command in COMMANDS.items() if level < command.level])
}
# Where nothing is wrong enough to be wrong, what is; /start takes anything, as links bring it along.
WRONG = {"remember": "", "pair": "", "unpair": "somebody"} | dict.fromkeys(("memory", "automations"), "dance now")
TAKING = [name for name in COMMANDS if name != "start"]


def wrong(name: str) -> str:
    """A call that its command cannot understand."""
    return f"/{name} {WRONG.get(name, 'certainly not this')}".strip()


async def call(house: House, level: Level, text: str) -> list[str]:
    """What somebody of this level is told in private; a stranger is another one each time."""
    known = house.world.people.get(LISTED.get(level, 0))
    person = known or house.world.person("Pat", id=LISTED.get(level))
    return await tell(house, house.world.private(person), person, text)


@pytest.mark.parametrize("level", BELOW, ids=[level.name for level in BELOW])
async def test_below_its_level_a_command_is_refused(house: House, level: Level) -> None:
    """Whatever it is; its trace says so, and nothing is stored but the message of one who may talk to us."""
    async with house.bot(**ROLES):
        answers = {name: await call(house, level, f"/{COMMANDS[name].example}") for name in BELOW[level]}
    for name, answer in answers.items():
        levels = f"{COMMANDS[name].level.name.lower()}s"
        refusal = [say("command.not_allowed", levels=levels)] if level > Level.STRANGER else []
        assert answer == ([say("access.private")] if name == "start" else refusal)
    denied = [(name, "denied") for name in BELOW[level]]
    assert [(event["command"], event["outcome"]) for event in commands(house)] == denied
    stored = len(denied) if level > Level.STRANGER else 0
    assert house.rows("SELECT count(*) FROM polar_messages WHERE role = 'user'") == [(stored,)]


async def test_a_wrong_call_is_told_the_form_and_an_example(house: House) -> None:
    """What was wrong first, then how it is done."""
    async with house.bot(**ROLES):
        answers = {name: await call(house, Level.ADMIN, wrong(name)) for name in TAKING}
    for name, [answer] in answers.items():
        problem, *usage, example = answer.split("\n")
        assert problem, name
        assert "\n".join(usage) == f"Usage: /{COMMANDS[name].usage_of('')}"
        assert example == f"Example: /{COMMANDS[name].example}"


@pytest.mark.parametrize(
    ("argument", "forms"),
    [
        ("create daily 18:00", ["automations create <schedule> | <text>"]),
        ("Pause", ["automations show|run|pause|resume|delete <id>"]),
    ],
)
def test_a_wrong_call_of_a_form_is_told_that_form(argument: str, forms: list[str]) -> None:
    """Not all that the command can do; all of it, a line each, where no form was meant."""
    command = COMMANDS["automations"]
    assert command.usage_of(argument).split("\n/") == forms
    for nothing in ("", "dance now"):
        every = command.usage_of(nothing).split("\n/")
        assert len(every) == len(command.usage.split(", ")) > 5
        assert all(form.startswith("automations ") for form in every)


def test_a_form_that_is_written_out_is_not_named_twice() -> None:
    """As where a command means something else in groups."""
    assert COMMANDS["pair"].usage_of("") == "pair <code> (in private)\n/pair (in a group)"


@pytest.mark.parametrize("name", COMMANDS)
async def test_the_example_of_a_command_works_as_it_stands(house: House, name: str) -> None:
    """It is understood; only the code and the id of the examples belong to nobody."""
    async with house.bot(**ROLES):
        answer, *_ = await call(house, Level.ADMIN, f"/{COMMANDS[name].example}")
    assert ("Usage: " in answer) == (name in ("pair", "help"))


async def test_what_takes_no_argument_refuses_one(house: House) -> None:
    """Rather than doing something else than was meant."""
    bare = [name for name, command in COMMANDS.items() if command.is_bare]
    async with house.bot(**ROLES):
        for name in bare:
            [answer] = await call(house, Level.ADMIN, f"/{name} --all")
            assert answer.startswith(say("command.bare")), name


@pytest.mark.parametrize(
    "text",
    [
        "/automations list all",
        "/automations pause {id} please",
        "/automations show {id} now",
        "/automations delete {id} tomorrow",
        "/personality show everything",
        "/personality reset it",
        "/feedback recent ones",
    ],
)
async def test_a_form_that_takes_nothing_more_refuses_more(house: House, text: str) -> None:
    """Nothing is done by half."""
    async with house.bot():
        ann, chat = house.chat()
        [created] = await tell(house, chat, ann, "/automations create daily 18:00 | tea")
        [answer] = await tell(house, chat, ann, text.format(id=created.split()[1].rstrip(":")))
    assert "\nUsage: /" in answer
    assert house.rows("SELECT enabled FROM polar_automation_jobs") == [(1,)]


def test_the_forms_of_a_command_begin_with_its_name() -> None:
    """As they are shown behind a slash."""
    for name, command in COMMANDS.items():
        assert re.match(rf"{name}\b", command.usage), name
        assert re.match(rf"{name}\b", command.example), name
        assert re.fullmatch(r"[a-z]{1,32}", name)


@pytest.mark.parametrize(
    ("alias", "name"), [(alias, command.name) for command in COMMANDS.values() for alias in command.aliases]
)
async def test_an_alias_does_the_same(house: House, alias: str, name: str) -> None:
    """In /help of the command it is told; in the menu it is not."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, f"/{alias}") == await tell(house, chat, ann, f"/{name}")
        [told] = await tell(house, chat, ann, f"/help {alias}")
        [listed] = await tell(house, chat, ann, "/help")
    assert told.startswith(f"/{name}: ")
    assert f"/{alias}" in told
    assert f"/{alias} " not in listed


async def test_help_lists_what_this_person_may_use(house: House) -> None:
    """A line each, in the order of the table: what it is for, and not how it is written."""
    async with house.bot(**ROLES):
        [plain], [full] = [await call(house, level, "/help") for level in (Level.MEMBER, Level.ADMIN)]
    assert [line.split()[0] for line in full.splitlines()[:-1]] == [f"/{name}" for name in COMMANDS]
    for_members = [f"/{name}" for name, command in COMMANDS.items() if command.level <= Level.MEMBER]
    assert [line.split()[0] for line in plain.splitlines()[:-1]] == for_members
    assert plain.splitlines()[-1] == say("help.more")
    assert "<schedule>" not in full


@pytest.mark.parametrize("written", ["timezone", "/timezone", "TIMEZONE"])
async def test_help_on_a_command_tells_form_example_and_aliases(house: House, written: str) -> None:
    """With or without the slash."""
    async with house.bot():
        ann, chat = house.chat()
        [told] = await tell(house, chat, ann, f"/help {written}")
    assert told.splitlines() == [
        "/timezone: the time zone of your automations.",
        "Usage: /timezone [<area>/<city>]",
        "Example: /timezone Europe/Berlin",
        "Also: /tz",
    ]


async def test_help_on_what_one_cannot_use_is_a_wrong_call(house: House) -> None:
    """A command that somebody may not use is none to them."""
    async with house.bot():
        ann, chat = house.chat()
        for written in ("dance", "pair", "<b>", "x" * 4000):
            [told] = await tell(house, chat, ann, f"/help {written}")
            assert told.startswith(say("help.unknown", written=written[:40]))


def menus(house: House) -> dict[int | None, list[str]]:
    """The commands of each menu that was published last, by whose it is; None for everybody's."""
    made: dict[int | None, list[str]] = {}
    for sent in house.world.calls:
        if sent.method == "setMyCommands" and sent.status == 200:
            scope: Any = sent.params.get("scope") or {}
            scope = json.loads(scope) if isinstance(scope, str) else scope
            made[scope.get("chat_id")] = [command["command"] for command in sent.params["commands"]]
    return made


async def test_everybody_has_the_menu_of_members_and_who_runs_the_bot_more(house: House) -> None:
    """So that nobody is offered what is refused."""
    async with house.bot(operator_telegram_ids={901}, admin_telegram_ids={900}):
        for number in (900, 901):
            house.world.private(house.world.person("Boss", id=number))
        await house.world.wait(lambda: len(menus(house)) == 3)
    members = [name for name, command in COMMANDS.items() if command.level <= Level.MEMBER]
    assert menus(house) == {None: members, 901: members, 900: list(COMMANDS)}


async def test_a_new_owner_gets_the_owners_menu(house: House) -> None:
    """As soon as there is one."""
    async with house.bot(access="pairing"):
        olga, chat = house.chat("Olga")
        code = house.lines[0].rpartition("?start=")[2]
        await house.world.wait(lambda: len(menus(house)) == 1)
        await tell(house, chat, olga, f"/start {code}")
        await house.world.wait(lambda: olga.id in menus(house))
    assert menus(house)[olga.id] == list(COMMANDS)


async def test_a_chat_that_telegram_does_not_know_keeps_nobody_from_a_menu(house: House) -> None:
    """Somebody listed who never wrote to the bot has no chat with it; that is no reason to try again."""
    house.world.fault("setMyCommands", "slow", seconds=0)
    house.world.fault("setMyCommands", "400:chat not found")
    async with house.bot(operator_telegram_ids={901}, admin_telegram_ids={900}):
        await house.world.wait(lambda: [c.method for c in house.world.calls].count("setMyCommands") == 3)
    assert len(menus(house)) == 2


@pytest.mark.parametrize(
    ("responder", "who"),
    [
        ({"responder": "local"}, "I myself, without a language model"),
        ({"responder": "none"}, "nobody, I only listen"),
        ({"responder": ECHO}, "“tests.responders:Echo”"),
        ({"responder": "openai", "openai_model": "tiny-1"}, "the language model tiny-1"),
    ],
)
async def test_about_tells_what_this_is_and_who_answers(house: House, responder: dict[str, Any], who: str) -> None:
    """With the version, what is kept, and where to go on; no address of anything."""
    async with house.bot(**responder):
        ann, chat = house.chat()
        [about] = await tell(house, chat, ann, "/about")
    assert f"Polar {VERSION}," in about
    assert f"Who answers here: {who}." in about
    assert {"/help", "/export", "/forget"} <= set(re.findall(r"/\w+", about))
    assert "://" not in about


def test_the_version_is_that_of_the_project() -> None:
    """In one place for the code, as the checkout is not installed."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


async def test_a_summary_of_feedback_tells_what_was_liked(house: House) -> None:
    """Totals, emoji, the replies liked best and least, of this chat and of the last thirty days only."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        await awake(house)
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        assert await tell(house, chat, ann, "/feedback summary") == [say("summary.none", days=30)]
        messages = []
        for text in ("old", "good", "bad", "so-so"):
            await tell(house, chat, ann, text)
            messages.append(last(house, chat)["message_id"])
        await tell(house, other, bob, "elsewhere")
        house.world.react(other, bob, last(house, other)["message_id"], "👎")
        house.world.react(chat, ann, messages[0], "🔥")
        await idle(house)
        clock.advance(seconds=31 * 86_400)
        for message, emoji in zip(messages[1:], "👍👎🤔", strict=True):
            house.world.react(chat, ann, message, emoji)
        await idle(house)
        [summary] = await tell(house, chat, ann, "/feedback summary")
    assert summary.splitlines() == [
        "The last 30 days here: 1 positive, 1 negative, 1 neutral.",
        "Most given: 👍 1, 👎 1, 🤔 1",
        "Liked best:",
        "• 1 up, 0 down: “echo: good”",
        "Liked least:",
        "• 0 up, 1 down: “echo: bad”",
    ]


async def test_a_summary_of_feedback_tells_of_automations(house: House) -> None:
    """By their ids, and of replies whose text is gone by theirs."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        await awake(house)
        ann, chat = house.chat()
        [created] = await tell(house, chat, ann, "/automations create every 1 hour | tea")
        clock.advance(seconds=3600)
        bot.app.runner.wake()
        await house.world.wait(lambda: "⏰ tea" in [message["text"] for message in house.world.sent(chat)])
        await idle(house)
        message = last(house, chat)["message_id"]
        house.world.react(chat, ann, message, "👍")
        await idle(house)
        await bot.app.database.commit(bot.app.outbox.messages.take_back(delivery(house, message)))
        [summary] = await tell(house, chat, ann, "/feedback summary")
    job = created.split()[1].rstrip(":")
    assert f"• 1 up, 0 down: msg_a_{message}" in summary.splitlines()
    assert summary.splitlines()[-2:] == ["Automations:", f"• {job}: 1 positive, 0 negative, 0 neutral"]


def delivery(house: House, message: int) -> str:
    """The delivery that sent a message."""
    [(found,)] = house.rows("SELECT deliveryId FROM polar_messages WHERE messageId = ?", f"msg_a_{message}")
    return str(found)


async def test_a_summary_of_much_feedback_says_what_it_looked_at(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest events; the queries are bounded, however busy a chat is."""
    for name in ("_TOTALS", "_EMOJI", "_AUTOMATIONS", "_REPLIES"):
        query = getattr(feedback_summary, name)
        assert f"LIMIT {feedback_summary.MOST_EVENTS}" in query
        monkeypatch.setattr(feedback_summary, name, query.replace(f"LIMIT {feedback_summary.MOST_EVENTS}", "LIMIT 2"))
    monkeypatch.setattr(feedback, "MOST_EVENTS", 2)
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        for emoji in ("🔥", "👍"):
            house.world.react(chat, ann, last(house, chat)["message_id"], emoji)
            await idle(house)
        [summary] = await tell(house, chat, ann, "/feedback summary")
    assert summary.splitlines()[:2] == [
        "The last 30 days here: 0 positive, 0 negative, 0 neutral.",
        say("summary.cut", most=2),
    ]


def test_the_reference_page_tells_of_every_command() -> None:
    """Its level, its forms and its other names."""
    page = reference.COMMANDS.read_text(encoding="utf-8")
    for name, command in COMMANDS.items():
        section = page.split(f"### `/{name}`\n")[1].split("\n### ")[0]
        is_right = command.level is Level.STRANGER
        assert ("let in or not" if is_right else f"From level {command.level.name.lower()} on") in section
        assert f"`/{command.usage}`" in section
        assert all(f"`/{alias}`" in section for alias in command.aliases)


def test_two_commands_cannot_have_the_same_name() -> None:
    """Nor an alias that is another's name."""
    one = COMMANDS["ping"]
    other = Command(name="pong", handler=one.handler, aliases=("ping",))
    with pytest.raises(ValueError, match="exists twice"):
        Registry([one, other])
