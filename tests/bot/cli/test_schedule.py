"""`polar schedule`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import Result

from tests.bot.cli.terminal import polar

AFTER = ("--after", "2026-10-24T00:00:00Z")


def schedule(*arguments: str, **settings: Any) -> Result:
    """`polar schedule` with these settings."""
    return polar("schedule", *arguments, **settings)


def test_json_is_the_stored_text_and_the_next_instants() -> None:
    """In UTC, whole seconds, across the end of daylight saving."""
    done = schedule("daily at 09:00", "--timezone", "Europe/Berlin", *AFTER, "--count", "2", "--json")
    assert json.loads(done.stdout) == {
        "stored": "DTSTART;TZID=Europe/Berlin:20261024T090000\nRRULE:FREQ=DAILY",
        "next": ["2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z"],
    }


@pytest.mark.parametrize(
    ("text", "stored", "first"),
    [
        ("30 2 * * *", "CRON;TZID=Asia/Tokyo:30 2 * * *", "2026-10-24T17:30:00Z"),
        ("every 30 minutes", "DTSTART:20261024T000000Z\nRRULE:FREQ=MINUTELY;INTERVAL=30", "2026-10-24T00:30:00Z"),
        (
            "weekly Mon 07:00",
            "DTSTART;TZID=Asia/Tokyo:20261026T070000\nRRULE:FREQ=WEEKLY;BYDAY=MO",
            "2026-10-25T22:00:00Z",
        ),
        ("FREQ=HOURLY", "DTSTART;TZID=Asia/Tokyo:20261024T090000\nRRULE:FREQ=HOURLY", "2026-10-24T01:00:00Z"),
        (
            "once 2026-10-25 08:00",
            "DTSTART;TZID=Asia/Tokyo:20261025T080000\nRRULE:FREQ=DAILY;COUNT=1",
            "2026-10-24T23:00:00Z",
        ),
    ],
)
def test_every_form_in_the_zone_of_the_settings(text: str, stored: str, first: str) -> None:
    """POLAR_DEFAULT_TIMEZONE, where no zone is named; `--after` stands for now."""
    printed = json.loads(schedule(text, *AFTER, "--json", default_timezone="Asia/Tokyo").stdout)
    assert printed["stored"] == stored
    assert printed["next"][0] == first


def test_people_are_told_what_it_means_in_their_zone() -> None:
    """With the offset, since a local time may come twice."""
    done = schedule("30 2 * * *", "--timezone", "Europe/Berlin", *AFTER, "--count", "3")
    assert done.stdout.splitlines() == [
        "at 02:30 every day (Europe/Berlin)",
        "  Sat 2026-10-24 02:30:00 +0200  2026-10-24T00:30:00Z",
        "  Sun 2026-10-25 02:30:00 +0200  2026-10-25T00:30:00Z",
        "  Mon 2026-10-26 02:30:00 +0100  2026-10-26T01:30:00Z",
    ]


def test_words_will_do() -> None:
    """With what they leave open said, and a single instant by the clock of the zone."""
    told = schedule("jeden Tag", "--timezone", "Europe/Berlin", *AFTER, "--count", "1").stdout.splitlines()
    assert told[0] == "daily at 09:00 (Europe/Berlin); nobody said a time of day, so 09:00 is assumed"
    told = schedule("5 minutes from now", "--timezone", "Europe/Berlin", *AFTER).stdout.splitlines()
    assert told[0] == "on Sat 2026-10-24 at 02:05 (Europe/Berlin)"


def test_now_is_the_default_and_five_are_shown() -> None:
    """All of them after the call."""
    began = datetime.now(UTC).replace(microsecond=0)
    shown = json.loads(schedule("every minute", "--json").stdout)["next"]
    assert len(shown) == 5
    assert datetime.fromisoformat(shown[0]) > began


def test_a_schedule_that_has_ended_is_none_that_is_wrong() -> None:
    """Nothing comes next."""
    text = "DTSTART:20200101T090000Z RRULE:FREQ=DAILY;COUNT=3"
    assert json.loads(schedule(text, *AFTER, "--json").stdout)["next"] == []
    assert schedule(text, *AFTER).stdout.splitlines()[1:] == ["  never"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("whenever",), "expected a form such as every 30 minutes"),
        (("0 0 31 2 *",), "a date that exists"),
        (("once 2027-02-29 08:00", *AFTER), "there is no such day"),
        (("next sunday at 9", "--after", "2026-10-21T00:00:00Z"), "“once 2026-10-25 09:00” or “once 2026-11-01 09:00”"),
        (("every monday at 9 sharply",), "“sharply” is no time that I know"),
        (("on 30 February at 9",), "There is no such day."),
        (("once 2026-10-23 08:00", *AFTER), "a time that is still to come"),
        (("daily 18:00", "--timezone", "Europe/Nowhere"), "an IANA time zone like Europe/Berlin"),
        (("daily 18:00", "--timezone", ""), "an IANA time zone like Europe/Berlin"),
        (("daily 18:00", "--after", "yesterday"), "an instant like 2026-10-24T00:00:00Z"),
        (("daily 18:00", "--after", "2026-10-24T00:00:00"), "an instant like 2026-10-24T00:00:00Z"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    """Status 1, nothing on standard output."""
    done = schedule(*arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


def test_wrong_usage_is_status_two() -> None:
    """No text, a count of nothing."""
    assert schedule().exit_code == 2
    assert schedule("daily 18:00", "--count", "0").exit_code == 2
