"""Which texts concern another one, and how much: a word weighs the more the fewer texts have it.

It weighs most where none has: a text about something else has many of those. Measured: ADR 0028.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from storage import words
from storage.stop_words import stop_words
from storage.words import Spellings

SHARE = 0.35
"""Of the weight of a message's words, that a memory must have to be recalled by it."""
FEWEST = 50
"""Memories that somebody is taken to have at least: the first ones say nothing of how rare a word is."""
STOP_WEIGHT = 0.2
"""Of a stop word, against another one as rare."""
MOST_WORDS = 200
"""Words that are looked for."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Query:
    """Words that are looked for. A `share` of 0 finds whatever has any of them."""

    words: tuple[Spellings, ...]
    share: float
    takes_beginnings: bool
    """True if a word stands for all that begin with it, too."""
    weak: Set[str]
    """Those that find nothing by themselves."""

    @classmethod
    def search(cls, text: str) -> Query:
        """As people type it to find something."""
        return cls(tuple(words.sought(text)[:MOST_WORDS]), 0, takes_beginnings=True, weak=frozenset())

    @classmethod
    def recall(cls, text: str) -> Query:
        """What a message is about; single letters say nothing of it."""
        telling = [each for each in words.sought(text) if len(each[0]) > 1 or not each[0].isascii()]
        return cls(tuple(telling[:MOST_WORDS]), SHARE, takes_beginnings=False, weak=stop_words())

    def is_weak(self, number: int) -> bool:
        """True if one of the words finds nothing by itself."""
        return self.words[number][0] in self.weak

    def has(self, number: int, term: str) -> bool:
        """True if a text with such a word has this one of the words."""
        return any(
            words.is_same(spelling, term) or (self.takes_beginnings and term.startswith(spelling))
            for spelling in self.words[number]
        )

    def beginnings(self) -> Iterator[tuple[int, str]]:
        """With what all words begin that are one of the words, each with the number of that one."""
        for number, spellings in enumerate(self.words):
            yield from ((number, words.stem(spelling)) for spelling in spellings)

    def weights(self, frequencies: Sequence[int], count: int) -> list[float]:
        """The weight of each word, by the number of texts that have it, and of all texts."""
        count = max(count, FEWEST)
        return [
            _rarity(min(frequency, count), count) * (STOP_WEIGHT if self.is_weak(number) else 1)
            for number, frequency in enumerate(frequencies)
        ]

    def least(self, weights: Sequence[float]) -> float:
        """What the words of a text must weigh together."""
        return self.share * sum(weights) - _ROUNDING


def best(query: Query, texts: Sequence[str]) -> list[int]:
    """The places of those that a query finds, best first, else as they come; for few texts, as it reads them all."""
    found = [frozenset(words.written(text)) for text in texts]
    known = frozenset().union(*found)
    terms = [frozenset(term for term in known if query.has(number, term)) for number in range(len(query.words))]
    rows = [[not words_of.isdisjoint(each) for each in terms] for words_of in found]
    weights = query.weights([sum(column) for column in zip(*rows, strict=True)] if rows else [], len(texts))
    least = query.least(weights)
    scores = [_score(query, weights, row) for row in rows]
    places = (place for place, score in enumerate(scores) if score > 0 and score >= least)
    return sorted(places, key=lambda place: -scores[place])


def _score(query: Query, weights: Sequence[float], hits: Sequence[bool]) -> float:
    """The weight of what is hit; nothing where that finds nothing by itself."""
    hit = [number for number, is_hit in enumerate(hits) if is_hit]
    return sum(weights[number] for number in hit) if not all(map(query.is_weak, hit)) else 0


def _rarity(frequency: int, count: int) -> float:
    return math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
