"""The words of a text, each with all that it may be in a language; nothing of the text is passed over but blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from bot.when.language import (
    CLOCK,
    COMMA,
    DATE,
    DECIMAL,
    NUMBER,
    ORDINAL,
    PART,
    UNCLEAR,
    UNKNOWN,
    WEEKDAY,
    YEAR,
    Language,
    Sense,
    fold,
)

_ATOM = re.compile(
    r"(?P<iso>[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-]))"
    r"|(?P<dots>[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{4}|[0-9]{2})?(?![\w:]))"
    r"|(?P<mixed>[0-9]{1,3}\s1/2(?=\s*[^\W\d])|[0-9]{0,3}[¼½¾])"
    r"|(?P<slash>[0-9]{1,2}/[0-9]{1,2}(?:/(?:[0-9]{4}|[0-9]{2}))?(?![\w/:]))"
    r"|(?P<colon>[0-9]{1,2}:[0-9]{2}(?![0-9:]))"
    r"|(?P<point>[0-9]{1,2}[.,][0-9]{1,2}(?![0-9:,]|\.[0-9]))"
    r"|(?P<number>[0-9]{1,4}(?![0-9]))"
    r"|(?P<half>[ap]\.\s?m(?:\.|(?!\w)))"
    r"|(?P<word>[^\W\d_]+(?:['-][^\W\d_]+)*\.?)"
    r"|(?P<comma>,)|(?P<other>[0-9]+|\S)"
)
_LONGEST_PHRASE = 40
_PARTS = {"¼": 0.25, "½": 0.5, "¾": 0.75}
_FRACTIONS = {(1, 2): 0.5, (1, 4): 0.25, (3, 4): 0.75}
_NOT_LAST = re.compile(r"[\s.!?…]+$")


class Token(Struct, frozen=True):
    """A word, or several that are one phrase: where it stands, and all that it may be."""

    start: int
    end: int
    meanings: tuple[Sense, ...]

    @property
    def kinds(self) -> str:
        """The letters of all that it may be."""
        return "".join(kind for kind, _ in self.meanings)


def tokens(text: str, language: Language) -> list[Token]:
    """The tokens of a text, without the marks at its end."""
    folded = fold(text)
    end = _NOT_LAST.search(folded)
    if end and not language.ordinal.fullmatch(folded[: end.start() + 1].split(" ")[-1]):
        folded = folded[: end.start()]
    return [*_tokens(folded, language)]


def that_may_begin(folded: str, languages: Sequence[Language]) -> list[Language]:
    """Those languages in which the first word of a text, which is folded already, may be of a time."""
    first = _ATOM.search(folded)
    if first is not None and first.lastgroup in ("word", "other"):  # nearly always, and of no time in most languages
        languages = [language for language in languages if language.may_begin(_word(first))]
    return [language for language in languages if _may_begin(folded, language)]


def _may_begin(folded: str, language: Language) -> bool:
    first = next(_tokens(folded, language), None)
    return first is not None and first.kinds not in (UNKNOWN, UNCLEAR)


def _tokens(text: str, language: Language) -> Iterator[Token]:
    at, size = 0, len(text)
    while at < size:
        if text[at].isspace():
            at += 1
            continue
        ordinal = language.ordinal.match(text, at)
        match = _ATOM.match(text, at)
        assert match is not None
        if ordinal and match.lastgroup in ("number", "word"):
            found = Token(at, ordinal.end(), ((ORDINAL, int(re.split(r"\D", ordinal[0])[0])),))
        elif match.lastgroup in ("word", "other"):
            found = _phrase(text, match, language)
        else:
            found = Token(at, match.end(), _atom(match.lastgroup or "", match[0], language))
        yield found
        at = found.end


def _phrase(text: str, first: re.Match[str], language: Language) -> Token:
    """The longest phrase of the language that begins here; an abbreviation may have its point."""
    start, word = first.start(), _word(first)
    if language.longest.get(word, 0) > 1:
        run = [each.end() for each in re.finditer(r"\S+", text[start : start + _LONGEST_PHRASE])]
        for end in reversed(run[1 : language.longest[word]]):
            phrase = text[start : start + end].rstrip(".,!?")
            senses = language.words.get(" ".join(phrase.split()))
            if senses:
                return Token(start, start + len(phrase), senses)
    senses = language.words.get(word)
    if senses:
        return Token(start, first.end(), senses)
    return _first_half(start, word, language) or Token(start, first.end(), ((UNKNOWN, ""),))


def _word(match: re.Match[str]) -> str:
    return match[0].rstrip(".") or match[0]


def _first_half(start: int, word: str, language: Language) -> Token | None:
    """The weekday of a word that is one with a part of the day behind it, as German has them."""
    if len(word) > _LONGEST_PHRASE or not word.startswith(language.weekdays):
        return None
    for size in range(6, len(word) - 2):
        first, second = language.words.get(word[:size], ()), language.words.get(word[size:], ())
        if any(kind == WEEKDAY for kind, _ in first) and any(kind == PART for kind, _ in second):
            return Token(start, start + size, first)
    return None


def _atom(kind: str, text: str, language: Language) -> tuple[Sense, ...]:
    numbers = [int(digits) for digits in re.findall("[0-9]+", text)]
    match kind:
        case "iso":
            return ((DATE, tuple(numbers)),)
        case "dots":
            return ((DATE, (_year(numbers), numbers[1], numbers[0])),)
        case "mixed":
            return ((DECIMAL, (numbers[0] if text[0].isdecimal() else 0) + _PARTS.get(text[-1], 0.5)),)
        case "slash":
            part = _FRACTIONS.get((numbers[0], numbers[1])) if len(numbers) == 2 else None
            return *(((DECIMAL, part),) if part else ()), *_slash(numbers, language.is_day_first)
        case "colon":
            return ((CLOCK, (*numbers, _is_sure(text))),)
        case "point":
            return _point(text, numbers)
        case "number":
            year = ((YEAR, numbers[0]),) if 1900 <= numbers[0] < 2200 else ()
            return ((NUMBER, numbers[0]), *year)
        case "half":
            return language.words.get(f"{text[0]}m", ((UNKNOWN, ""),))
    return ((COMMA, ""),)


def _year(numbers: list[int]) -> int | None:
    if len(numbers) < 3:
        return None
    return numbers[2] if numbers[2] > 99 else 2000 + numbers[2]


def _slash(numbers: list[int], is_day_first: bool) -> tuple[Sense, ...]:
    """CalendarDay and month, or the other way round: both, where nobody can tell."""
    first, second, year = numbers[0], numbers[1], _year(numbers)
    day_first, month_first = (DATE, (year, second, first)), (DATE, (year, first, second))
    if is_day_first or first > 12:
        return (day_first,)
    return (month_first,) if second > 12 or first == second else (month_first, day_first)


def _point(text: str, numbers: list[int]) -> tuple[Sense, ...]:
    """Half past six as 6.30, the day before Christmas as 24.12, or one and a half as 1.5."""
    meanings: list[Sense] = []
    if "." in text and len(text.split(".")[1]) == 2 and numbers[0] < 24 and numbers[1] < 60:
        meanings.append((CLOCK, (*numbers, _is_sure(text))))
    if "." in text and 1 <= numbers[0] <= 31 and 1 <= numbers[1] <= 12:
        meanings.append((DATE, (None, numbers[1], numbers[0])))
    if numbers[1] == 5 and text[-2] in ".,":
        meanings.append((DECIMAL, numbers[0] + 0.5))
    return tuple(meanings) or ((UNKNOWN, ""),)


def _is_sure(text: str) -> int:
    """1 where the writing says which half of the day is meant: 06:30 and 18:30, but not 6:30."""
    return int(text[0] == "0" or int(re.split("[:.]", text)[0]) > 12)
