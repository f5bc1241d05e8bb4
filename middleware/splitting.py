"""A text in parts that Telegram takes, cut where a reader would pause."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from storage.text import clean

__all__ = ["LIMIT", "clean", "split", "utf16_length"]

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
_WORD, _SENTENCE, _LINE, _PARAGRAPH = range(4)


def utf16_length(text: str) -> int:
    """Return the length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


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
    return tuple(_Splitter(text, limit, fences).parts())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence:
    """A fenced code block: its first line at `start`, its code from `body` to `stop`, its last line to `end`."""

    start: int
    body: int
    stop: int
    end: int
    opening: str
    indent: str
    ticks: str

    @property
    def closing(self) -> str:
        """What ends the block where its first line stands in the same part."""
        return f"\n{self.indent}{self.ticks}"

    def closing_in(self, inside: "_Fence | None") -> str:
        """What ends it in a part that goes on with `inside`: without its indentation if that is itself."""
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


class _Splitter:
    """Cuts one text; all positions are indices into it."""

    def __init__(self, text: str, limit: int, fences: Sequence[_Fence]) -> None:
        self.text = text
        self.limit = limit
        self.fences = fences
        self.starts = [fence.start for fence in fences]

    def parts(self) -> Iterator[str]:
        """Yield the parts in order."""
        at = 0
        while (first := self._skip(at)) < len(self.text):
            inside = self._inside(at)
            end = self._reach(at, inside.opening if inside else "")
            if end == len(self.text):
                yield self._part(at, end)
                return
            cut, filled = self._cut(at, first, end) if first < end else (first, False)
            if filled:
                yield self._part(at, cut)
            at = self._resume(cut)

    def _cut(self, at: int, first: int, end: int) -> tuple[int, bool]:
        """Return where a part that can reach `end` ends, and whether more than blanks stands before that."""
        fence = self._around(end)
        if fence is None:
            return self._best(first, end, range(0)) or self._hard(first, end), True
        code = max(first, self._skip(fence.body))
        inside = self._inside(at)
        top = min(fence.stop, self._reach(at, inside.opening if inside else "", fence.closing_in(inside)))
        follows_text = fence.start > first
        if follows_text and (code >= top or self._fits(fence)):
            return self._best(first, end, range(0)) or fence.start, True
        if code >= top:
            return max(first, fence.body), False
        return self._best(first, end, range(code + 1, top + 1)) or self._hard(code, top), True

    def _best(self, first: int, end: int, code: range) -> int | None:
        """Return the last of the best places up to `end`: outside code, or at those of `code`."""
        best, best_rank = None, _WORD
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
        return _WORD if blank["sentence"] is None else _SENTENCE

    def _hard(self, first: int, end: int) -> int:
        """Return the last place after `first` and up to `end` that splits no cluster, else `end`."""
        places = range(end, max(first, end - _LONGEST_CLUSTER), -1)
        return next((place for place in places if not _joined(self.text, first, place)), end)

    def _part(self, at: int, cut: int) -> str:
        inside, cut_block = self._inside(at), self._around(cut)
        text = self.text[at:cut]
        if inside and cut >= inside.end:
            # Without the indentation that the opening lost, which would keep it from closing.
            text = f"{self.text[at : inside.stop]}\n{inside.ticks}{self.text[inside.end : cut]}"
        if cut < len(self.text):
            text = text.rstrip()
        if cut_block:
            text += cut_block.closing_in(inside)
        return inside.opening + text if inside else text

    def _resume(self, cut: int) -> int:
        """Return where the next part begins: after the blanks, but in code with its line's indentation."""
        fence, follow = self._around(cut), self._skip(cut)
        if fence is None:
            return follow
        if follow >= fence.stop:
            return self._skip(fence.end)
        return self.text.rfind("\n", cut, follow) + 1 or follow

    def _skip(self, at: int) -> int:
        blank = _BLANK.match(self.text, at)
        return blank.end() if blank else at

    def _reach(self, at: int, *extra: str) -> int:
        """Return how far a part from `at` can go when `extra` goes with it."""
        units = self.limit - sum(map(utf16_length, extra))
        window = self.text[at : at + units].encode("utf-16-le")[: 2 * units]
        return at + len(window.decode("utf-16-le", "ignore"))  # ignoring half a pair at the end

    def _around(self, place: int) -> _Fence | None:
        """Return the code block that a cut at `place` would cut in two."""
        number = bisect_left(self.starts, place) - 1
        return self.fences[number] if number >= 0 and place < self.fences[number].end else None

    def _inside(self, at: int) -> _Fence | None:
        """Return the code block that a part beginning at `at` goes on with."""
        fence = self._around(at)
        return fence if fence and at > fence.body else None

    def _fits(self, fence: _Fence) -> bool:
        size = fence.end - fence.start
        return size <= self.limit and utf16_length(self.text[fence.start : fence.end]) <= self.limit


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
