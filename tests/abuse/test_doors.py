"""Nothing but somebody's own new message, or a press of their own, commands the bot; all else changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from emulator import Chat, Person
from middleware.texts import say
from tests.automating import create
from tests.house import House
from tests.looking import awake, idle, tell
from tests.pressing import last, press_data

pytestmark = pytest.mark.slow

ADMIN_ID = 802
STATE = (
    "SELECT subject, role FROM polar_access ORDER BY subject",
    "SELECT profileId, prompt FROM polar_personality_profiles ORDER BY profileId",
    "SELECT id, enabled, schedule, promptTemplate FROM polar_automation_jobs ORDER BY rowid",
    "SELECT memoryId, record FROM polar_memory ORDER BY rowid",
    "SELECT userId, timezone FROM polar_users ORDER BY userId",
    "SELECT * FROM polar_pairing_codes",
)


@dataclass(frozen=True, slots=True)
class Town:
    """A group that is in and one that is not, a channel, an admin of the bot, a member, and a stranger."""

    house: House
    group: Chat
    outside: Chat
    news: Chat
    ada: Person
    ann: Person
    stan: Person

    def private(self, person: Person) -> Chat:
        """The chat with one of them."""
        return self.house.world.private(person)

    def settings(self) -> dict[str, Any]:
        """With these people in."""
        allowed = {self.group.id, self.news.id, self.ann.id}
        return {"access": "allowlist", "admin_telegram_ids": {ADMIN_ID}, "allowed_telegram_ids": allowed}

    def state(self) -> list[list[tuple[Any, ...]]]:
        """What commands change."""
        return [self.house.rows(sql) for sql in STATE]


def town(house: House) -> Town:
    """Made before the bot starts, as the settings name some of them."""
    ann, stan, bob = (house.world.person(name) for name in ("Ann", "Stan", "Bob"))
    ada = house.world.person("Ada", id=ADMIN_ID)
    group = house.world.group("Friends", [ada, ann, bob, stan])
    return Town(house, group, house.world.group("Others", [stan]), house.world.channel("News"), ada, ann, stan)


async def furnish(there: Town) -> list[str]:
    """What there is to lose; the commands by which somebody would take it."""
    house = there.house
    house.write("INSERT INTO polar_access VALUES ('77', 'member', NULL, 1)")
    job_id = await create(house, there.group, there.ann, text="tea")
    await tell(house, there.group, there.ann, "/remember my locker is 4711")
    await tell(house, there.private(there.ada), there.ada, "/personality set --global Be kind.")
    [[memory_id]] = house.rows("SELECT memoryId FROM polar_memory")
    return [
        "/personality set --global Obey me.",
        "/personality reset --global",
        "/pair",
        "/unpair",
        "/unpair 77",
        f"/automations delete {job_id} now",
        f"/automations pause {job_id}",
        f"/automations edit {job_id} | spam",
        f"/memory forget {memory_id}",
    ]


Door = Callable[[Town, str], Awaitable[None]]


async def by_a_stranger(there: Town, text: str) -> None:
    """In private, in a group that is not in, and in one that is."""
    for chat in (there.private(there.stan), there.outside):
        there.house.world.say(chat, there.stan, text)


async def by_another_member(there: Town, text: str) -> None:
    """In the group, where commands are for everybody, and with the bot's name."""
    name, _, argument = text.partition(" ")
    there.house.world.say(there.group, there.stan, text)
    there.house.world.say(there.group, there.stan, f"{name}@polar_test_bot {argument}")


async def by_a_channel(there: Town, text: str) -> None:
    """In its own posts, and in the group where it speaks."""
    there.house.world.say(there.news, None, text)
    there.house.world.say_as_chat(there.group, there.news, text)


async def by_another_groups_anonymous_administrator(there: Town, text: str) -> None:
    """It speaks as a group that this is not."""
    there.house.world.say_as_chat(there.group, there.outside, text)
    there.house.world.say_as_chat(there.outside, there.outside, text)


async def in_a_caption(there: Town, text: str) -> None:
    """Of another member's or a stranger's picture, or in the name of another bot in an admin's."""
    name, _, argument = text.partition(" ")
    there.house.world.send(there.group, there.stan, "document", caption=text)
    there.house.world.send(there.private(there.stan), there.stan, "photo", caption=text)
    there.house.world.send(there.group, there.ada, "photo", caption=f"{name}@other_bot {argument}")


async def in_a_forwarded_caption(there: Town, text: str) -> None:
    """Of somebody else's picture, that an admin passes on."""
    private = there.private(there.ann)
    picture = there.house.world.send(private, there.stan, "photo", caption=text)
    there.house.world.forward(there.private(there.ada), there.ada, private, picture)


async def behind_a_mention_of_somebody_else(there: Town, text: str) -> None:
    """In a group, where that is whom it is for."""
    there.house.world.say(there.group, there.ada, f"@other_bot {text}")


async def by_an_edit(there: Town, text: str) -> None:
    """Of an admin's own message, within the time in which edits are answered anew."""
    for chat in (there.private(there.ada), there.group):
        message = there.house.world.say(chat, there.ada, "just talking")
        await idle(there.house)
        there.house.world.edit(chat, message, text)


async def in_a_quotation(there: Town, text: str) -> None:
    """Behind other words, so that it is not what the message begins with."""
    there.house.world.say(there.private(there.ada), there.ada, f"look what they wrote: {text}")


async def for_another_bot(there: Town, text: str) -> None:
    """A command that names whom it is for."""
    name, _, argument = text.partition(" ")
    there.house.world.say(there.group, there.ada, f"{name}@other_bot {argument}")


async def by_a_business_account(there: Town, text: str) -> None:
    """A chat of a customer's with an admin, of which the bot is told though it never asked for it."""
    entities = [{"type": "bot_command", "offset": 0, "length": len(text.partition(" ")[0])}]
    message = {
        "message_id": 5,
        "date": 1,
        "business_connection_id": "b",
        "chat": there.private(there.ada).json(),
        "from": there.ada.json(),
        "text": text,
        "entities": entities,
    }
    for kind in ("business_message", "edited_business_message"):
        there.house.world.push({kind: message})


async def in_a_part_that_nobody_wrote(there: Town, text: str) -> None:
    """A message without an author, whose chat is a group that is in."""
    entities = [{"type": "bot_command", "offset": 0, "length": len(text.partition(" ")[0])}]
    message = {"message_id": 500, "date": 1, "chat": there.group.json(), "text": text, "entities": entities}
    there.house.world.push({"message": message})


DOORS: tuple[Door, ...] = (
    by_a_stranger,
    by_another_member,
    by_a_channel,
    by_another_groups_anonymous_administrator,
    in_a_caption,
    in_a_forwarded_caption,
    behind_a_mention_of_somebody_else,
    by_an_edit,
    in_a_quotation,
    for_another_bot,
    by_a_business_account,
    in_a_part_that_nobody_wrote,
)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
async def test_a_command_is_obeyed_from_nobody_who_may_not_and_in_no_other_form(house: House, door: Door) -> None:
    """Roles, personalities, automations, memories, zones and codes are as they were; every update is handled."""
    there = town(house)
    async with house.bot(**there.settings()):
        await awake(house)
        hostile = await furnish(there)
        before = there.state()
        for text in hostile:
            await door(there, text)
        await idle(house)
        assert there.state() == before
    assert {status for (status,) in house.rows("SELECT status FROM polar_updates")} == {"done"}


async def test_the_same_commands_do_what_they_say_for_those_who_may(house: House) -> None:
    """So that the test above tries something."""
    there = town(house)
    async with house.bot(**there.settings()):
        obey, reset, pair, unpair, unpair_one, delete, pause, edit, forget = await furnish(there)
        private = there.private(there.ada)
        for chat, person, text in (
            (private, there.ada, obey),
            (private, there.ada, reset),
            (there.outside, there.ada, pair),
            (there.outside, there.ada, unpair),
            (private, there.ada, unpair_one),
            (there.group, there.ann, edit),
            (there.group, there.ada, pause),
            (there.group, there.ada, delete),
            (there.group, there.ann, forget),
        ):
            before = there.state()
            await tell(house, chat, person, text)
            assert there.state() != before, text


LINK_DOORS = ("group", "caption", "edit", "forwarded", "another bot", "anonymous", "business", "a wrong code")


@pytest.mark.parametrize("door", LINK_DOORS)
async def test_the_owners_link_is_opened_by_a_persons_own_message_in_private_alone(house: House, door: str) -> None:
    """Whoever else sends its code does not become the owner, and does not use it up."""
    ann, robot = house.world.person("Ann"), house.world.person("Robot", is_bot=True)
    group = house.world.group("Friends", [ann])
    private, other = house.world.private(ann), house.world.private(house.world.person("Bob"))
    async with house.bot(access="pairing"):
        await awake(house)
        code = next(line for line in house.lines if "?start=" in line).rpartition("?start=")[2]
        start = f"/start {code}"
        match door:
            case "group":
                house.world.say(group, ann, start)
            case "caption":
                house.world.send(private, ann, "photo", caption=start)
            case "edit":
                message = house.world.say(private, ann, "hello")
                await idle(house)
                house.world.edit(private, message, start)
            case "forwarded":
                house.world.forward(private, ann, group, house.world.say(group, ann, start))
            case "another bot":
                house.world.say(house.world.private(robot), robot, start)
            case "anonymous":
                house.world.say_as_chat(group, group, start)
            case "business":
                body = {"message_id": 5, "date": 1, "chat": private.json(), "from": ann.json(), "text": start}
                entities = [{"type": "bot_command", "offset": 0, "length": 6}]
                house.world.push({"business_message": {**body, "entities": entities}})
            case _:
                house.world.say(private, ann, f"/start {code[:-1]}")
        await idle(house)
        assert house.rows("SELECT * FROM polar_access") == []
        owner = house.world.people[other.id]
        assert await tell(house, other, owner, start) == [say("access.owner")]
    assert house.rows("SELECT subject, role FROM polar_access") == [(str(other.id), "owner")]


async def test_nobody_approves_a_code_but_an_admin_and_no_code_but_the_right_one(house: House) -> None:
    """Not its holder, a member, or a group's administrator; guessing leaves a code as it is."""
    ann, bob = house.world.person("Ann"), house.world.person("Bob")
    ada = house.world.person("Ada", id=ADMIN_ID)
    group = house.world.group("Friends", [ann, bob, ada], admins=[bob])
    inside = {bob.id, group.id}
    async with house.bot(access="pairing", admin_telegram_ids={ADMIN_ID}, allowed_telegram_ids=inside):
        [answer] = await tell(house, house.world.private(ann), ann, "hello")
        code = answer.rpartition("/pair ")[2]
        for person, chat in ((ann, house.world.private(ann)), (bob, house.world.private(bob)), (bob, group)):
            await tell(house, chat, person, f"/pair {code}")
        for guess in (code[:-1], f"{code}A", "", "%", "' OR 1=1 --", code[::-1]):
            await tell(house, house.world.private(ada), ada, f"/pair {guess}")
        assert house.rows("SELECT * FROM polar_access") == []
        await tell(house, house.world.private(ada), ada, f"/pair {code}")
    assert house.rows("SELECT subject, role FROM polar_access") == [(str(ann.id), "member")]


@pytest.mark.parametrize("where", ["the same group", "another group", "in private"])
async def test_presses_with_anothers_ids_do_nothing(house: House, where: str) -> None:
    """Of an automation, a proposal, an erasure, a thumb under what is not there: whoever knows every id."""
    there = town(house)
    settings = there.settings()
    mine = house.world.group("Stan's", [there.stan], admins=[there.stan])
    settings["allowed_telegram_ids"] |= {there.stan.id, mine.id}
    async with house.bot(**settings):
        await awake(house)
        await furnish(there)
        await tell(house, there.private(there.ann), there.ann, "remind me in 20 minutes to call home")
        await tell(house, there.private(there.ann), there.ann, "/forget me")
        question = last(house, there.private(there.ann))
        [erase, _] = [button["callback_data"] for button in question["reply_markup"]["inline_keyboard"][0]]
        [[job_id]] = house.rows("SELECT id FROM polar_automation_jobs")
        [[proposal_id]] = house.rows("SELECT proposalId FROM polar_proposals")
        chat = {"the same group": there.group, "another group": mine, "in private": there.private(there.stan)}[where]
        await tell(house, chat, there.stan, "/ping")
        before, events = there.state(), house.rows("SELECT count(*) FROM polar_feedback_events")
        verbs = ("pause", "resume", "run", "quiet", "delete", "really", "keep", "reschedule", "q1", "q2", "q3", "q0")
        forged = [f"au:{verb}:{job_id}" for verb in verbs]
        forged += [f"pr:{proposal_id}:y", f"pr:{proposal_id}:n", erase, "me:y", "pr::", "au::", "xx:", ":", "fb:0"]
        for data in forged:
            await press_data(house, chat, there.stan, data, last(house, chat))
        for thumb in ("fb:+", "fb:-"):
            await press_data(house, chat, there.stan, thumb, {"message_id": 99_999})
        assert there.state() == before
        assert house.rows("SELECT count(*) FROM polar_feedback_events") == events
        assert house.rows("SELECT status FROM polar_proposals") == [("open",)]
        assert house.rows("SELECT text FROM polar_messages WHERE text LIKE '%call home%' AND role = 'user'") != []
    assert house.rows("SELECT count(*) FROM polar_run_events") == [(0,)]


async def test_a_group_that_moves_takes_along_what_is_its_own_and_nothing_else(house: House) -> None:
    """Its rights and jobs; another group's stay. Who looks after it does so there, and who leaves there is gone."""
    ann, gus, ada = house.world.person("Ann"), house.world.person("Gus"), house.world.person("Ada", id=ADMIN_ID)
    old = house.world.group("Friends", [ann, ada], admins=[gus], basic=True)
    other = house.world.group("Others", [ann, ada], admins=[ann])
    async with house.bot(access="pairing", admin_telegram_ids={ADMIN_ID}):
        await awake(house)
        for chat in (old, other):
            await tell(house, chat, ada, "/pair")
            await create(house, chat, ann)
        moved = await create(house, old, ann, text="moved")
        new = house.world.migrate(old)
        await idle(house)
        session = "SELECT count(*) FROM polar_automation_jobs WHERE sessionId = ? AND enabled = 1"
        assert house.rows(session, f"telegram:chat:{new.id}") == [(2,)]
        [answer] = await tell(house, other, ann, f"/automations delete {moved} now")
        assert "No automation of yours" in answer
        await tell(house, new, gus, f"/automations delete {moved} now")
        house.world.leave(new, ann)
        await idle(house)
        assert house.rows(session, f"telegram:chat:{new.id}") == [(0,)]
        assert house.rows(session, f"telegram:chat:{other.id}") == [(1,)]
    subjects = {subject for (subject,) in house.rows("SELECT subject FROM polar_access")}
    assert subjects == {f"telegram:chat:{new.id}", f"telegram:chat:{other.id}"}
