"""Diagnoses as people and programs see them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.doctor.diagnosis import Diagnosis, tally
from bot.doctor.shown import TITLE, as_fact, chat_text, summary, terminal_lines
from middleware import texts

OK = Diagnosis("pending", "ok", "few", count=2)
LEFT = Diagnosis("webhook", "failed", "left", url="https://other.example/a/rather/long/address/of/a/webhook/of/another")
OFF = Diagnosis("clock", "warning", "off", seconds="12.0", way="behind")
UNKNOWN = Diagnosis("poll", "not known", "never")
ALL = (OK, LEFT, OFF, UNKNOWN)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_lines_are_aligned_and_no_wider_than_the_terminal(width: int) -> None:
    """What is said begins in one column; the remedy stands below it; an address is never cut."""
    for diagnosis in ALL:
        lines = list(terminal_lines(diagnosis, width=width))
        assert all(len(line) <= width or LEFT.values["url"] in line for line in lines)
        assert {line[: TITLE + 8].strip() for line in lines[1:]} <= {""}
        assert any("->" in line for line in lines) == (diagnosis is not OK)
        assert all(not line[TITLE + 7 : TITLE + 8].strip() for line in lines)
    assert "".join(terminal_lines(LEFT, width=60)).count(LEFT.values["url"]) == 1


def test_nothing_that_others_wrote_acts_on_a_terminal() -> None:
    """A group's title may hold anything."""
    group = Diagnosis("groups", "warning", "member", title="a\x1b[31m\nb", id=-1)
    assert all(line.isprintable() for line in terminal_lines(group, width=80))


def test_a_title_fits_into_its_column() -> None:
    """Of every check."""
    titles = [text for key, text in texts.texts(texts.DEFAULT).items() if key.startswith("doctor.") and
              key.endswith(".title") and key.count(".") == 2]  # fmt: skip
    assert len(titles) > 20
    assert max(map(len, titles)) <= TITLE


def test_the_summary_counts_verdicts() -> None:
    """Those that there are."""
    assert tally(ALL) == {"ok": 1, "warning": 1, "failed": 1, "not known": 1}
    assert summary(ALL) == "4 checks: 1 well, 1 to look at, 1 failed, 1 not known."
    assert summary([OK, OK]) == "2 checks: 2 well."
    assert summary([OK]) == "1 check: 1 well."


def test_a_program_gets_names_that_stay() -> None:
    """And null where nothing is to be done."""
    assert as_fact(OK) == {
        "check": "pending",
        "outcome": "ok",
        "found": "few",
        "evidence": "2 updates wait at Telegram",
        "remedy": None,
    }
    assert as_fact(OFF)["remedy"] == OFF.remedy


def test_in_the_chat_the_worst_comes_first_and_what_is_well_is_only_named() -> None:
    """It is read on a telephone."""
    told = chat_text((*ALL, OK))
    places = [told.index(each.evidence) for each in (LEFT, OFF, UNKNOWN)]
    assert all(before < behind for before, behind in pairwise(places))
    assert OK.evidence not in told
    assert told.endswith("✅ pending")


def test_every_judgement_has_its_words() -> None:
    """A text that is a remedy belongs to one that is evidence."""
    catalogue = texts.texts(texts.DEFAULT)
    remedies = [key for key in catalogue if key.startswith("doctor.") and key.endswith("_remedy")]
    assert len(remedies) > 40
    assert [key for key in remedies if key.removesuffix("_remedy") not in catalogue] == []
