"""Automations in the chat: every written form, every button, and who may press it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.automating import HOUR, create
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.pressing import buttons, last, press, press_data


def job(house: House) -> dict[str, Any]:
    """The only job."""
    [row] = house.rows(
        "SELECT id, enabled, schedule, promptTemplate, quietHoursJson, limitsJson FROM polar_automation_jobs"
    )
    names = ("id", "enabled", "schedule", "prompt", "quiet", "limits")
    return dict(zip(names, (*row[:4], *(json.loads(value) if value else None for value in row[4:])), strict=True))


def planned(house: House) -> list[tuple[Any, ...]]:
    """What waits for its time."""
    return house.rows("SELECT eventId, sequence FROM polar_scheduler_events ORDER BY eventId")


def change_job(house: House, column: str, value: str) -> None:
    """As another program would."""
    house.write(f"UPDATE polar_automation_jobs SET {column} = ?", value)


async def test_creating_lists_the_next_three_times(house: House) -> None:
    """By the clock of the default zone, where nobody told another."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        [answer] = await tell(house, chat, ann, "/automations create daily 18:00 | tea")
    first, second = answer.splitlines()
    assert first.endswith(": daily at 18:00 (UTC), “tea”.")
    assert second == "Next: Wed 2026-11-18 18:00, Thu 2026-11-19 18:00, Fri 2026-11-20 18:00 (UTC)."


async def test_a_preview_takes_a_text_too_and_is_refused_like_a_creation(house: House) -> None:
    """What does not parse gets the same error."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        [preview] = await tell(house, chat, ann, "/automations preview daily 18:00 | tea")
        [refused] = await tell(house, chat, ann, "/automations preview sometimes")
    assert preview.startswith("daily at 18:00 (UTC)\nNext: ")
    assert "This schedule cannot be read at character 1" in refused
    assert house.rows("SELECT * FROM polar_automation_jobs") == []


async def test_a_card_shows_all_there_is_to_a_job(house: House) -> None:
    """Schedule, times, quiet hours, limits, the last run, and what people thought of its messages."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        job_id = await create(house, chat, ann)
        [fresh] = await tell(house, chat, ann, f"/automations show {job_id}")
        await tell(house, chat, ann, f"/automations quiet {job_id} 22:00-7:00 drop")
        await tell(house, chat, ann, f"/automations limit {job_id} 3 a day")
        clock.advance(seconds=HOUR)
        bot.app.runner.wake()
        await until(lambda: "⏰ tea" in texts(house, chat))
        await idle(house)
        house.world.react(chat, ann, last(house, chat)["message_id"], "👍")
        await idle(house)
        [shown] = await tell(house, chat, ann, f"/automations show {job_id}")
    assert fresh.splitlines() == [
        f"▶ {job_id}: every hour, “tea”",
        "Next: Wed 2026-11-18 12:06, Wed 2026-11-18 13:06, Wed 2026-11-18 14:06 (UTC).",
        "Quiet hours: none.",
        "Limit: none. Missed runs: made up for once.",
        "It has not run yet.",
        "Reactions: 0 positive, 0 negative, 0 neutral.",
    ]
    assert shown.splitlines()[2:] == [
        "Quiet hours: 22:00-07:00 (UTC); what comes due then is left out.",
        "Limit: 3 a day. Missed runs: made up for once.",
        "Last run: executed, Wed 2026-11-18 12:06.",
        "Reactions: 1 positive, 0 negative, 0 neutral.",
    ]


async def test_editing_changes_schedule_text_or_both_and_plans_anew(house: House) -> None:
    """What is left out stays; the next occurrence follows the new schedule."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        job_id = await create(house, chat, ann)
        [both] = await tell(house, chat, ann, f"/automations edit {job_id} daily 18:00 | coffee")
        assert both.startswith(f"Changed {job_id}: daily at 18:00 (UTC), “coffee”.\nNext: Wed 2026-11-18 18:00")
        at_six = planned(house)
        await tell(house, chat, ann, f"/automations edit {job_id} | cocoa")
        assert (job(house)["prompt"], planned(house)) == ("cocoa", at_six)
        await tell(house, chat, ann, f"/automations edit {job_id} in 20 minutes")
        assert (job(house)["prompt"], planned(house)) == (
            "cocoa",
            [(f"automation:{job_id}", clock.now_ms + 1_200_000)],
        )
        await tell(house, chat, ann, f"/automations pause {job_id}")
        [paused] = await tell(house, chat, ann, f"/automations edit {job_id} daily 07:00")
    assert paused.endswith("\nPaused.")
    assert planned(house) == []


async def test_a_run_by_hand_is_an_extra_one(house: House) -> None:
    """Its trigger is in the ledger; the next occurrence stays, and so does a pause."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        job_id = await create(house, chat, ann)
        before = planned(house)
        answer, *_ = await tell(house, chat, ann, f"/automations run {job_id}")
        await until(lambda: "⏰ tea" in texts(house, chat))
        assert planned(house) == before
        await tell(house, chat, ann, f"/automations pause {job_id}")
        clock.advance(seconds=1)
        await tell(house, chat, ann, f"/automations run {job_id}")
        await until(lambda: texts(house, chat).count("⏰ tea") == 2)
    assert answer == f"{job_id} runs in a moment."
    assert house.rows("SELECT trigger FROM polar_run_events") == [("manual",)] * 2
    assert job(house)["enabled"] == 0


async def test_quiet_hours_and_limits_are_set_and_taken_back(house: House) -> None:
    """In the person's zone; what another program keeps beside them stays."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        job_id = await create(house, chat, ann)
        change_job(house, "limitsJson", '{"delivery":{"allowTelegramSend":true}}')
        change_job(house, "quietHoursJson", '{"startHour":22,"endHour":7,"timezone":"UTC"}')
        [legacy] = await tell(house, chat, ann, f"/automations show {job_id}")
        assert "Quiet hours: 22:00-07:00 (UTC); what comes due then comes when they end." in legacy
        await tell(house, chat, ann, "/timezone Europe/Berlin")
        for form in ("quiet {} 9:30–10:00 SILENT", "limit {} 5", "missed {} all"):
            await tell(house, chat, ann, f"/automations {form.format(job_id)}")
        changed = job(house)
        for form in ("quiet {} off", "limit {} off", "missed {} once"):
            await tell(house, chat, ann, f"/automations {form.format(job_id)}")
    assert changed["quiet"] == {"start": "09:30", "end": "10:00", "timezone": "Europe/Berlin", "mode": "silent"}
    assert changed["limits"] == {
        "delivery": {"allowTelegramSend": True},
        "maxNotificationsPerDay": 5,
        "missed": "all",
    }
    assert job(house)["quiet"] is None
    assert job(house)["limits"] == {"delivery": {"allowTelegramSend": True}, "missed": "once"}


WRONG = [
    ("quiet {} 22-7", "Quiet hours look like"),
    ("quiet {} 25:00-07:00", "“25:00” is not a time of day"),
    ("quiet {} 07:00-07:00", "another time than they start"),
    ("quiet {} 22:00-07:00 loudly", "Quiet hours look like"),
    ("limit {} 0 a day", "how many messages a day"),
    ("limit {} many", "how many messages a day"),
    ("missed {} never", "“skip”, “once” or “all”"),
    ("edit {}", "A new schedule, a new text, or both"),
    ("edit {} sometimes | x", "cannot be read"),
    (f"edit {{}} | {'x' * 1001}", "1000 characters"),
    ("show nothing", "No automation of yours"),
    ("run", "No automation of yours"),
    ("preview", "cannot be read"),
]


async def test_a_form_that_is_wrong_changes_nothing(house: House) -> None:
    """The answer says what was expected, with an example."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        job_id = await create(house, chat, ann)
        before, waiting = job(house), planned(house)
        for form, said in WRONG:
            [answer] = await tell(house, chat, ann, f"/automations {form.format(job_id)}")
            assert said in answer
            assert "\nExample: /automations" in answer
            assert (job(house), planned(house)) == (before, waiting), form


async def test_every_button_of_a_card_does_what_it_says(house: House) -> None:
    """Pause, resume, run, quiet hours, keep and delete, each with its toast."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        job_id = await create(house, chat, ann)
        await tell(house, chat, ann, "/automations")
        card = last(house, chat)
        assert list(buttons(card)) == ["⏸ Pause", "🏃 Run now", "🌙 Quiet", "🗑 Delete"]
        assert await press(house, chat, ann, "Pause") == "Paused."
        assert (job(house)["enabled"], planned(house)) == (0, [])
        assert await press(house, chat, ann, "Pause", card) == "It is paused already."
        assert await press(house, chat, ann, "Resume") == "Resumed."
        assert (job(house)["enabled"], len(planned(house))) == (1, 1)
        resumed = last(house, chat)
        assert resumed["text"].startswith(f"Resumed {job_id}. Next: Wed 2026-11-18 12:06")
        assert await press(house, chat, ann, "Run now") == f"{job_id} runs in a moment."
        await until(lambda: "⏰ tea" in texts(house, chat))
        for text, mode in (("later", "defer"), ("left out", "drop"), ("silent", "silent")):
            await press(house, chat, ann, "Quiet", card)
            assert "22:00-07:00 (UTC)" in await press(house, chat, ann, text)
            assert job(house)["quiet"] == {"start": "22:00", "end": "07:00", "timezone": "UTC", "mode": mode}
        assert await press(house, chat, ann, "No quiet hours") == "Quiet hours: none."
        assert job(house)["quiet"] is None
        await press(house, chat, ann, "Delete", card)
        sure = last(house, chat)
        assert sure["text"].startswith(f"Delete {job_id}, “tea”?")
        assert await press(house, chat, ann, "Keep", sure) == "It stays as it is."
        assert job(house)["id"] == job_id
        assert await press(house, chat, ann, "Delete", sure) == "Deleted."
        for gone in ("Delete", "Keep"):
            assert await press(house, chat, ann, gone, sure) == "That automation is gone."
    assert house.rows("SELECT * FROM polar_automation_jobs") == []
    assert planned(house) == []


async def test_deleting_by_hand_asks_first(house: House) -> None:
    """“now” behind the id leaves the question out."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        job_id = await create(house, chat, ann)
        await tell(house, chat, ann, f"/automations delete {job_id}")
        assert job(house)["id"] == job_id
        assert list(buttons(last(house, chat))) == ["🗑 Delete", "Keep"]
        assert await tell(house, chat, ann, f"/automations delete {job_id} now") == [f"Deleted {job_id}."]
    assert house.rows("SELECT * FROM polar_automation_jobs") == []


async def test_a_long_list_comes_in_pages_of_ten_with_numbered_buttons(house: House) -> None:
    """Each row of buttons belongs to the line of its number."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        for number in range(11):
            clock.advance(seconds=1)
            await create(house, chat, ann, text=f"tea {number}")
        await tell(house, chat, ann, "/automations")
        await tell(house, chat, ann, "/automations list 2")
        first, second = house.world.sent(chat)[-2:]
        assert await press(house, chat, ann, "3 ⏸ Pause", first) == "Paused."
    assert [line.split()[0] for line in first["text"].splitlines()[:-1]] == [str(n) for n in range(1, 11)]
    assert len(buttons(first)) == 40
    assert next(iter(buttons(second))) == "⏸ Pause"
    assert house.rows("SELECT promptTemplate FROM polar_automation_jobs WHERE enabled = 0") == [("tea 2",)]


async def test_only_the_owner_can_press_and_only_where_the_job_is(house: House) -> None:
    """Others in the group, and anybody elsewhere, get a toast and nothing else."""
    async with house.bot(TestClock()):
        (ann, chat), (bob, _) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        job_id = await create(house, group, ann)
        await tell(house, group, ann, "/automations")
        card = last(house, group)
        sent = len(house.world.sent(group))
        for text in buttons(card):
            assert await press(house, group, bob, text, card) == "Only who created it can do that."
        for verb in ("really", "keep", "reschedule", "q1", "q0"):
            forged = await press_data(house, group, bob, f"au:{verb}:{job_id}", card)
            assert forged == "Only who created it can do that."
        await tell(house, chat, ann, "/ping")
        elsewhere = await press_data(house, chat, ann, f"au:really:{job_id}", last(house, chat))
        assert len(house.world.sent(group)) == sent
    assert elsewhere == "That automation is gone."
    assert (job(house)["enabled"], job(house)["quiet"]) == (1, None)


FORGED = [
    ("au:", "That button is out of date."),
    ("au:explode:{}", "That button is out of date."),
    ("au:pause", "That automation is gone."),
    ("au:pause:", "That automation is gone."),
    ("au:pause:' OR 1=1", "That automation is gone."),
    ("au:really:nobody", "That automation is gone."),
]


async def test_forged_data_does_nothing(house: House) -> None:
    """Each press is answered all the same."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        job_id = await create(house, chat, ann)
        card = last(house, chat)
        for data, said in FORGED:
            assert await press_data(house, chat, ann, data.format(job_id), card) == said
            assert job(house)["enabled"] == 1, data


async def test_a_job_whose_id_leaves_no_room_is_shown_without_buttons(house: House) -> None:
    """The written forms do all the same."""
    long = "j" * 60
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        await create(house, chat, ann)
        change_job(house, "id", long)
        for form in ("", f"show {long}", f"delete {long}", f"pause {long}", f"quiet {long}"):
            await tell(house, chat, ann, f"/automations {form}")
            assert all(len(data.encode()) <= 64 for data in buttons(last(house, chat)).values())
        await tell(house, chat, ann, "/automations")
        assert buttons(last(house, chat)) == {}
        await tell(house, chat, ann, f"/automations delete {long} now")
    assert house.rows("SELECT * FROM polar_automation_jobs") == []


@pytest.mark.parametrize(
    "text", ["<b>bold</b> & <script>", "_*[x](y)`", "a | b | c", "％s {id} %d", "👩‍👩‍👧 \u202eevil"]
)
async def test_hostile_texts_stay_texts(house: House, text: str) -> None:
    """As they were written, in every answer and every button."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        job_id = await create(house, chat, ann, text=text)
        for form in ("", f"show {job_id}", f"delete {job_id}", f"edit {job_id} daily 18:00"):
            [answer] = await tell(house, chat, ann, f"/automations {form}")
            assert f"“{text}”" in answer
        assert "parse_mode" not in str(house.world.calls)
    assert job(house)["prompt"] == text


async def test_a_press_on_a_damaged_schedule_says_so(house: House) -> None:
    """Resuming it is not possible; deleting it is."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        job_id = await create(house, chat, ann)
        await tell(house, chat, ann, f"/automations pause {job_id}")
        change_job(house, "schedule", "whenever")
        assert (await press(house, chat, ann, "Resume")).startswith("This schedule cannot be read at character 1")
        [shown] = await tell(house, chat, ann, f"/automations show {job_id}")
        assert await press_data(house, chat, ann, f"au:really:{job_id}", last(house, chat)) == "Deleted."
    assert "a schedule that I cannot read" in shown


async def test_tasks_are_ones_own_runs_here(house: House) -> None:
    """Newest first, with the reason of what is blocked; operators see how many there are in all."""
    clock = TestClock()
    async with house.bot(clock, operator_telegram_ids={901}) as bot:
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        pat = house.world.person("Pat", id=901)
        assert await tell(house, chat, ann, "/tasks") == ["No automation of yours here has run yet."]
        job_id = await create(house, chat, ann, schedule="every 1 minute")
        await tell(house, chat, ann, f"/automations limit {job_id} 1 a day")
        for runs in (1, 2):
            clock.advance(seconds=60)
            bot.app.runner.wake()
            await until(lambda runs=runs: len(house.rows("SELECT 1 FROM polar_task_board")) == runs)  # type: ignore[misc]
        [mine] = await tell(house, chat, ann, "/tasks")
        [none] = await tell(house, other, bob, "/tasks")
        [all_of_them] = await tell(house, house.world.private(pat), pat, "/tasks")
        [wrong] = await tell(house, chat, ann, "/tasks mine")
    blocked, done = mine.splitlines()
    assert blocked == "⛔ Wed 2026-11-18 11:08 “tea”: blocked (daily_cap)"
    assert done == "✅ Wed 2026-11-18 11:07 “tea”: done"
    assert none == "No automation of yours here has run yet."
    assert all_of_them.splitlines()[1] == "Everybody's: 1 done, 1 blocked"
    assert "Usage: /tasks" in wrong
