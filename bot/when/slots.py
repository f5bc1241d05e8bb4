"""What has been read of a time: each part once, and nothing of it worked out yet."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time of day as it was written. Hour 24 is midnight; `is_sure` says that the half of the day is known."""

    hour: int
    minute: int = 0
    is_sure: bool = False


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day: so many `ahead`, or a date whose year and month may be open, or any of these."""

    ahead: int | None = None
    year: int | None = None
    month: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A weekday (0 is Monday): the coming one, `this`, `next`, that of `next_week`, or weeks after the coming one."""

    weekday: int
    which: str = ""
    weeks: int = 0


@dataclass(frozen=True, slots=True)
class Lapse:
    """A length of time."""

    minutes: int = 0
    months: int = 0


@dataclass(frozen=True, slots=True)
class Repetition:
    """Every `count` units."""

    unit: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Nth:
    """A day of each month: the nth weekday, or where there is none, the nth day; -1 is the last."""

    number: int
    weekday: int | None = None
    further: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Slots:
    """The parts of a time; None, or nothing, where it has none.

    `also` are further times of day, `parts` several parts of it; a part of the day that `is_alone` needs no day;
    `month` is so many months ahead; `often` says how many times a repetition comes, `without` which weekdays it leaves
    out.
    """

    after: Lapse | None = None
    day: CalendarDay | None = None
    named: NamedDay | None = None
    clock: TimeOfDay | None = None
    also: tuple[TimeOfDay, ...] | None = None
    part: str | None = None
    parts: tuple[str, ...] | None = None
    is_alone: bool | None = None
    month: int | None = None
    every: Repetition | None = None
    often: int | None = None
    weekdays: tuple[int, ...] | None = None
    without: tuple[int, ...] | None = None
    nth: Nth | None = None
    until: Slots | None = None
    lasting: Lapse | None = None

    def joined(self, other: Slots) -> Slots | None:
        """Both together; None where a part is in both."""
        found = {}
        for each in _NAMES:
            own, others = getattr(self, each), getattr(other, each)
            if own is not None and others is not None:
                return None
            found[each] = others if own is None else own
        return Slots(**found)

    @property
    def is_whole(self) -> bool:
        """True if it says a day and a time of day, or needs neither."""
        if self.after is not None:
            return self.after.minutes % (24 * 60) != 0 or self.clock is not None
        if self.every is not None and self.every.unit in ("minute", "hour"):
            return True
        has_day = any(part is not None for part in (self.day, self.named, self.every, self.nth))
        return has_day and (self.clock is not None or self.part is not None)


_NAMES = tuple(each.name for each in fields(Slots))
