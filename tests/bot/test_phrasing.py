"""The words for schedules, which the schedules themselves do not know."""

from __future__ import annotations

import ast
import fnmatch

import pytest

from bot.phrasing import describe, explain
from bot.schedules.errors import ScheduleError
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
