"""JSON as columns hold it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.json import Encoder

_encode = Encoder(order="sorted").encode


def encode(value: Mapping[str, Any] | None) -> str | None:
    """Canonical JSON: sorted keys, no blanks, so that equal values are equal text; None stays NULL."""
    return None if value is None else _encode(value).decode()


def encode_list(values: Sequence[Any]) -> str:
    """As `encode`, of a list."""
    return _encode(values).decode()


def read_value(text: str | bytes | None) -> Any:
    """The value of a column, None for NULL; raises ValueError for what is no JSON, and for what no program can read."""
    try:
        return json.loads(text or "null")
    except (TypeError, RecursionError) as error:
        raise ValueError("it cannot be read as JSON") from error


def read_object(text: str | bytes | None) -> Mapping[str, Any] | None:
    """A JSON object; None for NULL, and for what another program left there that is none."""
    try:
        value = read_value(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
