"""A text in parts that Telegram takes, cut where a reader would pause.

Markdown is cut by the same `Cutter` in middleware/replies/rich_text.py; outbox.py makes a row of each part.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from storage.text import clean

__all__ = ["LIMIT", "Block", "Cutter", "clean", "is_visible", "split", "utf16_length"]

LIMIT = 4096  # UTF-16 code units
_LONGEST_CLUSTER = 32  # code points kept together at most, so that a heap of accents cannot stop a cut

# Blanks to cut at, or the place after a full stop of a script that writes no blanks.
_BREAK = re.compile(
    r"(?P<sentence>(?:(?<=[.!?…؟۔।。！？])|(?<=[.!?…؟][\"'”’»)\]]))[^\S\u00a0\u2007\u202f]+"
    r"|(?<=[。！？])(?![\s。！？」』”’）]))"
    r"|[^\S\u00a0\u2007\u202f]+"
)
_BLANK = re.compile(r"\s*")
_FENCE = re.compile(r"^([ \t]*)(`{3,})([^`\n]*)$", re.MULTILINE)
_INNER_WORD, _INNER_SENTENCE, _WORD, _SENTENCE, _LINE, _PARAGRAPH = range(6)


def utf16_length(text: str) -> int:
    """Return the length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_visible(text: str) -> bool:
    """True if there is more to it than blanks and zero-width characters, which Telegram refuses on their own."""
    return any(not (c.isspace() or c == "\u2800" or unicodedata.category(c) in ("Cc", "Cf")) for c in text)


def split(text: str, limit: int = LIMIT) -> tuple[str, ...]:
    """Cut a text into parts of at most `limit` (2 or more) UTF-16 units; a blank text has none.

    Cuts fall at a paragraph, else a line, a sentence, a word, else anywhere but inside a character, and drop
    only the white space around them. A fenced code block that is cut is closed and opened again; it is taken
    for plain text if its fences alone fill half a part, and one that is never closed is closed at the end.
    """
    if limit < 2:
        raise ValueError(f"A part of {limit} UTF-16 units cannot hold every character.")
    text = clean(text)
    if utf16_length(text) <= limit:
        return (text,) if text.strip() else ()
    fences = [fence for fence in _fences(text) if fence.overhead <= limit // 2]
    if fences and fences[-1].stop == len(text):  # as when a model ran out of tokens
        text += fences[-1].closing
        fences[-1] = replace(fences[-1], end=len(text))
    return tuple(Cutter(text, limit, fences).parts())


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A stretch to be kept whole, or else a block in each part: from `start` to `end`, its text from `body` to `stop`.

    `opening` begins a part that goes on with it.
    """

    start: int
    body: int
    stop: int
    end: int
    opening: str = ""

    def closing_in(self, inside: "Block | None") -> str:
        """The end of it where it is cut, in a part that goes on with `inside`."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence(Block):
    """A fenced code block, from its first line to its last."""

    indent: str
    ticks: str

    @property
    def closing(self) -> str:
        """The end of the block where its first line stands in the same part."""
        return f"\n{self.indent}{self.ticks}"

    def closing_in(self, inside: Block | None) -> str:
        """As of any block: without its indentation if it is itself what the part goes on with."""
        return f"\n{self.ticks}" if inside is self else self.closing

    @property
    def overhead(self) -> int:
        """UTF-16 units that a cut costs, or that the first line takes."""
        return utf16_length(self.indent + self.opening + self.closing)


def _fences(text: str) -> Iterator[_Fence]:
    """Yield the code blocks in order; one that is never closed reaches to the end."""
    first: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        if first is None:
            first = line
        elif line[2].startswith(first[2]) and not line[3].strip():
            yield _fence(first, line.start() - 1, line.end(2))
            first = None
    if first is not None and text[first.end() :].strip():
        yield _fence(first, len(text), len(text))


def _fence(first: re.Match[str], stop: int, end: int) -> _Fence:
    return _Fence(
        start=first.start(),
        body=first.end(),
        stop=stop,
        end=end,
        opening=f"{first[2]}{first[3].rstrip()}\n",
        indent=first[1],
        ticks=first[2],
    )


class Cutter:
    """Cuts one text into parts of at most `limit` UTF-16 units; all positions are indices into it.

    Blocks and phrases are in order and apart from each other. A phrase is cut between its words only where there
    is no other place. `bound` gives how far a part from an index may reach for other reasons.
    """

    def __init__(
        self,
        text: str,
        limit: int,
        blocks: Sequence[Block] = (),
        phrases: Sequence[tuple[int, int]] = (),
        bound: Callable[[int], int] | None = None,
    ) -> None:
        self.text = text
        self.limit = limit
        self.blocks = blocks
        self.phrases = phrases
        self.bound = bound
        self._starts = [block.start for block in blocks]
        self._phrase_starts = [start for start, _ in phrases]

    def parts(self) -> Iterator[str]:
        """Yield the parts in order."""
        return (self._part(at, cut) for at, cut in self.cuts())

    def cuts(self) -> Iterator[tuple[int, int]]:
        """Yield from where to where each part goes; blanks at its end are not meant to be kept."""
        at = 0
        while (first := self._skip(at)) < len(self.text):
            inside = self._inside(at)
            end = self._reach(at, inside.opening if inside else "")
            if end == len(self.text):
                yield at, end
                return
            cut, filled = self._cut(at, first, end) if first < end else (first, False)
            if filled:
                yield at, cut
            at = self._resume(cut)

    def _cut(self, at: int, first: int, end: int) -> tuple[int, bool]:
        """Return where a part that can reach `end` ends, and whether more than blanks stands before that."""
        block = self._around(end)
        if block is None:
            return self._best(first, end, range(0)) or self._hard(first, end), True
        code = max(first, self._skip(block.body))
        inside = self._inside(at)
        top = min(block.stop, self._reach(at, inside.opening if inside else "", block.closing_in(inside)))
        follows_text = block.start > first
        if follows_text and (code >= top or self._fits(block)):
            return self._best(first, end, range(0)) or block.start, True
        if code >= top:
            return max(first, block.body), False
        return self._best(first, end, range(code + 1, top + 1)) or self._hard(code, top), True

    def _best(self, first: int, end: int, code: range) -> int | None:
        """Return the last of the best places up to `end`: outside code, or at those of `code`."""
        best, best_rank = None, _INNER_WORD
        for blank in _BREAK.finditer(self.text, first + 1, end + 1):
            place, rank = blank.start(), self._rank(blank, end)
            if rank >= best_rank and place <= end and (place in code or self._around(place) is None):
                best, best_rank = place, rank
        return best

    def _rank(self, blank: re.Match[str], end: int) -> int:
        stop = blank.end() if blank.end() <= end else self._skip(blank.start())
        lines = self.text.count("\n", blank.start(), stop)
        if lines:
            return _PARAGRAPH if lines > 1 else _LINE
        rank = _WORD if blank["sentence"] is None else _SENTENCE
        return rank - 2 if self._is_inner(blank.start()) else rank

    def _is_inner(self, place: int) -> bool:
        """Tell whether a cut at `place` would cut a phrase."""
        number = bisect_left(self._phrase_starts, place) - 1
        return number >= 0 and place < self.phrases[number][1]

    def _hard(self, first: int, end: int) -> int:
        """Return the last place after `first` and up to `end` that splits no cluster, else `end`."""
        places = range(end, max(first, end - _LONGEST_CLUSTER), -1)
        return next((place for place in places if not _joined(self.text, first, place)), end)

    def _part(self, at: int, cut: int) -> str:
        inside, cut_block = self._inside(at), self._around(cut)
        text = self.text[at:cut]
        if inside and cut >= inside.end:
            # Without the indentation that the opening lost, which would keep it from closing.
            text = f"{self.text[at : inside.stop]}{inside.closing_in(inside)}{self.text[inside.end : cut]}"
        if cut < len(self.text):
            text = text.rstrip()
        if cut_block:
            text += cut_block.closing_in(inside)
        return inside.opening + text if inside else text

    def _resume(self, cut: int) -> int:
        """Return where the next part begins: after the blanks, but in code with its line's indentation."""
        block, follow = self._around(cut), self._skip(cut)
        if block is None:
            return follow
        if follow >= block.stop:
            return self._skip(block.end)
        return self.text.rfind("\n", cut, follow) + 1 or follow

    def _skip(self, at: int) -> int:
        blank = _BLANK.match(self.text, at)
        return blank.end() if blank else at

    def _reach(self, at: int, *extra: str) -> int:
        """Return how far a part from `at` can go when `extra` goes with it."""
        units = self.limit - sum(map(utf16_length, extra))
        window = self.text[at : at + units].encode("utf-16-le")[: 2 * units]
        reach = at + len(window.decode("utf-16-le", "ignore"))  # ignoring half a pair at the end
        return reach if self.bound is None else min(reach, self.bound(at))

    def _around(self, place: int) -> Block | None:
        """Return the block that a cut at `place` would cut in two."""
        number = bisect_left(self._starts, place) - 1
        return self.blocks[number] if number >= 0 and place < self.blocks[number].end else None

    def _inside(self, at: int) -> Block | None:
        """Return the block that a part beginning at `at` goes on with."""
        block = self._around(at)
        return block if block and at > block.body else None

    def _fits(self, block: Block) -> bool:
        size = block.end - block.start
        return size <= self.limit and utf16_length(self.text[block.start : block.end]) <= self.limit


def _joined(text: str, first: int, place: int) -> bool:
    """Tell whether a cut at `place` would split what is shown as one character."""
    before, after = text[place - 1], text[place]
    if before == "\u200d" or after == "\u200d" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if _is_flag_letter(before) and _is_flag_letter(after):
        letters = next((n for n in range(place - first) if not _is_flag_letter(text[place - 1 - n])), place - first)
        return letters % 2 == 1
    return unicodedata.category(after).startswith("M") or "\U000e0020" <= after <= "\U000e007f"


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
