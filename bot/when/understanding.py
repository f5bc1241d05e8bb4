"""What somebody means by a time in words: the one door, for chat, commands, the command line and a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.schedules import wallclock
from bot.when.language import LANGUAGES, UNKNOWN, Language, fold
from bot.when.once import Reason, once
from bot.when.reading import read
from bot.when.repeating import repeating
from bot.when.results import WHOLE, Ask, NotUnderstood, Understood
from bot.when.sentence import beginning_of, limit, opened, partings, thing_of
from bot.when.slots import Lapse, Slots
from bot.when.tokens import that_may_begin, tokens

_LONGEST = 200
"""Characters of a time."""
_MOST_CHOICES = 4
_REPEATING = Slots(until=Slots(), lasting=Lapse(), weekdays=(), often=1, without=())
"""What only a repetition has."""


def understand(
    text: str, *, now: datetime, zone: ZoneInfo, languages: Sequence[Language] = LANGUAGES
) -> Understood | Ask | NotUnderstood:
    """What a time means, or a sentence that begins as “remind me …” does, `now` being aware.

    Of a sentence it says what is to be done, too. Each word of a time is understood, or none of it is.
    """
    local = wallclock.shown(now.astimezone(UTC), zone)
    for language in languages:
        sentence = opened(text, language)
        if sentence is not None:
            return _of_sentence(sentence, local, zone, language)
    if len(text) > _LONGEST:
        return NotUnderstood("words")
    told = [_of_time(text, local, zone, language) for language in languages]
    return _best(told)


def is_reminder(text: str, languages: Sequence[Language] = LANGUAGES) -> bool:
    """True if a text begins as a reminder does, readable or not."""
    beginning = beginning_of(text)
    return any(language.opening.match(beginning) for language in languages)


def is_time(text: str, *, now: datetime, zone: ZoneInfo) -> bool:
    """True if a text is a time and nothing else, even one that cannot be kept."""
    if len(text) > _LONGEST:
        return False
    folded = fold(text)
    languages = that_may_begin(folded, LANGUAGES)
    if not languages or is_reminder(text):
        return False
    told = understand(text, now=now, zone=zone, languages=languages)
    return not isinstance(told, NotUnderstood) or told.why not in ("words", "no_time")


def _best(told: Sequence[Understood | Ask | NotUnderstood]) -> Understood | Ask | NotUnderstood:
    """What the languages say together: where two understand it differently, that is a question."""
    known = [each for each in told if not isinstance(each, NotUnderstood)]
    if known:
        return _one_of(choice for each in known for choice in _choices(each))
    return max(
        (each for each in told if isinstance(each, NotUnderstood)),
        key=lambda each: (each.why != "words", each.position),
    )


def _choices(told: Understood | Ask) -> tuple[Understood, ...]:
    return told.choices if isinstance(told, Ask) else (told,)


def _one_of(found: Iterable[Understood]) -> Understood | Ask:
    choices = tuple({each.schedule: each for each in found}.values())
    return choices[0] if len(choices) == 1 else Ask(choices[:_MOST_CHOICES])


def _of_time(text: str, local: datetime, zone: ZoneInfo, language: Language) -> Understood | Ask | NotUnderstood:
    found = tokens(text, language)
    unknown = next((token for token in found if set(token.kinds) <= {UNKNOWN, "!"}), None)
    if unknown is not None:
        return NotUnderstood(limit(found) or "words", unknown.start, known=unknown is not found[0])
    told = _resolved(read(found), local, zone)
    if isinstance(told, Reason):
        return NotUnderstood(told.why, known=bool(found))
    return _one_of(told) if told else NotUnderstood(limit(found) or "words", known=bool(found))


def _resolved(readings: Iterable[Slots], local: datetime, zone: ZoneInfo) -> list[Understood] | Reason:
    """All that any of the readings may be; why the first comes to nothing, where all do."""
    reasons: list[Reason] = []
    found: list[Understood] = []
    for slots in readings:
        told = _meaning(slots, local, zone)
        if isinstance(told, Reason):
            reasons.append(told)
        else:
            found += told
    return found or (reasons[0] if reasons else [])


def _meaning(slots: Slots, local: datetime, zone: ZoneInfo) -> list[Understood] | Reason:
    if slots.every is not None:
        return repeating(slots, slots.every, local, zone)
    slots = replace(slots, often=None) if slots.often == 1 else slots
    if slots.joined(_REPEATING) is None or (slots.nth is not None and slots.month is None):
        return Reason("words")
    return once(slots, local)


def _of_sentence(text: str, local: datetime, zone: ZoneInfo, language: Language) -> Understood | Ask | NotUnderstood:
    whole = thing_of(text, language)
    why = NotUnderstood("no_time", known=language.recall.match(fold(text[:_LONGEST])) is None, thing=whole)
    for parting in partings(text, language):
        if parting.why is not None:
            return NotUnderstood(parting.why, known=True)
        if not parting.thing:
            why = NotUnderstood("no_thing", known=True)
            continue
        told = _resolved(parting.readings, local, zone)
        if isinstance(told, Reason) or not told:
            reason = told.why if isinstance(told, Reason) else "words"
            why = NotUnderstood("no_time" if reason == "words" else reason, known=True, thing=parting.thing)
            if reason in WHOLE:
                break
            continue
        found = _one_of(Understood(each.schedule, parting.thing, each.assumed) for each in told)
        return Ask(_choices(found)) if parting.is_doubtful else found
    return why
