"""A group's jobs: its administrators and the bot's have a hold on them, and nobody leaves one behind that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from emulator import Chat, Person
from middleware.texts import say
from tests.automating import create, ledger, pass_time
from tests.clocks import TestClock
from tests.house import House
from tests.looking import awake, idle, tell
from tests.pressing import buttons, last, press, press_data

pytestmark = pytest.mark.slow

ENABLED = "SELECT enabled FROM polar_automation_jobs ORDER BY rowid"
FOREIGN = say("automation.toast.foreign")
OPERATOR_ID, ADMIN_ID = 801, 802


@dataclass(frozen=True, slots=True)
class Friends:
    """A group with a member, an administrator of the group, somebody else, and those by whom the bot is run."""

    chat: Chat
    ann: Person
    gus: Person
    bob: Person
    opal: Person
    ada: Person


def friends(house: House) -> Friends:
    """Made before the bot starts, as the settings name some of them."""
    ann, gus, bob = (house.world.person(name) for name in ("Ann", "Gus", "Bob"))
    opal = house.world.person("Opal", id=OPERATOR_ID)
    ada = house.world.person("Ada", id=ADMIN_ID)
    return Friends(house.world.group("Friends", [ann, bob, opal, ada], admins=[gus]), ann, gus, bob, opal, ada)


def let_in(there: Friends, **changes: object) -> dict[str, Any]:
    """Settings that let the group in."""
    return {
        "access": "allowlist",
        "allowed_telegram_ids": {there.chat.id, there.bob.id},
        "operator_telegram_ids": {OPERATOR_ID},
        "admin_telegram_ids": {ADMIN_ID},
        **changes,
    }


def enabled(house: House) -> list[int]:
    """Of each job, whether it goes on."""
    return [row[0] for row in house.rows(ENABLED)]


@pytest.mark.parametrize("who", ["gus", "opal", "ada"])
async def test_who_looks_after_a_group_sees_pauses_and_deletes_every_job_of_it(house: House, who: str) -> None:
    """The group's administrator, the bot's operator and admin; whose job it is they are told."""
    there = friends(house)
    person = getattr(there, who)
    async with house.bot(**let_in(there)):
        job_id = await create(house, there.chat, there.ann, "every 1 minute", "spam")
        listed = await tell(house, there.chat, person, "/automations list")
        assert any(job_id in line and "spam" in line and str(there.ann.id) in line for line in listed)
        [shown] = await tell(house, there.chat, person, f"/automations show {job_id[:5]}")
        assert "spam" in shown
        await tell(house, there.chat, person, f"/automations pause {job_id}")
        assert enabled(house) == [0]
        assert await press(house, there.chat, person, say("automation.button.resume")) == say(
            "automation.toast.resumed"
        )
        assert enabled(house) == [1]
        await tell(house, there.chat, person, "/automations list")
        assert await press(house, there.chat, person, say("automation.button.pause")) == say("automation.toast.paused")
        await tell(house, there.chat, person, f"/automations delete {job_id}")
        await press(house, there.chat, person, say("automation.button.really"))
    assert house.rows("SELECT id FROM polar_automation_jobs") == []


async def test_an_anonymous_administrator_has_the_groups_rights_and_no_others(house: House) -> None:
    """A channel that speaks in the group, and the same id elsewhere, have none."""
    there = friends(house)
    other = house.world.group("Others")
    news = house.world.channel("News")
    async with house.bot(**let_in(there, allowed_telegram_ids={there.chat.id, other.id})):
        await awake(house)
        job_id = await create(house, there.chat, there.ann)

        async def speak(chat: Chat, sender: Chat, text: str) -> list[str]:
            before = len(house.world.sent(chat))
            house.world.say_as_chat(chat, sender, text)
            await idle(house)
            return [message["text"] for message in house.world.sent(chat)[before:]]

        pause = f"/automations pause {job_id}"
        await speak(there.chat, news, pause)
        await speak(there.chat, other, pause)
        await speak(other, other, pause)
        assert enabled(house) == [1]
        assert await speak(there.chat, there.chat, "/pair") == await speak(there.chat, there.chat, "/unpair")
        for text in ("/personality set --global obey", "/remember me", "/timezone Europe/Berlin", "/memory show"):
            assert await speak(there.chat, there.chat, text) == [say("command.personal")]
        [answer] = await speak(there.chat, there.chat, "/automations create daily 18:00 | mine")
        assert say("automation.no_owner") in answer
        [listed] = await speak(there.chat, there.chat, "/automations")
        assert job_id in listed
        await speak(there.chat, there.chat, pause)
        assert enabled(house) == [0]
        await speak(there.chat, there.chat, f"/automations delete {job_id} now")
    assert house.rows("SELECT id FROM polar_automation_jobs") == []
    assert house.rows("SELECT 1 FROM polar_personality_profiles") == []
    assert house.rows("SELECT 1 FROM polar_access") == []


async def test_nobody_else_gains_anything_by_that(house: House) -> None:
    """Another member, an administrator of another group, and an administrator over what is not theirs to do."""
    there = friends(house)
    mine = house.world.group("Bob's", [there.ann], admins=[there.bob])
    async with house.bot(**let_in(there, allowed_telegram_ids={there.chat.id, mine.id})):
        job_id = await create(house, there.chat, there.ann)
        question = last(house, there.chat)
        for person, chat in ((there.bob, there.chat), (there.bob, mine), (there.ann, mine)):
            for form in ("show", "pause", "delete"):
                [answer] = await tell(house, chat, person, f"/automations {form} {job_id}")
                assert "No automation of yours" in answer
        for verb in ("pause", "delete", "really", "run", "quiet", "reschedule", "q1"):
            assert await press_data(house, there.chat, there.bob, f"au:{verb}:{job_id}", question) == FOREIGN
        for form in ("edit {} daily 18:00 | mine", "run {}", "quiet {} off", "limit {} 3 a day", "missed {} skip"):
            [answer] = await tell(house, there.chat, there.gus, f"/automations {form.format(job_id)}")
            assert FOREIGN in answer
        for verb in ("run", "quiet", "reschedule", "q1"):
            assert await press_data(house, there.chat, there.gus, f"au:{verb}:{job_id}", question) == FOREIGN
        assert "No automation of yours" in (await tell(house, mine, there.gus, f"/automations show {job_id}"))[0]
    assert enabled(house) == [1]
    assert ledger(house) == []


async def test_what_an_administrator_paused_its_owner_does_not_let_go_on(house: House) -> None:
    """Neither by resuming, nor by a run by hand, nor by pausing it once more; the administrator does."""
    there = friends(house)
    async with house.bot(**let_in(there)):
        job_id = await create(house, there.chat, there.ann)
        question = last(house, there.chat)
        await tell(house, there.chat, there.gus, f"/automations pause {job_id}")
        held = say("automation.held")
        await tell(house, there.chat, there.ann, f"/automations pause {job_id}")
        for form in ("resume", "run"):
            assert held in (await tell(house, there.chat, there.ann, f"/automations {form} {job_id}"))[0]
            assert await press_data(house, there.chat, there.ann, f"au:{form}:{job_id}", question) == held
        [shown] = await tell(house, there.chat, there.ann, f"/automations show {job_id}")
        assert say("automation.paused_because.moderated") in shown
        assert enabled(house) == [0]
        await tell(house, there.chat, there.gus, f"/automations resume {job_id}")
        assert enabled(house) == [1]
        await tell(house, there.chat, there.ann, f"/automations pause {job_id}")
        [foreign] = await tell(house, there.chat, there.gus, f"/automations resume {job_id}")
        assert FOREIGN in foreign
        await tell(house, there.chat, there.ann, f"/automations resume {job_id}")
    assert enabled(house) == [1]
    assert ledger(house) == []


async def test_the_administrators_are_asked_for_once_in_a_while_and_nobody_is_one_when_telegram_does_not_tell(
    house: House,
) -> None:
    """What Telegram answered holds five minutes; who was demoted loses it then."""
    there, clock = friends(house), TestClock()
    asked = [0]

    def calls() -> int:
        return sum(call.method == "getChatAdministrators" for call in house.world.calls)

    async with house.bot(clock, **let_in(there)):
        job_id = await create(house, there.chat, there.ann)
        house.world.fault("getChatAdministrators", "500", times=None)
        show = f"/automations show {job_id}"
        assert "No automation of yours" in (await tell(house, there.chat, there.gus, show))[0]
        house.world.clear_faults()
        clock.advance(seconds=10)
        asked[0] = calls()
        for _ in range(5):
            assert job_id in (await tell(house, there.chat, there.gus, show))[0]
        assert calls() == asked[0] + 1
        house.world.room(there.chat).admins.clear()
        clock.advance(seconds=299)
        assert job_id in (await tell(house, there.chat, there.gus, show))[0]
        clock.advance(seconds=1)
        assert "No automation of yours" in (await tell(house, there.chat, there.gus, show))[0]
        assert calls() == asked[0] + 2


@pytest.mark.parametrize("told", ["a message", "the membership"])
@pytest.mark.parametrize("thrown_out", [False, True])
async def test_a_job_whose_owner_has_left_is_paused(house: House, told: str, thrown_out: bool) -> None:
    """However Telegram tells; others' jobs go on, and the owner's elsewhere; the owner may resume it once back."""
    there, clock = friends(house), TestClock()
    other = house.world.group("Others", [there.ann])
    async with house.bot(clock, **let_in(there, allowed_telegram_ids={there.chat.id, other.id})) as bot:
        await awake(house)
        job_id = await create(house, there.chat, there.ann, "every 1 hour", "left behind")
        await create(house, there.chat, there.bob, "every 1 hour", "stays")
        await create(house, other, there.ann, "every 1 hour", "elsewhere")
        if told == "a message":
            service = {"message_id": 900, "date": 1, "chat": there.chat.json(), "from": there.gus.json()}
            house.world.push({"message": {**service, "left_chat_member": there.ann.json()}})
        else:
            house.world.leave(there.chat, there.ann, there.gus if thrown_out else None, announced=False)
        await idle(house)
        assert enabled(house) == [0, 1, 1]
        await pass_time(house, bot, clock, seconds=3600, runs=2)
        said = [message["text"] for message in house.world.sent(there.chat)]
        assert [text for text in said if text.startswith("⏰")] == ["⏰ stays"]
        [foreign] = await tell(house, there.chat, there.gus, f"/automations resume {job_id}")
        assert FOREIGN in foreign
        [shown] = await tell(house, there.chat, there.gus, f"/automations show {job_id}")
        assert say("automation.paused_because.left") in shown
        await tell(house, there.chat, there.ann, f"/automations resume {job_id}")
    assert enabled(house) == [1, 1, 1]
    assert house.rows("SELECT limitsJson FROM polar_automation_jobs WHERE limitsJson LIKE '%paused%'") == []


async def test_who_leaves_a_group_that_is_not_let_in_leaves_nothing_running_for_later(house: House) -> None:
    """Nor a trace besides: what is said there is not stored."""
    there = friends(house)
    async with house.bot(**let_in(there)):
        await create(house, there.chat, there.ann)
    async with house.bot(**let_in(there, allowed_telegram_ids=set())):
        await awake(house)
        stored = house.rows("SELECT count(*) FROM polar_messages")
        house.world.leave(there.chat, there.ann)
        await idle(house)
        assert enabled(house) == [0]
        assert house.rows("SELECT count(*) FROM polar_messages") == stored


async def test_a_job_whose_owner_is_unpaired_is_paused_wherever_it_is(house: House) -> None:
    """With its reason; who is let in again resumes it."""
    there = friends(house)
    private = house.world.private(there.ann)
    async with house.bot(**let_in(there)):
        house.write("INSERT INTO polar_access VALUES (?, 'member', NULL, 1)", str(there.ann.id))
        job_id = await create(house, private, there.ann)
        await create(house, there.chat, there.ann)
        await create(house, there.chat, there.bob)
        await tell(house, house.world.private(there.ada), there.ada, f"/unpair {there.ann.id}")
        assert enabled(house) == [0, 0, 1]
        house.write("INSERT INTO polar_access VALUES (?, 'member', NULL, 1)", str(there.ann.id))
    async with house.bot(**let_in(there)):
        [shown] = await tell(house, private, there.ann, f"/automations show {job_id}")
        assert say("automation.paused_because.unpaired") in shown
        await tell(house, private, there.ann, f"/automations resume {job_id}")
    assert enabled(house) == [1, 0, 1]


CREATORS = [
    ("everybody", {"ann", "gus", "opal", "ada"}),
    ("administrators", {"gus", "opal", "ada"}),
    ("operators", {"opal", "ada"}),
]


@pytest.mark.parametrize(("creators", "allowed"), CREATORS)
async def test_a_setting_says_who_may_create_jobs_in_groups(house: House, creators: str, allowed: set[str]) -> None:
    """Nor by giving one that is there another text; in private everybody let in may."""
    there = friends(house)
    async with house.bot(**let_in(there)):
        job_id = await create(house, there.chat, there.ann, text="mine")
    settings = let_in(there, group_automations=creators)
    async with house.bot(**settings):
        for who in ("ann", "gus", "opal", "ada"):
            [answer] = await tell(house, there.chat, getattr(there, who), f"/automations create daily 18:00 | of {who}")
            assert answer.startswith("Created") == (who in allowed), answer
        await tell(house, there.chat, there.ann, f"/automations edit {job_id} | changed")
        await create(house, house.world.private(there.bob), there.bob, text="of bob")
    made = {text for (text,) in house.rows("SELECT promptTemplate FROM polar_automation_jobs")}
    first = "changed" if "ann" in allowed else "mine"
    assert made == {first, "of bob", *(f"of {who}" for who in allowed)}


async def test_who_may_not_create_one_is_not_asked_whether_to(house: House) -> None:
    """What a responder would propose is refused before, and an older proposal when it is pressed."""
    there = friends(house)
    remind = "@polar_test_bot remind me in 20 minutes to call home"
    async with house.bot(**let_in(there)):
        await tell(house, there.chat, there.ann, remind)
        question = last(house, there.chat)
        [yes] = [data for text, data in buttons(question).items() if say("proposal.create") in text]
    async with house.bot(**let_in(there, group_automations="administrators")):
        refused = say("automation.creators.administrators")
        assert await tell(house, there.chat, there.ann, remind) == [refused]
        assert await press_data(house, there.chat, there.ann, yes, question) == refused
    assert house.rows("SELECT 1 FROM polar_automation_jobs") == []
