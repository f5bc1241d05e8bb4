"""How values and texts look on a page."""

from __future__ import annotations

import html
import re
import unicodedata
from itertools import cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import formats
from web.charts import Series, columns
from web.rendering import instant, shown

DAYS = [f"day {number}" for number in range(1, 11)]


@given(st.text())
def test_whatever_a_text_holds_it_is_seen_and_does_nothing(text: str) -> None:
    """No markup of its own, and no sign that is invisible or turns others around."""
    made = str(shown(text, 1_000))
    assert re.sub(r'</?bdi>|<span class="mark" title="[\w <>()-]*">|</span>', "", made).count("<") == 0
    seen = html.unescape(re.sub(r"<[^>]*>", "", made))
    assert all(unicodedata.category(sign) not in ("Cc", "Cf", "Cs") or sign == "\u200d" for sign in seen)


def test_a_text_without_oddities_is_shown_as_it_is() -> None:
    """Emoji that are joined, and letters of any script, among them."""
    for text in ("Zoë — 你好, שלום!", "👨\u200d👩\u200d👧 👍🏽 ❤\ufe0f", "a < b & c"):
        assert html.unescape(str(shown(text))) == f"<bdi>{text}</bdi>"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u202eb", "aU+202Eb"),
        ("a\u200bb", "aU+200Bb"),
        ("a\u200db", "aU+200Db"),
        ("a\nb\tc", "a↵b⇥c"),
        ("\x1b[31m\u3164", "U+001B[31mU+3164"),
        ("a\u0301\u0301\u0301\u0301", "a\u0301\u0301\u0301U+0301"),
    ],
)
def test_what_the_eye_would_miss_is_named(text: str, seen: str) -> None:
    """By its code point, and by its name for those who point at it."""
    made = str(shown(text))
    assert re.sub(r"<[^>]*>", "", made) == seen
    assert 'class="mark"' in made


def test_a_long_text_is_cut_and_says_so() -> None:
    """With its length."""
    assert str(shown("x" * 1_234, 3)) == '<bdi title="1,234 signs in all">xxx…</bdi>'
    assert str(shown("xxx", 3)) == "<bdi>xxx</bdi>"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1_240, "1.2 s"),
        (59_400, "59 s"),
        (200_000, "3 min 20 s"),
        (3_600_000, "1 h"),
        (86_400_000 + 60_000, "1 d"),
        (2 * 86_400_000 + 4 * 3_600_000 + 5, "2 d 4 h"),
        (-1_500, "-1.5 s"),
    ],
)
def test_a_duration_has_its_two_largest_units(ms: int, text: str) -> None:
    """Where the second is none, one."""
    assert formats.duration(ms) == text


def test_an_instant_is_for_people_and_programs() -> None:
    """In UTC; a number that is none is shown as it is."""
    assert str(instant(1_795_000_000_000)) == '<time datetime="2026-11-18T11:06:40Z">2026-11-18 11:06:40</time>'
    assert str(instant(10**18)) == "1000000000000000000"
    assert str(instant(None)) == "–"


def test_a_chart_stands_its_series_on_one_another_and_hangs_what_is_below() -> None:
    """Each as high as it is much, by the scale beside it."""
    chart = columns(
        "c",
        "Chart",
        DAYS[:2],
        [
            Series(name="in", colour="in", values=[3, 0]),
            Series(name="out", colour="out", values=[1, -2]),
            Series(name="bad", colour="negative", values=[5, 0], is_below=True),
        ],
    )
    assert (chart.top, chart.bottom) == (5, 5)
    heights = re.findall(r'<rect class="(\w+)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/>', chart.svg)
    assert heights == [("in", "20.00", "30.00"), ("out", "10.00", "10.00"), ("negative", "50.00", "50.00")]
    assert chart.rows == [("day 2", [0, -2, 0]), ("day 1", [3, 1, 5])]
    assert "<title>day 1: in 3, out 1, bad 5</title>" in chart.svg


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20), st.integers(101, 400))
def test_weeks_lose_nothing(some: list[int], count: int) -> None:
    """Of many days, each is in one week, and the last week is whole."""
    values = list(islice(cycle(some), count))
    days = [str(number) for number in range(len(values))]
    chart = columns("c", "Chart", days, [Series(name="in", colour="in", values=values)])
    assert sum(row[1][0] for row in chart.rows) == sum(values)
    assert chart.rows[0] == (f"{len(days) - 7} to {len(days) - 1}", [sum(values[-7:])])
    assert chart.top >= max(row[1][0] for row in chart.rows)
