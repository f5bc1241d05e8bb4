"""What the index of words is asked for one query: each word by itself, with what it weighs."""

from __future__ import annotations

from collections.abc import Iterable

from storage import words
from storage.relevance import Query


class IndexQuestion:
    """Made of the words that there are in the index; `scope` is what stands in front of each of them."""

    def __init__(self, query: Query, scope: str, terms: Iterable[tuple[int, str, int]], count: int) -> None:
        """`terms`: for which word each may be meant, and how many memories have it; `count`: how many there are."""
        self._query = query
        self._scope = scope
        self._terms: list[set[str]] = [set() for _ in query.words]
        frequencies = [0] * len(query.words)
        for number, term, memories in terms:
            if term not in self._terms[number] and query.has(number, words.read(term)):
                self._terms[number].add(term)
                frequencies[number] += memories
        weights = query.weights(frequencies, count)
        self.least = query.least(weights)
        """What the words of a memory must weigh together."""
        self.parts = self._parts(weights)
        """The weight of each word that some memory has, by what the index is asked; none where nothing can be found."""

    def _parts(self, weights: list[float]) -> dict[str, float]:
        """A weak word is looked for among what the others find."""
        asked = {number: self._asked(number) for number, terms in enumerate(self._terms) if terms}
        strong = " OR ".join(each for number, each in asked.items() if not self._query.is_weak(number))
        if not strong:
            return {}
        parts: dict[str, float] = {}
        for number, each in asked.items():
            question = f"own : (({strong}) AND ({each}))" if self._query.is_weak(number) else f"own : ({each})"
            parts[question] = parts.get(question, 0) + weights[number]
        return parts

    def _asked(self, number: int) -> str:
        beginnings: tuple[str, ...] = ()
        if self._query.takes_beginnings:
            beginnings = tuple(words.stored(spelling) for spelling in self._query.words[number])
        others = sorted(term for term in self._terms[number] if not term.startswith(beginnings))
        return " OR ".join(
            [f'"{self._scope}{beginning}" *' for beginning in beginnings]
            + [f'"{self._scope}{term}"' for term in others]
        )
