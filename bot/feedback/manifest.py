"""The list of what is in a dataset: the id of each example with the digest of its line, and those that are gone."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

NAME = "manifest.json"
_LISTED = re.compile(rb'"([a-z-]+/[0-9a-f]+)"\s*:\s*"([0-9a-f]{64})"')
"""An example in the list, however a program has laid it out since."""
_OURS = re.compile(rb'"freshIds"\s*:')
"""What the manifest of nothing else has."""


def listed(path: Path) -> Iterator[str]:
    """The examples that the manifest of a former dataset lists, those that were gone already too; none without one."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            for found in _LISTED.finditer(text):
                yield listing(found[1].decode(), found[2].decode())
    except (FileNotFoundError, ValueError):  # the latter for an empty file
        return


def is_there(path: Path) -> bool:
    """True if this is the manifest of a dataset of ours. Raises OSError."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            return _OURS.search(text) is not None
    except (FileNotFoundError, ValueError):
        return False


def listing(name: str, digest: str) -> str:
    """An example as one line; `name` is its form and its id."""
    return f"{name}\t{digest}"


def name_of(listed: str) -> str:
    """The name in a listing."""
    return listed.partition("\t")[0]


def withdrawn(former: Iterable[str], present: Iterable[str]) -> Iterator[str]:
    """Of sorted listings those whose name is not among the present ones, each once."""
    names = groupby(present, key=name_of)
    present_name: str | None = ""
    for name, same in groupby(former, key=name_of):
        while present_name is not None and present_name < name:
            present_name = next((found for found, _ in names), None)
        if present_name != name:
            yield next(same)


def lines(facts: Mapping[str, Any], present: Iterable[str], gone: Iterable[str]) -> Iterator[str]:
    """The file, a line an example, so that it can be compared by lines too."""
    yield "{"
    for name, value in facts.items():
        yield f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},"
    yield '"lines": {'
    yield from _members(present)
    yield "},"
    yield '"withdrawn": {'
    yield from _members(gone)
    yield "}"
    yield "}"


def _members(listings: Iterable[str]) -> Iterator[str]:
    before = ""
    for found in listings:
        if before:
            yield f"{before},"
        name, _, digest = found.partition("\t")
        before = f'"{name}": "{digest}"'
    if before:
        yield before
