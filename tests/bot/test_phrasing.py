"""The words for schedules, which the schedules themselves do not know."""

from __future__ import annotations

import ast
import fnmatch
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.phrasing import describe, explain
from bot.schedules.errors import ScheduleError
from bot.schedules.text import parse
from middleware import texts
from tests.house import CHECKOUT
from tests.saying import keys

PREFIX = "schedule.expected."


def named() -> set[str]:
    """Every text in the code that may name what is expected in a schedule, with a `*` where a part is put in."""
    files = [*(CHECKOUT / "bot" / "schedules").glob("*.py"), CHECKOUT / "bot" / "automations" / "proposals.py"]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    return {key for node in nodes if isinstance(node, ast.expr) for key in keys(node) if key.strip("*. ")}


def test_no_expectation_has_words_that_nothing_names() -> None:
    """What the schedules no longer expect goes from the catalogue with them."""
    patterns = named()
    words = [key.removeprefix(PREFIX) for key in texts.texts(texts.DEFAULT) if key.startswith(PREFIX)]
    assert [word for word in words if not any(fnmatch.fnmatchcase(word, pattern) for pattern in patterns)] == []


def test_an_error_of_another_kind_says_itself_what_is_wrong() -> None:
    """So that whoever keeps a reason need not tell them apart."""
    assert explain(ValueError("a damaged row")) == "a damaged row"


def test_an_error_by_itself_repeats_nothing_of_what_was_written() -> None:
    """It may be logged; who is told the words wrote them."""
    error = ScheduleError("daily at secret", 9, "time")
    assert str(error) == "time expected at character 10"
    assert "secret" in explain(error)


def test_what_is_no_schedule_has_no_words() -> None:
    """Rather than wrong ones."""
    with pytest.raises(TypeError, match="no words"):
        describe(object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "every 2 weeks on Fri at 09:00"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Fri at 09:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "every month on day 1 and day 15 of the month at 09:00"),
        ("FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=5", "every year on day 5 of the month in May at 09:00"),
        ("FREQ=YEARLY", "every year on day 23 of the month in November at 09:00"),
        ("FREQ=DAILY;BYHOUR=9,18;BYMINUTE=30;COUNT=3", "every day at 09:30 and 18:30, 3 times"),
        ("FREQ=DAILY;UNTIL=20261224", "every day at 09:00, until 2026-12-24"),
        ("FREQ=DAILY;UNTIL=20261224T120000", "every day at 09:00, until 2026-12-24 12:00"),
        ("FREQ=HOURLY;INTERVAL=3;BYHOUR=9,12;BYDAY=MO", "every 3 hours on Mon from the hours 9 and 12"),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1", "every month on Mon and Tue at 09:00, only the last of these"),
        ("FREQ=YEARLY;BYYEARDAY=100,-6", "every year on the 6th last day and day 100 of the year at 09:00"),
    ],
)
def test_a_rule_is_told_in_words(rule: str, said: str) -> None:
    """Each of its parts; nobody has to read RRULE."""
    text = f"DTSTART;TZID=Europe/Berlin:20261123T090000 RRULE:{rule}"
    schedule = parse(text, zone=ZoneInfo("UTC"), now=datetime.fromisoformat("2026-11-23T00:00:00+00:00"))
    assert describe(schedule) == f"{said} (Europe/Berlin)"
