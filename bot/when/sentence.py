"""A sentence that asks for a reminder: which of its words are the time, and which are what is to be done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from bot.when.language import AND, BETWEEN, COUNT, EXCEPT, FROM, UNCLEAR, UNKNOWN, UNTIL, Language, fold
from bot.when.reading import MOST_WORDS, read
from bot.when.results import Why
from bot.when.slots import Slots
from bot.when.tokens import Token, tokens

_REACH = 160
"""Characters from either end in which the time is looked for."""
_SURELY_OF_A_TIME = frozenset("MWwDTd")
_RELATIVE = re.compile("U!|!a?U")
_SETTING_OFF = frozenset("!pzvcs")
"""Kinds of words that may set a time off against another one."""
_NUMBERS = frozenset("NnT")
_TO = frozenset("AGtV")
_AT = frozenset("AV")
_RANGE = re.compile("0[?]?-0")
"""Nine to five, behind a word that led to it."""
_MOST_WITHIN = 8
"""Words of a time that stands amid a text."""
_LIMITS: Mapping[str, Why] = {EXCEPT: "exception", UNTIL: "end", FROM: "which_hours", BETWEEN: "which_hours"}
"""What a repetition goes on with that is kept whole or not at all."""
_MOST_TRIES = 48
_MOST_LIMITS = 2
"""To find one there."""


@dataclass(frozen=True, slots=True)
class Parting:
    """A way to part a sentence: what the time may be, and the thing, in which words of a doubtful time remain."""

    readings: Sequence[Slots]
    thing: str
    is_doubtful: bool = False
    why: Why | None = None
    """Why the time cannot be kept, where it goes on with what is not understood."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Tokens that can be read as a time, and where they stand in the text."""

    readings: list[Slots]
    start: int
    end: int
    first: Token
    before: Token | None = None
    after: Token | None = None

    @property
    def has_clock(self) -> bool:
        """True if it says a time of day."""
        return any(slots.clock is not None for slots in self.readings)


def beginning_of(text: str) -> str:
    """As much of a text as may hold the opening of a reminder, folded."""
    return fold(text.strip()[:_REACH])


def opened(text: str, language: Language) -> str | None:
    """What follows the opening of a reminder; None where a text does not begin like one."""
    match = language.opening.match(beginning_of(text))
    if match is None:
        return None
    rest = text.strip()[match.end() :]
    tail = fold(rest[-_REACH:])
    closing = language.closing.search(tail)
    return rest if closing is None else rest[: len(rest) - (len(tail) - closing.start())]


def partings(text: str, language: Language) -> Iterator[Parting]:
    """The ways to part what follows an opening, the likeliest first."""
    skipped = len(_joined(text, language))
    head = _head(text, language)
    if head is not None and text[:skipped].strip(" ,") and not any(slots.lasting for slots in head.readings):
        head = None  # “for” leads to a thing, unless it says for how long
    rest = text[head.end :] if head else text[skipped:]
    if head is not None:
        yield from _headed(head, next(_tails(rest, language), None), text, language)
        return
    tails = _tails(rest, language)
    longest = next(tails, None)
    why = limit(tokens(rest[: longest.start if longest else None][-_REACH:], language))
    if why is not None:
        yield Parting((), rest, why=why)
        return
    if longest is not None:
        yield from (_tailed(tail, rest, language) for tail in chain([longest], tails))
    within = _within(rest[:_REACH], language)
    if within is not None:
        yield Parting(within.readings, thing_of(rest, language), is_doubtful=True)


def _headed(head: _Stretch, tail: _Stretch | None, text: str, language: Language) -> Iterator[Parting]:
    """The time first. What the end of the sentence says as well may belong to it, or to the thing."""
    rest = text[head.end :]
    thing = thing_of(rest, language)
    why = _goes_on(head, rest, language)
    if why is not None:
        yield Parting(head.readings, thing, why=why)
        return
    if thing and not _begins_thing(rest, language):
        yield Parting(head.readings, text.strip(), is_doubtful=True)
        return
    unfinished = [first for first in head.readings if not first.is_whole] if tail is not None else []
    pairs = [first.joined(more) for first in unfinished for more in (tail.readings if tail is not None else ())]
    together = [slots for slots in pairs if slots is not None]
    yield Parting([*together, *head.readings], thing)


def _goes_on(head: _Stretch, rest: str, language: Language) -> Why | None:
    """Why a time at the beginning is none for what follows: a further time, or what limits a repetition."""
    found = tokens(_cut(rest[:_REACH], rest), language)
    if found and AND in found[0].kinds and _begins_time(found[1:]):
        return "two_times"
    if not any(slots.every for slots in head.readings):
        return None
    of_thing = tokens(_cut(thing_of(rest, language)[:_REACH], rest), language)
    is_range = _RANGE.match(_numbering(of_thing)) or (head.has_clock and _until_hour(found))
    return "which_hours" if is_range else _limit_at(head.after)


def _numbering(found: Sequence[Token]) -> str:
    """0 for a number, - for what leads to a further one."""
    return "".join("0" if set(each.kinds) & _NUMBERS else "-" if set(each.kinds) & _TO else "?" for each in found)


def _until_hour(found: Sequence[Token]) -> bool:
    """True for “at 17”, behind a time that has one."""
    return len(found) > 1 and bool(set(found[0].kinds) & _AT) and bool(set(found[1].kinds) & _NUMBERS)


def _begins_time(found: Sequence[Token]) -> bool:
    return any(_readings(found[:count]) for count in range(1, min(len(found), _MOST_WITHIN) + 1))


def limit(found: Sequence[Token]) -> Why | None:
    """What a repetition goes on with that cannot be kept: an exception, or an end, that is not understood."""
    places = [place for place, token in enumerate(found) if place and _limit_at(token)]
    for place in places[:_MOST_LIMITS]:
        for first in range(max(0, place - _MOST_WITHIN), place):
            if any(slots.every for slots in read(found[first:place])):
                return _limit_at(found[place])
    return None


def _limit_at(token: Token | None) -> Why | None:
    return next((why for kind, why in _LIMITS.items() if token is not None and kind in token.kinds), None)


def _begins_thing(rest: str, language: Language) -> bool:
    """True for “to”, and for a word that is of no time, unless “to” comes soon after: then that is still the time."""
    joined = _joined(rest, language)
    if joined.strip(" ,"):
        following = tokens(_cut(rest[len(joined) : _REACH], rest), language)
        return not following or not set(following[0].kinds) <= _SURELY_OF_A_TIME
    found = tokens(_cut(rest[:_REACH], rest), language)
    if found and not set(found[0].kinds) & set("?aGn"):
        return False
    reach = 6 if found and "G" in found[0].kinds else 4  # “on new year's eve to …” is still of the time
    return not any(_joined(rest[each.start : each.end + 1], language) for each in found[1:reach])


def _joined(text: str, language: Language) -> str:
    """The words that lead to a thing, at the beginning of a text, with the blanks around them."""
    match = language.join.match(fold(text[:_REACH]))
    return text[: match.end()] if match else ""


def _tailed(tail: _Stretch, rest: str, language: Language) -> Parting:
    """The time last. What stands before it and might be of it as well makes it doubtful, and then no word is lost."""
    is_doubtful = tail.before is not None and not _ends_thing(tail.before, tail)
    is_doubtful = is_doubtful or _is_relative(rest[: tail.start], language)
    is_doubtful = is_doubtful or all(slots == Slots(named=slots.named) for slots in tail.readings)
    thing = rest if is_doubtful else rest[: tail.start]
    return Parting(tail.readings, thing_of(thing, language), is_doubtful)


def _is_relative(thing: str, language: Language) -> bool:
    """True for “an hour before the meeting”, and “twice a week”: the time is then another one."""
    found = tokens(_cut(thing[:_REACH], thing), language)
    kinds = "".join("!" if set(token.kinds) & _SETTING_OFF else token.kinds[0] for token in found)
    return _RELATIVE.search(kinds) is not None


def _ends_thing(before: Token, tail: _Stretch) -> bool:
    """True for a word that is of no time, and for a number before “on 24 December at 8”, which needs none."""
    kinds = set(before.kinds)
    opens = set(tail.first.kinds) & set("GE")
    return kinds <= {UNKNOWN} or (kinds <= set("Ny") and bool(opens) and all(slots.is_whole for slots in tail.readings))


def thing_of(text: str, language: Language) -> str:
    """What is to be done, without the word that leads to it."""
    return text[len(_joined(text, language)) :].strip(" \t\r\n,")


def _head(text: str, language: Language) -> _Stretch | None:
    """The longest time with which a text begins."""
    found = tokens(_cut(text[:_REACH], text), language)
    for count in range(min(_known(found), MOST_WORDS), 0, -1):
        readings = _readings(found[:count])
        if readings:
            after = found[count] if count < len(found) else None
            return _Stretch(readings, 0, found[count - 1].end, found[0], after=after)
    return None


def _tails(text: str, language: Language) -> Iterator[_Stretch]:
    """The times with which a text ends, the longest first."""
    offset = max(0, len(text) - _REACH)
    while 0 < offset < len(text) and not text[offset - 1].isspace():
        offset += 1
    found = tokens(text[offset:], language)
    for first in range(len(found) - min(_known(found[::-1]), MOST_WORDS), len(found)):
        readings = _readings(found[first:])
        if readings and (first or offset):
            before = found[first - 1] if first else None
            yield _Stretch(readings, offset + found[first].start, len(text), found[first], before=before)


def _within(text: str, language: Language) -> _Stretch | None:
    """The longest time amid a text."""
    found = tokens(text, language)
    best: _Stretch | None = None
    at, tries = 0, 0
    while at < len(found) and tries < _MOST_TRIES:
        for count in range(min(_known(found[at:]), _MOST_WITHIN), 0, -1):
            readings, tries = read(found[at : at + count]), tries + 1
            if readings:
                stretch = _Stretch(readings, found[at].start, found[at + count - 1].end, found[at])
                if _is_vague(found[:at]):  # the end of next month
                    return None
                best = max(filter(None, (best, stretch)), key=lambda each: each.end - each.start)
                at += count - 1
                break
        at += 1
    return best


def _is_vague(before: Sequence[Token]) -> bool:
    """True behind “the end of”, and what else makes a time less than one."""
    return next((token.kinds == UNCLEAR for token in reversed(before) if token.kinds not in ("G", "a")), False)


def _readings(found: Sequence[Token]) -> list[Slots]:
    """What these may say of a time; mere numbers, as in a title, and “once” say nothing amid other words."""
    if all(token.kinds == COUNT for token in found):
        return []
    return [slots for slots in read(found) if slots != Slots(often=slots.often)]


def _known(found: Sequence[Token]) -> int:
    """How many tokens, from the first on, may be of a time."""
    return next((place for place, token in enumerate(found) if token.kinds in (UNKNOWN, "!")), len(found))


def _cut(piece: str, text: str) -> str:
    """A piece without the word that was cut in two."""
    return piece if len(piece) == len(text) else piece.rpartition(" ")[0]
