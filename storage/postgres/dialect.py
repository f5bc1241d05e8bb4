"""The statements of the stores, which SQLite takes as they are, as PostgreSQL wants them by psycopg.

It knows tokens and brackets, not grammar: placeholders, a few words that PostgreSQL does not have, and functions with
SQLite's names, which are Polar's own there (`functions.sql`). All else is the same in both, or is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

NAME = "polar"
"""Of PostgreSQL's schema that tables and functions are in."""
USE = f"SET search_path = {NAME}"
"""Each connection begins with it: what the stores say names no schema."""
FUNCTIONS = frozenset(
    {
        "date",
        "hex",
        "json",
        "json_each",
        "json_extract",
        "json_patch",
        "json_quote",
        "json_remove",
        "json_set",
        "json_type",
        "json_valid",
        "randomblob",
        "round",
        "sum",
        "typeof",
    }
)
"""Those of SQLite that PostgreSQL has not, or has with another meaning or for other types."""
_OF_TWO = {"max", "min"}
"""Of several values they are functions, of one they are the aggregates that both have."""
_CASTS = {"integer": "as_integer", "text": "as_text", "blob": "as_blob", "real": "as_real"}
"""Casts that SQLite never refuses: what begins as no number is 0."""
_TOKEN = re.compile(
    r"""
    (?P<text> '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ )
    | (?P<space> \s+ )
    | (?P<name> :[A-Za-z_]\w* )
    | (?P<word> [A-Za-z_]\w* )
    | (?P<other> :: | \d\w*(?:\.\d+)?(?:[eE][-+]?\d+)? | <> | <= | >= | \|\| | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_INSTEAD = {"group_concat": "string_agg", "like": "ILIKE"}
_KEPT_AFTER_IS = {"null", "true", "false", "distinct", "unknown"}
_ENDS_OF_JOIN = {
    "join",
    "cross",
    "left",
    "inner",
    "where",
    "group",
    "order",
    "limit",
    "union",
    "on",
    "having",
    "window",
}


@lru_cache(maxsize=1024)
def translate(sql: str) -> str:
    """The statement for psycopg, to be run with parameters, be it none: `?` is `%s` there, `:name` is `%(name)s`."""
    return "".join(_Tokens([match[0] for match in _TOKEN.finditer(sql)]).translated())


class _Tokens:
    """The tokens of one statement, and where its brackets end."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._lower = [token.lower() for token in tokens]
        self._skipped: set[int] = set()
        self._instead: dict[int, str] = {}
        self._ends = dict(_brackets(tokens))

    def translated(self) -> Iterator[str]:
        """What is to be put together."""
        for place in range(len(self._tokens)):
            self._look_at(place)
        for place, token in enumerate(self._tokens):
            if place not in self._skipped:
                yield self._instead.get(place) or _placeholder(token)

    def _look_at(self, place: int) -> None:
        word = self._lower[place]
        following = self._after(place)
        if word in ("indexed", "not") and self._word(following) == ("by" if word == "indexed" else "indexed"):
            self._skip(place, self._after(following) if word == "indexed" else following)
        elif word == "is":
            self._compare(place, following)
        elif word == "cross" and self._has_condition(following):
            self._skip(place, place)
        elif word == "cast":
            self._cast(place, following)
        elif word == "json_object":
            self._instead[place] = "polar.json_object(json_build_object"
            self._instead[self._ends[following]] = "))"
        elif word == "in" and self._ends.get(following) == self._after(following):
            self._be_empty(place, following)
        elif word in _INSTEAD:
            self._instead[place] = _INSTEAD[word]
        elif self._word(following) == "(" and (word in FUNCTIONS or (word in _OF_TWO and self._first(",", following))):
            self._instead[place] = f"polar.{word}"
            if word == "json_remove":
                self._list_paths(following)

    def _compare(self, place: int, following: int) -> None:
        """`IS` compares any two values in SQLite."""
        is_not = self._word(following) == "not"
        if self._word(self._after(following) if is_not else following) not in _KEPT_AFTER_IS:
            self._instead[place] = "IS DISTINCT FROM" if is_not else "IS NOT DISTINCT FROM"
            if is_not:
                self._skip(following, following)

    def _has_condition(self, join: int) -> bool:
        """SQLite keeps the order of a CROSS JOIN, and lets it have an ON, which PostgreSQL does not."""
        place = self._after(join)
        while self._word(place) and self._word(place) not in _ENDS_OF_JOIN and self._word(place) != ")":
            place = self._after(self._ends.get(place, place))
        return self._word(place) == "on"

    def _cast(self, place: int, bracket: int) -> None:
        end = self._ends[bracket]
        type_ = self._before(end)
        as_ = self._before(type_)
        if (name := _CASTS.get(self._lower[type_])) and self._lower[as_] == "as":
            self._instead[place] = f"polar.{name}"
            self._skip(as_, type_)

    def _be_empty(self, place: int, bracket: int) -> None:
        """`IN ()` is a list without values in SQLite."""
        before = self._before(place)
        is_not = self._lower[before] == "not"
        self._skip(before if is_not else place, self._ends[bracket])
        self._skipped.discard(place)
        self._instead[place] = "<> ALL ('{}')" if is_not else "= ANY ('{}')"

    def _list_paths(self, bracket: int) -> None:
        """PostgreSQL's functions take a hundred arguments at most, so all but the first are a list."""
        if comma := self._first(",", bracket):
            end = self._ends[bracket]
            self._instead |= {comma: ", ARRAY[", end: "])"}

    def _first(self, sign: str, bracket: int) -> int | None:
        """The place of a sign that stands in the bracket, not in one of those within; None if none does."""
        place = self._after(bracket)
        while place < self._ends[bracket]:
            if self._tokens[place] == sign:
                return place
            place = self._after(self._ends.get(place, place))
        return None

    def _skip(self, first: int, last: int) -> None:
        self._skipped.update(range(first, last + 1))

    def _word(self, place: int) -> str:
        return self._lower[place] if place < len(self._lower) else ""

    def _after(self, place: int) -> int:
        place += 1
        while place < len(self._tokens) and _is_blank(self._tokens[place]):
            place += 1
        return place

    def _before(self, place: int) -> int:
        place -= 1
        while place > 0 and _is_blank(self._tokens[place]):
            place -= 1
        return place


def _brackets(tokens: list[str]) -> Iterator[tuple[int, int]]:
    """Each bracket's place, and that of its end."""
    open_: list[int] = []
    for place, sign in enumerate(tokens):
        if sign == "(":
            open_.append(place)
        elif sign == ")" and open_:
            yield open_.pop(), place


def _is_blank(token: str) -> bool:
    return token.isspace() or token.startswith(("--", "/*"))


def _placeholder(word: str) -> str:
    if word == "?":
        return "%s"
    if word[0] == ":" and word not in ("::", ":"):
        return f"%({word[1:]})s"
    return word.replace("%", "%%")
