"""JSON that was right once: parts removed, doubled, of other types, from elsewhere, too deep, too large."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

Holder = Any
"""An object or a list, of which something is changed."""
HUGE = (2**31, 2**52, 2**53 + 1, 2**62, 2**63 - 1, 2**63, 2**64, 10**30)
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2.0, 2.5, -0.0, 1e300, float("nan"), float("inf")),
    *(number for huge in HUGE for number in (huge, -huge, -huge - 1)),
    *(
        "",
        "\x00",
        "\ud83d",
        "\ude00\ud83d",
        "😀",
        "/",
        "/stop@polar_test_bot",
        "5",
        "true",
        "\u202e",
        "\u2028",
        "e\u0301",
    ),
    *("a" * 5_000, "\\u0000", '"}],"chat":{"id":1}', "[DONE]", "\n\ndata: {}\n\n", "private", "stop", "error"),
    *([], {}, [[]], [None], {"": None}, [{}], {"id": 7}, {"type": "text", "text": "x"}),
)
_WORDS = ("\x00", "\ud83d", "\ude00", "😀", "\u202e", '"', "\\", "\n", "@polar_test_bot", "/ping", "\r", "`", "<", "ı")
_RAW = (
    *("[" * 400 + "]" * 400, '{"a":' * 400 + "1" + "}" * 400, "[" * 20_000 + "]" * 20_000),
    *("1" * 5_000, "-" + "9" * 25, "1e999", "1E400", "-1e-999", "7.0", "7e0", "-0", "NaN", "-Infinity", "0.1e1"),
    *('"\\ud83d\\ude00"', '"\\ude00"', '"\\u0000"', '"\\/ping"', '"\\u002fping"'),
)
"""What no value of Python's is written as."""
_MARK = re.compile(r'"@@raw(\d+)@@"')
_KEY = re.compile(rb'"[a-z_]{2,30}":')
_BYTES = (
    b"\xff",
    b"\x00",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b'"',
    b"{",
    b"}",
    b"]",
    b",",
    b"\\",
    b"\\ud83d",
    b"\xc3",
    b" ",
)


class Mutator:
    """Draws all it does from one chance, so that the same seed makes the same inputs.

    `donors` are values whose parts are put elsewhere, `names` the keys that mean something.
    """

    def __init__(self, chance: random.Random, donors: Sequence[str], names: Sequence[str]) -> None:
        self.chance = chance
        self._donors = donors
        self._names = names
        self._changes: tuple[tuple[int, Callable[[Holder, Any], None]], ...] = (
            (14, self._remove),
            (22, self._replace),
            (8, self._double),
            (14, self._graft),
            (7, self._wrap),
            (5, self._rename),
            (18, self._nudge),
            (6, self._put_raw),
        )
        self._weights = [weight for weight, _ in self._changes]

    def tree(self, written: str, most: int = 4) -> Any:
        """A value that differs from this JSON in one place, or in several."""
        value = json.loads(written)
        for _ in range(self.chance.randint(1, most)):
            places = places_in(value)
            if not places:
                break
            holder, key = self.chance.choice(places)
            [(_, change)] = self.chance.choices(self._changes, self._weights)
            change(holder, key)
        return value

    def write(self, value: Any) -> bytes:
        """It as JSON, in one of the ways in which that is written."""
        is_ascii = self.chance.random() < 0.7
        separators = (",", ":") if self.chance.random() < 0.5 else None
        text = json.dumps(value, ensure_ascii=is_ascii, separators=separators)
        text = _MARK.sub(lambda mark: _RAW[int(mark[1])], text)
        return text.encode("utf-8", "surrogatepass")

    def spoil(self, body: bytes) -> bytes:
        """Bytes that differ in one place: of which most are no JSON any more."""
        place = self.chance.randrange(len(body) + 1)
        end = min(len(body), place + self.chance.randrange(1, 40))
        act = self.chance.randrange(4)
        if act == 0:
            return body[:place] + self.chance.choice(_BYTES) + body[place:]
        if act == 1:
            return body[:place] + body[end:]
        if act == 2:
            return body[:end] + body[place:]
        keys = list(_KEY.finditer(body))
        if not keys:
            return body[:place]
        key = self.chance.choice(keys)
        odd = json.dumps(self.chance.choice(ODD)).encode()
        return body[: key.start()] + key[0] + odd + b"," + body[key.start() :]

    def odd(self) -> Any:
        """A value that belongs nowhere, or seldom."""
        return json.loads(json.dumps(self.chance.choice(ODD)))

    # Each changes what is at one place

    def _remove(self, holder: Holder, key: Any) -> None:
        del holder[key]

    def _replace(self, holder: Holder, key: Any) -> None:
        holder[key] = self.odd()

    def _put_raw(self, holder: Holder, key: Any) -> None:
        holder[key] = f"@@raw{self.chance.randrange(len(_RAW))}@@"

    def _double(self, holder: Holder, key: Any) -> None:
        copied = _copied(holder[key])
        if isinstance(holder, list):
            holder[key:key] = [copied] * self.chance.choice((1, 1, 2, 40))
        else:
            holder[self.chance.choice(self._names)] = copied

    def _graft(self, holder: Holder, key: Any) -> None:
        donor = json.loads(self.chance.choice(self._donors))
        source, name = self.chance.choice(places_in(donor))
        if isinstance(holder, dict) and isinstance(name, str) and self.chance.random() < 0.6:
            key = name
        holder[key] = source[name]

    def _wrap(self, holder: Holder, key: Any) -> None:
        value = holder[key]
        ways: tuple[Any, ...] = ([value], {self.chance.choice(self._names): value}, [[value], value], json.dumps(value))
        holder[key] = self.chance.choice(ways)

    def _rename(self, holder: Holder, key: Any) -> None:
        if isinstance(holder, dict):
            holder[self.chance.choice(self._names)] = holder.pop(key)

    def _nudge(self, holder: Holder, key: Any) -> None:
        """Something near: the same number as another type, a text with something in it."""
        value = holder[key]
        if isinstance(value, str):
            holder[key] = self._text(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            near = (value + 1, value - 1, -value, float(value), str(value), bool(value), *HUGE)
            holder[key] = self.chance.choice(near)
        else:
            self._replace(holder, key)

    def _text(self, text: str) -> str:
        place = self.chance.randrange(len(text) + 1)
        word = self.chance.choice(_WORDS) * self.chance.choice((1, 1, 1, 2, 300))
        return self.chance.choice((text[:place] + word + text[place:], text[:place], text * 3, word, word + text))


def places_in(value: Any) -> list[tuple[Holder, Any]]:
    """Each place within a value: what holds it, and its key there."""
    found: list[tuple[Holder, Any]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found


def _copied(value: Any) -> Any:
    return json.loads(json.dumps(value))
