"""How docs/reference/performance.md is made, and that it has its form; what it says comes from a run alone."""

from __future__ import annotations

import re

import pytest

from benchmarks.__main__ import NAMES, TITLES
from benchmarks.bots import AIOGRAM, BARE, BOTS, POLAR, STORING
from benchmarks.page import PAGE, Section, sections, written
from benchmarks.workloads import IDLE, REACTIONS, WORKLOADS, Workload, section

FOUND = Section(words="Of what, and how.", headings=["bot", "a second"], rows=[["Polar", "10,000"], ["other", "1"]])
NOTE = re.compile(
    r"^Measured on \d{4}-\d\d-\d\d[ :].*cores.*fsync.*CPython.*SQLite.*The machine was ", re.DOTALL | re.M
)


def test_a_section_becomes_a_table_with_its_note() -> None:
    """Words, a row each, and when and where it was measured."""
    assert FOUND.markdown("Measured.") == (
        "Of what, and how.\n\n| bot | a second |\n| --- | ---: |\n| Polar | 10,000 |\n| other | 1 |\n\nMeasured.\n"
    )


def test_a_run_replaces_what_it_measured_and_nothing_else() -> None:
    """What takes long is measured seldom, and stays with its own day; the order is always the same."""
    former = written("", {"b": "old b\n", "c": "old c\n"}, "abc")
    page = written(former, {"c": "new c\n", "a": "new a\n"}, "abc")
    assert list(sections(page).items()) == [("a", "new a\n"), ("b", "old b\n"), ("c", "new c\n")]
    assert written(page, {}, "abc") == page


def test_polar_stands_beside_each_peer_by_the_rounds_ratios() -> None:
    """The median of what two bots came to within one round, as the machine may differ from round to round."""
    speeds = {POLAR: [10.0, 60.0, 30.0], BARE: [20.0, 100.0, 300.0], STORING: [5.0, 30.0, 15.0], AIOGRAM: [1.0] * 3}
    rows = {row[0].partition(":")[0]: row[1:] for row in section(REACTIONS, speeds, 1.0).rows}
    assert rows[POLAR] == ["30", "10", "60", "", ""]
    assert rows[BARE][3:] == ["**0.50**", "at least 0.55, not met"]
    assert rows[STORING][3:] == ["2.00", ""]


@pytest.mark.parametrize(("polar_ms", "goal"), [(1.4, "at most 1.4, met"), (1.5, "at most 1.4, not met")])
def test_a_time_is_to_be_short(polar_ms: float, goal: str) -> None:
    """The disk's own time stands beside it."""
    speeds = {POLAR: [polar_ms], BARE: [1.0], STORING: [1.0], AIOGRAM: [1.0]}
    found = section(IDLE, speeds, 0.25).rows
    assert found[1][-1] == goal
    assert found[-1][1] == "0.25"


def test_the_page_is_as_it_was_made() -> None:
    """All sections in their order, beneath the words that the program has; what needs a server may be missing."""
    page = PAGE.read_text(encoding="utf-8")
    needed = [title for title in TITLES if title != "On PostgreSQL"]
    assert [title for title in sections(page) if title in needed] == needed
    assert written(page, {}, TITLES) == page


@pytest.mark.parametrize("title", sections(PAGE.read_text(encoding="utf-8")))
def test_every_figure_has_its_day_and_its_machine(title: str) -> None:
    """So that nobody takes it for another one's."""
    body = sections(PAGE.read_text(encoding="utf-8"))[title]
    assert NOTE.search(body)
    assert "\n| --- |" in body


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_every_workload_names_all_bots_and_its_goal(workload: Workload) -> None:
    """None is left out where it would look better without."""
    body = sections(PAGE.read_text(encoding="utf-8"))[workload.title]
    assert all(f"| {bot}: " in body for bot in BOTS)
    assert re.search(r"\| at (least|most) [\d.]+, (not )?met \|", body)


def test_names_and_titles_are_different() -> None:
    """They choose a measurement, and find its section."""
    assert len({*NAMES}) == len({*TITLES}) == len(NAMES)
