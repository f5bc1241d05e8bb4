"""The bot's own words: one catalogue, a file a language (middleware/languages/<language>.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from middleware.failures import MiddlewareError

DEFAULT = "en"
_FOLDER = files("middleware").joinpath("languages")
_language = DEFAULT


class NoSuchLanguage(MiddlewareError, ValueError):
    """There is no catalogue of this language."""

    def __init__(self, language: str) -> None:
        super().__init__(f"there are no texts in {language!r}; there are: {', '.join(languages())}")


def languages() -> tuple[str, ...]:
    """The languages that have a file, by name."""
    return tuple(sorted(f.name[:-5] for f in _FOLDER.iterdir() if f.name.endswith(".toml")))


def use(language: str) -> None:
    """Speak this language from now on; raises NoSuchLanguage."""
    global _language
    if language not in languages():
        raise NoSuchLanguage(language)
    _language = language


def say(key: str, **values: object) -> str:
    """The text of a key like `memory.noted`, its {placeholders} filled in.

    A text that a language lacks is said in English. Raises KeyError for a key or a placeholder that no file has.
    """
    catalogue = texts(_language)
    template = catalogue[key] if key in catalogue else texts(DEFAULT)[key]
    return template.format(**values) if values else template


def say_count(key: str, count: int) -> str:
    """A number of things: the text `<key>.one`, or `<key>.many`."""
    return say(f"{key}.{'one' if count == 1 else 'many'}", count=f"{count:,}")


def say_span(seconds: int) -> str:
    """A length of time, in days, hours, minutes and seconds, without those that are none."""
    minutes, seconds = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = (("days", days), ("hours", hours), ("minutes", minutes), ("seconds", seconds))
    said = [say(f"duration.{unit}", count=count) for unit, count in parts if count]
    return " ".join(said) or say("duration.seconds", count=0)


def shorten(text: str, length: int) -> str:
    """One line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


@cache
def texts(language: str) -> Mapping[str, str]:
    """All texts of a language by key."""
    source = _FOLDER.joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat(tomllib.loads(source), ""))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
