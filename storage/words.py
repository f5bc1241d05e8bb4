"""The words that a text is found by: the same at writing and at reading, whatever index there is.

Case, accents and width make no difference. Scripts that leave no blanks between words are cut into pairs of characters.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

Spellings = tuple[str, ...]
"""A word that is looked for, and the other ways in which it may have been written."""

# Han, kana and hangul; Thai, Lao, Tibetan, Burmese and Khmer.
_PAIRED = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_PAIRED += "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
# Vowel signs and the like, without which words of Indic scripts fall apart.
_MARKS = "".join(chr(code) for code in range(0x300, 0x2000) if unicodedata.category(chr(code)).startswith("M"))
_WORD = rf"(?:[^\W_{_PAIRED}][{_MARKS}]*)+"
_JOINT = "[-\u2010\u2011/.'\u2019_]"
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
# Not the colours of skin, which stand behind another one.
_PICTURE = "[\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"
_CHUNK = re.compile(rf"(?P<paired>[{_PAIRED}]+)|(?P<joined>{_WORD}(?:{_JOINT}{_WORD})*)|{_FLAG}|{_PICTURE}")
_JOINTS = re.compile(_JOINT)
_MIXED = re.compile(r"\d[^\W\d]|[^\W\d]\d")
_LETTERS_OR_DIGITS = re.compile(r"[^\W\d]+|\d+")
# Letters that are none with an accent, and signs that nobody sees.
_PLAIN = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t", "ı": "i"}
    | dict.fromkeys("\u00ad\u0640\u200c\u200d\u2060\ufeff", "")
)
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_VOICED = "\u3099\u309a"
"""They make other kana, and are no accents."""
_FEWEST_ALIKE, _ALIKE = 4, 0.6
"""Letters, and the part of the longer word, that forms of one word have in common."""
_ESCAPE = "\ue000"
"""In front of the number of a character that an older SQLite may not know to be a letter; it is a letter to all."""
_ESCAPED = re.compile(f"{_ESCAPE}([0-9a-f]{{5}})")


def written(text: str) -> list[str]:
    """The different words of a text that is kept, in all the ways in which somebody may look for them."""
    found: list[str] = []
    for group, spellings in _chunks(text):
        if group == "paired":
            found += (*_pairs(spellings[0]), *spellings[0])
            continue
        for spelling in spellings:
            if spelling.isalpha():  # most are, and then there is nothing to take apart
                found.append(spelling)
                continue
            pieces = _JOINTS.split(spelling)
            found += (*pieces, "".join(pieces))
            found += (part for piece in pieces if _MIXED.search(piece) for part in _LETTERS_OR_DIGITS.findall(piece))
    return list(dict.fromkeys(found))


def sought(text: str) -> list[Spellings]:
    """The different words that a text asks for."""
    found: dict[str, Spellings] = {}
    for group, spellings in _chunks(text):
        if group == "paired":
            found |= {pair: (pair,) for pair in _pairs(spellings[0])}
            continue
        split = [_JOINTS.split(spelling) for spelling in spellings]
        joined = ["".join(pieces) for pieces in split]
        for same in zip(*split, strict=True):
            found[same[0]] = tuple(dict.fromkeys((*same, *joined)))
    return list(found.values())


def is_same(one: str, other: str) -> bool:
    """Whether two words are one, or forms of one: most of it is alike, but for the end."""
    if one == other:
        return True
    longest = max(len(one), len(other))
    needed = max(_FEWEST_ALIKE, longest - 3, math.ceil(_ALIKE * longest))
    return min(len(one), len(other)) >= needed and one[:needed] == other[:needed] and (one + other).isalpha()


def stem(word: str) -> str:
    """The beginning of every word that is the same as this one."""
    return word[: max(_FEWEST_ALIKE, math.ceil(_ALIKE * len(word)))] if word.isalpha() else word


def begins_others(word: str) -> bool:
    """True of what is long enough to be looked for as the beginning of words, however many there are."""
    return len(word) > 2


def has_all(text: str, each: Iterable[Sequence[str]]) -> bool:
    """Whether a text has each of these words in one of its spellings, or words that begin with them."""
    known = written(text)
    return all(
        any(
            word in known or (begins_others(word) and any(other.startswith(word) for other in known))
            for word in spelled
        )
        for spelled in each
    )


def fold(text: str) -> str:
    """In lower case, without accents."""
    return _without_accents(_lower(text))


@lru_cache(maxsize=4096)
def stored(word: str) -> str:
    """A word as every SQLite takes it for one: `unicode61` knows the letters of its own time."""
    if word.isascii():
        return word
    return "".join(sign if _is_known(sign) else f"{_ESCAPE}{ord(sign):05x}" for sign in word)


def read(stored_word: str) -> str:
    """The word that was stored."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), stored_word)


def _chunks(text: str) -> Iterator[tuple[str | None, Spellings]]:
    """What words are made of, each with its kind, as it is and as it is spelled without umlauts."""
    lower = _lower(text)
    plain, spelled_out = _without_accents(lower), _without_accents(lower.translate(_SPELLED_OUT))
    if plain == spelled_out:
        yield from ((match.lastgroup, (match[0],)) for match in _CHUNK.finditer(plain))
        return
    for match, other in zip(_CHUNK.finditer(plain), _CHUNK.finditer(spelled_out), strict=True):
        yield match.lastgroup, tuple(dict.fromkeys((match[0], other[0])))


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)] or [run]


def _lower(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())


def _without_accents(lower: str) -> str:
    if lower.isascii():
        return lower
    parts = unicodedata.normalize("NFKD", lower.translate(_PLAIN))
    kept = "".join(sign for sign in parts if sign in _VOICED or not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", kept)


def _is_known(sign: str) -> bool:
    return unicodedata.ucd_3_2_0.category(sign)[0] in "LN"
