"""“Remind me …” in English, as a schedule and a text: a table of forms, without a model, a database or a clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_PART = r"morning|noon|afternoon|evening|night"
_AT = (
    r"(?:at\s+)?(?:(?P<word>noon|midnight)"
    r"|(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?(?:\s*(?P<half>[ap])\.?m\b\.?)?)(?:\s+o.clock)?"
)
_USUAL = {"morning": time(8), "noon": time(12), "afternoon": time(15), "evening": time(18), "night": time(21)}
_WORDS = {"noon": time(12), "midnight": time(0)}
_OPENING = r"(?:@\w+[,:]?\s+)?(?:(?:can|could|would|will)\s+you\s+)?(?:please\s+)?remind\s+me\s+"
_TO = r"(?:to|that|about|of)\s+"


@dataclass(frozen=True, slots=True)
class Reminder:
    """A thing that somebody wants to be reminded of; `schedule` is a text that bot.schedules reads."""

    schedule: str
    prompt: str


def read(text: str, *, now: datetime) -> Reminder | None:
    """The reminder that a text asks for, `now` being the local time (naive); None when it asks for none."""
    # Runs of blanks would make the search for the time slow, and nobody means them.
    text = re.sub(r"\s{2,}", lambda blanks: "\n" if "\n" in blanks[0] else " ", text.strip())
    for before, behind, schedule_of in _FORMS:
        match = before.fullmatch(text) or behind.fullmatch(text)
        if match is not None and (schedule := schedule_of(match, now)) is not None:
            return Reminder(schedule, match["prompt"].strip())
    return None


def asks(text: str) -> bool:
    """True if a text begins as a reminder does, readable or not."""
    return re.match(_OPENING, text.strip(), re.IGNORECASE) is not None


def _in(match: re.Match[str], now: datetime) -> str | None:
    unit = match["unit"].lower()
    name = {"m": "minutes", "h": "hours", "d": "days", "w": "days"}[unit[0]]
    count = match["count"].lower()
    if count.startswith("half"):
        return "in 30 minutes" if name == "hours" else None
    number = 1 if count in ("a", "an") else int(count)
    return f"in {number * 7 if unit[0] == 'w' else number} {name}"


def _interval(match: re.Match[str], now: datetime) -> str | None:
    name = {"m": "minutes", "h": "hours", "d": "days"}[match["unit"].lower()[0]]
    return f"every {match['count'] or 1} {name}"


def _daily(match: re.Match[str], now: datetime) -> str | None:
    return _with_clock(match, "daily {at:%H:%M}")


def _workdays(match: re.Match[str], now: datetime) -> str | None:
    return _with_clock(match, "weekdays {at:%H:%M}")


def _weekly(match: re.Match[str], now: datetime) -> str | None:
    days = ",".join(name[:3].capitalize() for name in re.findall(_DAY, match["days"], re.IGNORECASE))
    return _with_clock(match, f"weekly {days} {{at:%H:%M}}")


def _monthly(match: re.Match[str], now: datetime) -> str | None:
    return _with_clock(match, f"monthly {match['day'] or 'last'} {{at:%H:%M}}")


def _with_clock(match: re.Match[str], form: str) -> str | None:
    at = _clock(match)
    return None if at is None else form.format(at=at)


def _on_day(match: re.Match[str], now: datetime) -> str | None:
    """Today or tomorrow; tonight is today's night."""
    word = match["when"].lower()
    day = now.date() + timedelta(days=int(word == "tomorrow"))
    return _once(day, _clock(match))


def _on_date(match: re.Match[str], now: datetime) -> str | None:
    try:
        return _once(date.fromisoformat(match["date"]), _clock(match))
    except ValueError:
        return None


def _on_weekday(match: re.Match[str], now: datetime) -> str | None:
    """The next such day, today only while its time is still to come."""
    at = _clock(match)
    if at is None:
        return None
    ahead = (_WEEKDAYS.index(match["day"][:3].lower()) - now.weekday()) % 7
    if ahead == 0 and at <= now.time():
        ahead = 7
    return _once(now.date() + timedelta(days=ahead), at)


def _at(match: re.Match[str], now: datetime) -> str | None:
    """Today, or tomorrow when it is too late for that."""
    at = _clock(match)
    return None if at is None else _once(now.date() + timedelta(days=int(at <= now.time())), at)


def _once(day: date, at: time | None) -> str | None:
    return None if at is None else f"once {day.isoformat()} {at:%H:%M}"


def _clock(match: re.Match[str]) -> time | None:
    """The time of day that was written, else the usual one of the part of the day; None where there is neither."""
    groups = match.groupdict()
    part = re.findall(_PART, (groups.get("part") or groups.get("when") or "").lower())
    if word := groups.get("word"):
        return _WORDS[word.lower()]
    if groups.get("hour") is None:
        return _USUAL[part[0]] if part else None
    hour, half = int(groups["hour"]), (groups["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    is_pm = half == "p" or (not half and bool(part) and _is_late(part[0], hour))
    hour = hour % 12 + 12 * is_pm if half or (is_pm and hour < 12) else hour
    try:
        return time(hour, int(groups["minute"] or 0))
    except ValueError:
        return None


def _is_late(part: str, hour: int) -> bool:
    """True if an hour up to twelve means the second half of the day: seven in the evening, but one at night."""
    return part in ("afternoon", "evening") or (part == "night" and hour >= 5)


_Read = Callable[[re.Match[str], datetime], "str | None"]
_OPTIONAL_AT = rf"(?:\s+{_AT})?"
_TABLE: tuple[tuple[str, _Read], ...] = (
    (
        r"in\s+(?P<count>\d{1,4}|an?|half\s+an)\s+"
        r"(?P<unit>minutes?|mins?|hours?|hrs?|days?|weeks?)",
        _in,
    ),
    (r"every\s+(?:(?P<count>\d{1,4})\s+)?(?P<unit>minutes?|hours?)", _interval),
    (r"every\s+(?P<count>\d{1,4})\s+(?P<unit>days)", _interval),
    # The time of day first: else “at 9 tomorrow morning” would be read as tomorrow morning.
    (rf"{_AT}\s+(?:every\s+(?P<part>day|{_PART})|daily|each\s+day)", _daily),
    (rf"{_AT}\s+(?P<when>today|tomorrow|tonight|this\s+(?:{_PART}))(?:\s+(?P<part>{_PART}))?", _on_day),
    (rf"{_AT}\s+(?:on\s+|every\s+)(?:weekdays?|work(?:ing\s+)?days?)", _workdays),
    (rf"{_AT}\s+every\s+(?P<days>{_DAY}(?:(?:\s*,\s*|\s+and\s+){_DAY})*)", _weekly),
    (rf"(?:every\s+(?P<part>day|{_PART})|daily|each\s+day){_OPTIONAL_AT}", _daily),
    (rf"(?:on\s+|every\s+)?(?:weekdays?|work(?:ing\s+)?days?)\s+{_AT}", _workdays),
    (rf"every\s+(?:week\s+on\s+)?(?P<days>{_DAY}s?(?:(?:\s*,\s*|\s+and\s+){_DAY}s?)*)\s+{_AT}", _weekly),
    (rf"(?:on\s+)?(?P<days>{_DAY}s(?:(?:\s*,\s*|\s+and\s+){_DAY}s)*)\s+{_AT}", _weekly),
    (
        r"(?:every\s+month\s+on\s+the|on\s+the|every)\s+(?:last\s+day|(?P<day>\d{1,2})(?:st|nd|rd|th))"
        rf"(?:\s+(?:day\s+)?of\s+(?:every|each|the)\s+month)?\s+{_AT}",
        _monthly,
    ),
    (
        rf"(?P<when>today|tomorrow|tonight|this\s+(?:{_PART}))(?:\s+(?P<part>{_PART})|\s+at\s+night)?{_OPTIONAL_AT}",
        _on_day,
    ),
    (rf"on\s+(?P<date>\d{{4}}-\d\d-\d\d)\s+{_AT}", _on_date),
    (rf"(?:on\s+|next\s+)?(?P<day>{_DAY})\s+{_AT}", _on_weekday),
    (rf"{_AT}", _at),
)


def _form(when: str, read_match: _Read) -> tuple[re.Pattern[str], re.Pattern[str], _Read]:
    """The time before the text, and behind it."""
    flags = re.IGNORECASE | re.DOTALL | re.ASCII
    before = re.compile(rf"{_OPENING}{when},?\s+{_TO}(?P<prompt>\S.*)", flags)
    behind = re.compile(rf"{_OPENING}{_TO}(?P<prompt>\S.*?),?\s+{when}\s*[.!?]*", flags)
    return before, behind, read_match


_FORMS = tuple(_form(when, read_match) for when, read_match in _TABLE)
