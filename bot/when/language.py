"""A language: what its words are, as its file says. A kind of word is one letter, so that patterns are short."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

WordValue = int | float | str | tuple[int | None, ...]
Sense = tuple[str, WordValue]
"""The kind of a word, and what it says."""
Matched = Sequence[Sense]
"""Words that a pattern matched."""

WEEKDAY, WEEKDAYS, MONTH, UNIT, ADVERB, AHEAD, PART, TONIGHT, HOUR, HALF_OF_DAY, FIXED = "WwMUYDPBSmu"
PART_ALONE, HALF_TO, MINUTES_TO, OFTEN, EXCEPT, UNTIL, FROM, BETWEEN, AND = "jhrceVz:&"
NUMBER, COUNT, ORDINAL, YEAR, CLOCK, DATE, DECIMAL, COMMA, UNKNOWN, UNCLEAR = "NnRyTdx,?!"
_TABLES = {
    "units": UNIT,
    "adverbs": ADVERB,
    "days_ahead": AHEAD,
    "parts": PART,
    "parts_alone": PART_ALONE,
    "today_parts": TONIGHT,
    "named_hours": HOUR,
    "halves": HALF_OF_DAY,
    "fixed": FIXED,
    "half_to": HALF_TO,
    "minutes_to": MINUTES_TO,
    "often": OFTEN,
}
_WORDS = {
    "article": "a",
    "glue": "G",
    "day_number": "g",
    "at": "A",
    "in": "I",
    "from_now": "J",
    "from": FROM,
    "between": BETWEEN,
    "every": "E",
    "other": "O",
    "next": "X",
    "after_next": "i",
    "this": "H",
    "last": "L",
    "and": AND,
    "and_minutes": "+",
    "half": "F",
    "half_before": "b",
    "quarter": "Q",
    "minus": "o",
    "past": "p",
    "to": "t",
    "before": "v",
    "until": UNTIL,
    "except": EXCEPT,
    "times": "s",
    "per": "l",
    "hour_of": "=",
    "for": "f",
    "workdays": "K",
    "workday": "q",
    "weekends": "Z",
    "weekend": "k",
    "oclock": "C",
    "unclear": UNCLEAR,
}
_LISTS = {"weekdays": (WEEKDAY, 0), "every_weekday": (WEEKDAYS, 0), "months": (MONTH, 1), "ordinals": (ORDINAL, 1)}
_COUNTS = {"ones": (1, 1), "teens": (10, 1), "tens": (20, 10)}
_HALVES = {"one_and_a_half": 1.5, "two_and_a_half": 2.5, "three_and_a_half": 3.5}
_FOLDED = {"ß": "s", "’": "'", "‘": "'", "−": "-", "–": "-"}


def values(words: Matched, kinds: str) -> list[WordValue]:
    """What the words of these kinds say."""
    return [value for kind, value in words if kind in kinds]


def numbers(words: Matched, kinds: str) -> list[int]:
    """The numbers among these."""
    return [value for value in values(words, kinds) if isinstance(value, int)]


def letters(words: Matched) -> str:
    """The kinds of words, one behind the other."""
    return "".join(kind for kind, _ in words)


def fold(text: str) -> str:
    """In lower case, without accents; of the same length, so that places in it are places in the text."""
    return text.lower() if text.isascii() else "".join(map(_plain, text))


@lru_cache(maxsize=4_096)  # what the alphabets of a chat have, and nothing of what somebody writes
def _plain(character: str) -> str:
    marks = (part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    plain = "".join(marks).casefold()
    return _FOLDED.get(character, plain if len(plain) == 1 else character)


@dataclass(frozen=True, slots=True)
class Language:
    """The words of a language, folded; a phrase is words with single blanks between them."""

    name: str
    words: Mapping[str, tuple[Sense, ...]]
    longest: Mapping[str, int]
    """By the first word of phrases, how many words the longest has."""
    weekdays: tuple[str, ...]
    """Their names, with which a word may begin that goes on with a part of the day."""
    ordinal: re.Pattern[str]
    is_day_first: bool
    opening: re.Pattern[str]
    join: re.Pattern[str]
    recall: re.Pattern[str]
    """Begins what may as well ask for something that was remembered, as “of” and “what” do."""
    closing: re.Pattern[str]

    def may_begin(self, word: str) -> bool:
        """True if a time may begin with this word, folded; it may turn out that none does."""
        return word in self.longest or word.startswith(self.weekdays)


def _load(name: str, data: Mapping[str, Any]) -> Language:
    words: dict[str, list[Sense]] = {}
    for phrase, kind, value in _entries(data):
        words.setdefault(fold(phrase), []).append((kind, value))
    longest: dict[str, int] = {}
    for phrase in words:
        first, *rest = phrase.split(" ")
        longest[first] = max(longest.get(first, 1), 1 + len(rest))
    sentences = data["sentences"]
    joins = "|".join(map(re.escape, map(fold, sentences["joins"])))
    endings = "|".join(map(re.escape, map(fold, data["ordinal_endings"])))
    return Language(
        name=name,
        words={phrase: tuple(dict.fromkeys(meanings)) for phrase, meanings in words.items()},
        longest=longest,
        weekdays=tuple(word for word, meanings in words.items() if any(kind == WEEKDAY for kind, _ in meanings)),
        ordinal=re.compile(rf"[0-9]{{1,2}}(?:{endings})(?![\w.:])" if endings else r"(?!)"),
        is_day_first=data["slash"] == "day_first",
        opening=re.compile(rf"(?:@\w+[,:]?\s+)?{_spaced(sentences['opening'])}(?![\w'])[\s,:]*"),
        join=re.compile(rf"[\s,]*(?:(?:{joins})(?:[\s,]+|$)|{sentences.get('glued_joins', '(?!)')})*"),
        recall=re.compile(rf"(?:{'|'.join(map(re.escape, map(fold, sentences['recalls'])))})(?!\w)"),
        closing=re.compile(rf"{_spaced(sentences['closing'])}[\s.!?…]*$"),
    )


def _spaced(pattern: str) -> str:
    return fold(pattern).replace(" ", r"\s+")


def _entries(data: Mapping[str, Any]) -> Iterator[tuple[str, str, WordValue]]:
    for name, (kind, first) in _LISTS.items():
        for number, names in enumerate(data[name], first):
            phrases = names.split("|") if "|" in names else names.split()
            yield from ((phrase, kind, number) for phrase in phrases if phrase)
    for table, kind in _TABLES.items():
        for value, phrases in data.get(table, {}).items():
            yield from ((phrase, kind, int(value) if value.isdecimal() else value) for phrase in phrases)
    yield from ((phrase, _WORDS[name], "") for name in _WORDS for phrase in data["words"].get(name, ()))
    for name, amount in _HALVES.items():
        yield from ((phrase, DECIMAL, amount) for phrase in data["words"].get(name, ()))
    yield from _counts(data)


def _counts(data: Mapping[str, Any]) -> Iterator[tuple[str, str, WordValue]]:
    for name, (first, step) in _COUNTS.items():
        for place, names in enumerate(data[name]):
            yield from ((word, COUNT, first + place * step) for word in names.split())
    for place, tens in enumerate(data["tens"]):
        for one, ones in enumerate(data["ones"], 1):
            for form in data["compound"]:
                phrase = form.format(tens=tens.split()[0], ones=ones.split()[0])
                yield phrase, COUNT, 20 + place * 10 + one


_FOLDER = files("bot.when").joinpath("languages")
LANGUAGES = tuple(
    _load(file.name[:-5], tomllib.loads(file.read_text(encoding="utf-8")))
    for file in sorted(_FOLDER.iterdir(), key=lambda file: (file.name != "en.toml", file.name))
    if file.name.endswith(".toml")
)
"""All of them, English first."""
