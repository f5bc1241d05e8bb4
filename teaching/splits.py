"""What is trained on and what is tested with: nobody, and no conversation, is in both."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

Split = Literal["train", "test"]

TEST_SHARE = 0.1
LEAST_PEOPLE = 20
"""With fewer people there is no test: it would tell of one or two of them."""


class Components:
    """Which people and conversations hang together, by the examples that they are in; memory grows with them alone."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}
        self._largest: tuple[str, int] | None = None
        """The root of the largest, and how many are in it; None until it is asked for."""

    def join(self, members: Iterable[str]) -> None:
        """Note that these are in one example."""
        roots = {self.root(member) for member in members}
        least = min(roots, default="")
        for root in roots:
            self._above[root] = least
        self._largest = None

    def root(self, member: str) -> str:
        """The least of all that hang together with one, so that it does not matter in which order they were joined."""
        while (above := self._above.setdefault(member, member)) != member:
            self._above[member] = member = self._above[above]
        return member

    def split(self, member: str, key: str, people: int) -> Split:
        """Where one belongs, with all that hang together with it: most of them are trained on, whatever is drawn."""
        root = self.root(member)
        if self._largest is None:
            [self._largest] = Counter(map(self.root, list(self._above))).most_common(1)
        largest, size = self._largest
        return "train" if root == largest and 2 * size > len(self._above) else split_of(root, key, people)


def split_of(component: str, key: str, people: int) -> Split:
    """Where a component belongs, by a key of the database: the same each time, and no one else can tell."""
    drawn = int.from_bytes(hmac.digest(key.encode(), component.encode(), "sha256")[:8])
    return "test" if people >= LEAST_PEOPLE and drawn < TEST_SHARE * 2**64 else "train"


@dataclass(frozen=True, slots=True, order=True)
class Drawn:
    """An example in a file to be: by the digests of its prompt and of prompt and answer, newest first."""

    prompt: str
    pair: str
    before: int
    """The lower, the newer."""
    id: str
    split: Split
    line: str


def without_repeats(entries: Iterable[Drawn]) -> Iterator[Drawn]:
    """Of sorted entries, each pair once, as it was given last, and in the test no prompt that is trained on."""
    for _, of_prompt in groupby(entries, key=lambda entry: entry.prompt):
        newest = (next(of_pair) for _, of_pair in groupby(of_prompt, key=lambda entry: entry.pair))
        tested: list[Drawn] = []
        is_trained_on = False
        for entry in newest:
            if entry.split == "train":
                is_trained_on = True
                yield entry
            elif not is_trained_on:
                tested.append(entry)
        if not is_trained_on:
            yield from tested
