"""Fields of JSON that others may have written: each is of the kind that is expected, or an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.json_text import read_object

_LATEST_MS = 253_402_300_799_999
"""The end of the year 9999."""


def typed(content: Mapping[str, Any], key: str, *types: type) -> Any:
    """A value of exactly one of these types; raises KeyError and TypeError."""
    value = content[key]
    if type(value) not in types:  # a bool is no number here
        raise TypeError(key)
    return value


def object_of(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An object that stands there as text; raises KeyError and TypeError."""
    value = read_object(typed(content, key, str))
    if value is None:
        raise TypeError(key)
    return value


def one_of(content: Mapping[str, Any], key: str, *values: str) -> str:
    """One of these texts; raises KeyError and ValueError."""
    value = content[key]
    if value not in values:
        raise ValueError(key)
    return str(value)


def instant(value: object) -> int:
    """A time in milliseconds, until the year 9999; raises TypeError."""
    if type(value) is not int or not 0 <= value <= _LATEST_MS:
        raise TypeError("instant")
    return value
