"""“Remind me …” as a schedule and a text."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.automations.reminders import Reminder, asks, read
from bot.schedules.errors import ScheduleError
from bot.schedules.text import parse
from tests.cost import bounded

NOW = datetime(2026, 11, 23, 15, 30)  # a Monday


@pytest.mark.parametrize(
    ("when", "schedule"),
    [
        ("every morning at 7", "daily 07:00"),
        ("every morning", "daily 08:00"),
        ("every evening at 7", "daily 19:00"),
        ("every night at 10", "daily 22:00"),
        ("every night at 1", "daily 01:00"),
        ("every afternoon at 12", "daily 12:00"),
        ("every day at 18:00", "daily 18:00"),
        ("daily at 6.30pm", "daily 18:30"),
        ("at 7 every morning", "daily 07:00"),
        ("in 20 minutes", "in 20 minutes"),
        ("in an hour", "in 1 hours"),
        ("in half an hour", "in 30 minutes"),
        ("in 2 weeks", "in 14 days"),
        ("every hour", "every 1 hours"),
        ("every 30 minutes", "every 30 minutes"),
        ("tomorrow at 9", "once 2026-11-24 09:00"),
        ("tomorrow evening at 7", "once 2026-11-24 19:00"),
        ("at 9 tomorrow morning", "once 2026-11-24 09:00"),
        ("tonight", "once 2026-11-23 21:00"),
        ("this evening at 7:15", "once 2026-11-23 19:15"),
        ("at 4 pm", "once 2026-11-23 16:00"),
        ("at 9 a.m.", "once 2026-11-24 09:00"),
        ("at noon", "once 2026-11-24 12:00"),
        ("at 12 am", "once 2026-11-24 00:00"),
        ("on 2026-12-24 at 08:00", "once 2026-12-24 08:00"),
        ("on monday at 9", "once 2026-11-30 09:00"),
        ("on Monday at 16:00", "once 2026-11-23 16:00"),
        ("every monday at 7:30", "weekly Mon 07:30"),
        ("every Monday, Wednesday and Friday at 7", "weekly Mon,Wed,Fri 07:00"),
        ("on tuesdays at 9", "weekly Tue 09:00"),
        ("on weekdays at 9", "weekdays 09:00"),
        ("every weekday at 9pm", "weekdays 21:00"),
        ("on the 1st of every month at 9", "monthly 1 09:00"),
        ("every month on the last day at 9", "monthly last 09:00"),
    ],
)
def test_the_time_may_stand_before_the_text_or_behind_it(when: str, schedule: str) -> None:
    """And what is read is a schedule."""
    assert read(f"Remind me {when} to stretch my legs", now=NOW) == Reminder(schedule, "stretch my legs")
    assert read(f"please remind me to stretch my legs {when}.", now=NOW) == Reminder(schedule, "stretch my legs")
    parse(schedule, zone=ZoneInfo("UTC"), now=NOW.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "remind me",
        "remind me to stretch",
        "remind me of my bike",
        "remind me tomorrow to stretch",
        "remind me every day to stretch",
        "remind me at 25:00 to stretch",
        "remind me at 9:75 to stretch",
        "remind me at 13 pm to stretch",
        "remind me on 2026-02-30 at 9 to stretch",
        "remind me at 9 to",
        "I said remind me at 9 to stretch",
        "",
    ],
)
def test_what_names_no_time_or_no_text_is_none(text: str) -> None:
    """Nothing is guessed."""
    assert read(text, now=NOW) is None


def test_it_may_be_a_question_and_may_name_the_bot() -> None:
    """As people write in groups."""
    text = "@polar_test_bot: could you please remind me at 16:00 that tea is ready"
    assert read(text, now=NOW) == Reminder("once 2026-11-23 16:00", "tea is ready")
    assert asks(text)
    assert not asks("never remind me")


def test_a_long_text_is_read_in_no_time() -> None:
    """Neither blanks nor words that begin like a time make the search slow."""
    for filling in (" ", "\n", "every monday and ", "at 9 ", "x "):
        text = "remind me to x" + filling * (4000 // len(filling)) + "y"
        with bounded():
            read(text, now=NOW)


WORDS = st.sampled_from(
    "remind me every on at in to that monday mondays 7 7:30 99 pm am day morning night minutes 20 an hour "  # noqa: SIM905
    "tomorrow today the 1st of month noon , . | 2026-12-24 weekdays and half".split()
)


@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_no_text_raises_and_all_that_is_read_is_a_schedule_or_its_error(words: str) -> None:
    """A schedule's own limits are told by the schedule."""
    found = read(f"remind me {words}", now=NOW)
    if found is not None:
        assert found.prompt
        try:
            parse(found.schedule, zone=ZoneInfo("Europe/Berlin"), now=NOW.replace(tzinfo=UTC))
        except ScheduleError as error:
            assert error.position > 0
