"""What an endpoint says in place of an answer, without a word of anybody's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from openai import APIStatusError

from bot.errors import BotError
from bot.responders.model.vocabulary import WORDS

MOST_READ, MOST_SAID = 8_000, 240
"""The characters of a body that are looked at, and those of what is kept of it."""
DEEPEST = 8
RUN = 3
"""So many words in a row that somebody wrote are theirs, however plain each of them is."""
LONGEST_NUMBER = 7
_STATUSES = frozenset(map(str, range(400, 600)))
_WORD = re.compile(r"[^\W_]+")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)")
_BETWEEN = re.compile(r"[ _\-.,:;'\"`()\[\]/=]{1,4}")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


class NoAnswer(BotError):
    """A body that came with status 200 is something else than an answer, an error above all."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.body = body


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """`status` is HTTP's, or what an error within a 200 claims to be. `code` and `said` are fit for the log.

    `param` is the field that the endpoint names: a name of the interface's, or ''.
    """

    status: int
    code: str = ""
    param: str = ""
    said: str = ""
    form: Literal["JSON", "text", "a web page", "nothing"] = "JSON"
    """What it came as."""

    @property
    def words(self) -> str:
        """All that it names, in lower case."""
        return f"{self.param} {self.code} {self.said}".lower()

    @classmethod
    def of(cls, error: Exception, sent: Iterable[str]) -> Objection | None:
        """What an error tells, if the endpoint said anything; `sent` are the texts that the request held."""
        if isinstance(error, NoAnswer):
            return cls.read(200, error.body, sent)
        if isinstance(error, APIStatusError):
            return cls.read(error.status_code, error.response.text, sent)
        return None

    @classmethod
    def read(cls, status: int, text: str, sent: Iterable[str]) -> Objection:
        """From the body of a response that is no answer."""
        text = text.strip()
        if text.startswith("<"):
            title = _TITLE.search(text[:MOST_READ])
            return cls(status=status, form="a web page", said=what_was_said(title[1] if title else "", sent))
        try:
            return cls.of_json(status, json.loads(text), sent)
        except (ValueError, RecursionError):
            return cls(status=status, form="text" if text else "nothing", said=what_was_said(text, sent))

    @classmethod
    def of_json(cls, status: int, body: Any, sent: Iterable[str]) -> Objection:
        """From a body that has been read, or from what stands in its place within a stream."""
        body = body[0] if isinstance(body, list) and body else body
        told = body.get("error", body) if isinstance(body, dict) else body
        fields: Mapping[str, Any] = told if isinstance(told, dict) else {}
        code, param = fields.get("code"), fields.get("param")
        if status == 200 and str(code) in _STATUSES:
            status = int(str(code))
        rest = {name: value for name, value in fields.items() if name not in ("code", "param", "message")}
        texts = " ".join(_texts([fields.get("message"), rest] if fields else told))
        sent = tuple(sent)
        return cls(
            status=status,
            code=_code(code, sent) if str(code) != str(status) else "",
            param=what_was_said(param, sent) if isinstance(param, str) else "",
            said=what_was_said(texts, sent),
        )


def what_was_said(text: str, sent: Iterable[str]) -> str:
    """The words of a text that are interfaces' own, shortened; what is left out is an ellipsis.

    That no word of a person's is among them holds by construction: only those of a fixed list stay, and numbers that
    are in nothing that was sent; of these none stays that stands in a row of three as it does in what was sent.
    """
    matches = list(_WORD.finditer(text[:MOST_READ]))
    words = [match[0].lower() for match in matches]
    theirs, runs = _theirs(tuple(sent))
    hidden = {i + k for i in range(len(words)) if tuple(words[i : i + RUN]) in runs for k in range(RUN)}
    said, end = "", 0
    for number, (match, word) in enumerate(zip(matches, words, strict=True)):
        is_number = word.isascii() and word.isdecimal() and len(word) <= LONGEST_NUMBER and word not in theirs
        if number in hidden or not (word in WORDS or is_number):
            continue
        between = text[end : match.start()]
        said += between if _BETWEEN.fullmatch(between) else (" " if between.isspace() or not between else " … ")
        said, end = said + match[0], match.end()
        if len(said) > MOST_SAID:
            return f"{said[:MOST_SAID].rstrip()}…".strip()
    is_whole = not said or end == matches[-1].end()
    return said.strip() if is_whole else f"{said} …".strip()


def _code(code: object, sent: tuple[str, ...]) -> str:
    """A code, if it is nothing but words of interfaces, or a number."""
    said = what_was_said(str(code), sent) if isinstance(code, str | int) and not isinstance(code, bool) else ""
    return "" if "…" in said else said


@lru_cache(maxsize=1)
def _theirs(sent: tuple[str, ...]) -> tuple[frozenset[str], frozenset[tuple[str, ...]]]:
    """The words that were sent, and all rows of them."""
    words: set[str] = set()
    runs: set[tuple[str, ...]] = set()
    for text in sent:
        for written in (text, _ESCAPE.sub(" ", text)):
            found = [word.lower() for word in _WORD.findall(written)]
            words.update(found)
            runs.update(zip(*(found[k:] for k in range(RUN)), strict=False))
    return frozenset(words), frozenset(runs)


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """All texts in a value, wherever endpoints put what they say."""
    if isinstance(value, str):
        yield value
    elif depth < DEEPEST and isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner, depth + 1)
