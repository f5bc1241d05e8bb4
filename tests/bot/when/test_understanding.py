"""A time in words: no date is dropped, no word of the thing is lost, and nothing is guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.automations.texts import describe
from bot.phrasing import explain
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import upcoming
from bot.schedules.text import parse
from bot.when.errors import NoTime
from bot.when.language import LANGUAGES, PART, UNCLEAR, UNKNOWN, Language
from bot.when.meant import mean
from bot.when.results import Ask, NotUnderstood, Understood
from bot.when.tokens import that_may_begin, tokens
from bot.when.understanding import is_reminder, is_time, understand
from middleware.texts import say
from tests.cost import bounded, steps

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 14, 20, tzinfo=BERLIN)  # a Wednesday
TIMES = st.sampled_from(
    [
        ("tomorrow at 9", "once 2026-11-26 09:00"),
        ("on friday at 9", "once 2026-11-27 09:00"),
        ("on 24 December at 18:00", "once 2026-12-24 18:00"),
        ("every monday at 7:30", "weekly Mon 07:30"),
        ("in 2 hours", "in 120 minutes"),
        ("every day at noon", "daily 12:00"),
    ]
)
WORDS = st.lists(
    st.sampled_from(
        "call mum buy 2 tickets for friday monday night watch march half the of a at on and 9 report 1984 next "  # noqa: SIM905
        "to about day second week flight BA 117 Zürich 護照 🎂 don't 5kg (late) today until".split()
    ),
    min_size=1,
    max_size=9,
)


def told(text: str, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> Understood | Ask | NotUnderstood:
    """What is understood of a text."""
    return understand(text, now=now, zone=zone)


@given(TIMES, WORDS)
def test_a_time_before_the_thing_keeps_all_its_words(time: tuple[str, str], words: list[str]) -> None:
    """Behind “to” all that follows is the thing, whatever times it names; and the time stays the time."""
    thing = f"stretch {' '.join(words)}"
    found = told(f"remind me {time[0]} to {thing}")
    assert found == Understood(time[1], thing)


@given(TIMES, WORDS)
def test_a_time_behind_the_thing_loses_none_of_its_words(time: tuple[str, str], words: list[str]) -> None:
    """A word is of the thing or of the time, and where that is doubtful it stays in the thing and is asked about."""
    text = f"{' '.join(words)} now {time[0]}"
    found = told(f"remind me to {text}")
    assert isinstance(found, Understood)
    assert found.schedule == time[1]
    assert found.thing.split() == text.removesuffix(time[0]).removeprefix("to ").split()[-len(found.thing.split()) :]
    assert set(found.thing.split()) >= {word for word in words if word not in ("to", "about", "of", "for")}


@given(TIMES, WORDS)
def test_where_words_of_a_time_precede_it_nothing_is_lost(time: tuple[str, str], words: list[str]) -> None:
    """What the words say is a time or a thing; no word of either is in neither."""
    found = told(f"remind me to stretch {' '.join(words)} {time[0]}")
    if isinstance(found, Ask | Understood):
        kept = found.thing.split()
        assert ["stretch", *words][: len(kept)] == kept[: len(words) + 1]
        lost = words[len(kept) - 1 :]
        assert not {"call", "mum", "report", "flight", "BA", "護照", "🎂", "don't", "(late)"} & set(lost)


@given(
    st.lists(
        st.sampled_from(
            "at on 9 7:30 pm friday tomorrow every day 24 december 2026 next in 2 hours of the until "  # noqa: SIM905
            "24.12. 1/2 half past week for weekend noon midnight last first month and ,".split()
        ),
        max_size=9,
    )
)
def test_whatever_is_understood_is_a_schedule_that_comes(words: list[str]) -> None:
    """Nothing raises, and what is offered can be had."""
    found = told(" ".join(words))
    if isinstance(found, NotUnderstood):
        return
    for choice in found.choices if isinstance(found, Ask) else (found,):
        try:
            assert parse(choice.schedule, zone=BERLIN, now=NOW).next(NOW) is not None
        except ScheduleError as error:
            assert error.expected in ("ten_years", "number_to")


@pytest.mark.parametrize("word", ["xyzzy", "%", "not", "+", "999999", "(", "never"])
@pytest.mark.parametrize("time", ["tomorrow at 9", "every friday at 9", "in 2 hours"])
def test_a_word_that_is_not_understood_leaves_nothing_understood(word: str, time: str) -> None:
    """Neither before nor behind a time, nor within."""
    first, *rest = time.split()
    for text in (f"{word} {time}", f"{time} {word}", " ".join([first, word, *rest])):
        found = told(text)
        assert isinstance(found, NotUnderstood)


def test_what_is_not_understood_is_said() -> None:
    """Where the first such word stands."""
    assert told("tomorrow around lunch") == NotUnderstood("words", 16, known=True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("on Feb 30 at 9", "no_such_day"),
        ("on Thursday 27 November at 9", "no_such_day"),
        ("this morning", "past"),
        ("on 2001-01-01 at 9", "past"),
        ("in 0 minutes", "no_such_time"),
        ("tomorrow morning at 18:00", "no_such_time"),
        ("remind me", "no_time"),
        ("remind me tomorrow at 9", "no_thing"),
        ("remind me tomorrow at 9 to", "no_thing"),
    ],
)
def test_why_a_time_is_none(text: str, why: str) -> None:
    """So that the answer can name what would do."""
    found = told(text)
    assert isinstance(found, NotUnderstood)
    assert found.why == why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("every day except holidays at 9", "exception"),
        ("every day at 9 until the exam", "end"),
        ("every hour from 9 to 17", "which_hours"),
        ("twice a week", "which_days"),
        ("tomorrow at 9 and 18", "two_times"),
        ("every day at 9 and 18:30", "two_minutes"),
    ],
)
def test_a_repetition_loses_neither_its_end_nor_an_exception(text: str, why: str) -> None:
    """What it goes on with is kept, or nothing is; before the thing and behind it, and it is said what would do."""
    for said in (text, f"remind me {text} to run", f"remind me to run {text}"):
        found = told(said)
        assert isinstance(found, NotUnderstood)
        assert found.why == why
    with pytest.raises(NoTime) as caught:
        mean(text, zone=BERLIN, now=NOW.astimezone(UTC))
    assert explain(caught.value) == say(f"schedule.no_time.{why}")
    assert "I do understand" in explain(caught.value)


@given(st.sets(st.integers(7, 23), min_size=2, max_size=4), st.sampled_from(["Europe/Berlin", "UTC", "Asia/Kolkata"]))
def test_several_times_of_a_day_are_all_kept_and_no_other(hours: set[int], name: str) -> None:
    """Each of them each day, from the next one on, on both sides of a change of the clocks."""
    zone = ZoneInfo(name)
    now = datetime(2027, 3, 26, 12, 30, tzinfo=zone)
    text = f"every day at {' and '.join(f'{hour}:00' for hour in sorted(hours))} for 4 days"
    found = told(text, now, zone)
    assert isinstance(found, Understood)
    schedule = parse(found.schedule, zone=zone, now=now.astimezone(UTC))
    days = [now.date() + timedelta(days=ahead) for ahead in range(5)]
    meant = [datetime.combine(day, time(hour), zone) for day in days for hour in sorted(hours)]
    coming = [at.astimezone(zone) for at in upcoming(schedule, now.astimezone(UTC), 30)]
    first = meant.index(coming[0])
    assert coming == [at for at in meant if at > now][: len(coming)]
    assert coming[-1].date() == coming[0].date() + timedelta(days=3)
    assert first == len([at for at in meant if at <= now])


@given(st.sets(st.integers(0, 6), min_size=1, max_size=3))
def test_a_day_that_is_left_out_never_comes(weekdays: set[int]) -> None:
    """And all others do."""
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    found = told(f"every day except {' and '.join(names[day] for day in sorted(weekdays))} at 9")
    assert isinstance(found, Understood)
    schedule = parse(found.schedule, zone=BERLIN, now=NOW)
    coming = {at.astimezone(BERLIN).weekday() for at in upcoming(schedule, NOW.astimezone(UTC), 14)}
    assert coming == set(range(7)) - weekdays


def test_a_time_that_the_clocks_leave_out_is_the_end_of_the_gap() -> None:
    """On 28 March 2027 Berlin has no half past two; that is said by what is shown."""
    meant = mean("on March 28 2027 at 02:30", zone=BERLIN, now=NOW.astimezone(UTC))
    assert describe(meant.schedule, BERLIN) == "on Sun 2027-03-28 at 03:00 (Europe/Berlin)"


def test_the_days_are_those_of_the_zone() -> None:
    """Tomorrow is not the same everywhere."""
    now = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
    assert told("tomorrow at 9", now, ZoneInfo("UTC")) == Understood("once 2026-11-26 09:00")
    assert told("tomorrow at 9", now, ZoneInfo("Asia/Tokyo")) == Understood("once 2026-11-27 09:00")


@given(st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.sampled_from(range(7)), st.integers(7, 22))
def test_a_weekday_is_the_coming_one(today: date, weekday: int, hour: int) -> None:
    """Today, only while its time is to come; and never another day of the week."""
    name = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")[weekday]
    now = datetime.combine(today, datetime.min.time(), BERLIN) + timedelta(hours=12)
    found = told(f"on {name} at {hour}:00", now)
    assert isinstance(found, Understood)
    at = datetime.fromisoformat(found.schedule.removeprefix("once "))
    assert at.weekday() == weekday
    assert timedelta() < at - now.replace(tzinfo=None) <= timedelta(days=7)


def test_two_languages_that_differ_are_a_question() -> None:
    """A text that is read one way only is no question, whoever else knows its words."""
    assert isinstance(told("in 2 min"), Understood)


@pytest.mark.parametrize("thing", ["x" * 400, "護" * 4000, "call " + "x" * 400, "-", "🎂", "\u202e\x00 a"])
def test_any_thing_will_do(thing: str) -> None:
    """However long its words are, and whatever they are made of."""
    for text in (f"remind me tomorrow at 9 {thing}", f"remind me to {thing} tomorrow at 9"):
        found = told(text)
        assert isinstance(found, Understood | Ask)
        assert thing in found.thing


def test_it_may_be_a_question_and_may_name_the_bot() -> None:
    """As people write in groups."""
    text = "@polar_test_bot: could you please remind me at 16:00 that tea is ready"
    assert told(text) == Understood("once 2026-11-25 16:00", "tea is ready")
    assert is_reminder(text)
    assert not is_reminder("never remind me")


def test_a_text_with_letters_of_any_alphabet_is_asked_about_once() -> None:
    """Every message is asked whether it is a time or a reminder; what a letter is without accents is known then."""
    text = "Сообщение примерно такой длины, какой люди обычно пишут боту за один раз."
    for ask, most in ((is_reminder, 400), (partial(is_time, now=NOW, zone=BERLIN), 100)):
        assert not ask(text)
        assert steps(lambda ask=ask: ask(text)) < most  # type: ignore[misc]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_what_is_passed_over_by_its_first_word_is_no_time(language: Language) -> None:
    """Each word of a language, and each two that are one: the short way says no where the long one would."""
    words = sorted({word for phrase in language.words for word in phrase.split()})
    behind = ["", *(word for word in words if any(kind == PART for kind, _ in language.words.get(word, ())))]
    for text in [f"{blank}{word}{end}" for word in words for end in behind for blank in ("", " ")]:
        [first, *_] = tokens(text, language)
        is_of_a_time = first.kinds not in (UNKNOWN, UNCLEAR)
        assert that_may_begin(text, [language]) == ([language] if is_of_a_time else [])


@pytest.mark.parametrize(
    "filling", [" ", "\n", "every monday and ", "at 9 ", "x ", "the ", "7 ", ", ", "1h30m", "next "]
)
def test_a_long_text_is_read_in_few_steps(filling: str) -> None:
    """Neither blanks nor words that begin like a time make the search slow, at either end."""
    for text in (
        "remind me to x" + filling * (4000 // len(filling)) + "y",
        "remind me " + filling * (4000 // len(filling)),
        filling.strip() * (100_000 // len(filling)),
        "remind me " + filling.strip() * (100_000 // len(filling)),
    ):
        with bounded():
            assert steps(lambda text=text: told(text)) < 60_000  # type: ignore[misc]
            assert steps(lambda text=text: is_time(text, now=NOW, zone=BERLIN)) < 60_000  # type: ignore[misc]
