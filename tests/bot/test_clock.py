"""Time and randomness come from one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import jittered, millis, moment, new_code, new_id, new_token
from tests.house import CHECKOUT

ASKING = {"random", "secrets", "time"}
ASKED_BY = {
    "bot/clock.py": {"random", "secrets", "time", "uuid4"},
    "storage/postgres/fence.py": {"time", "secrets"},  # a lease is lost by a clock that nobody sets; its name is new
    "storage/postgres/engine.py": {"monotonic"},  # how long ago something was, on a thread without an event loop
}
"""Modules that ask the machine."""
ASKING_NAMES = {"now", "utcnow", "today", "uuid1", "uuid4", "urandom"}
"""What other modules have that does."""
FOLDERS = sorted({path.parent for room in ("bot", "middleware", "storage") for path in (CHECKOUT / room).rglob("*.py")})


def asked(tree: ast.AST) -> Iterator[str]:
    """What a file asks the machine for its time or its randomness by."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name in ASKING)
            case ast.ImportFrom(module=module, names=names):
                yield from (alias.name for alias in names if module in ASKING or alias.name in ASKING_NAMES)
            case ast.Attribute(value=ast.Name(id="datetime" | "date" | "uuid" | "os"), attr=attr):
                yield from [attr] if attr in ASKING_NAMES else []


def named(path: Path) -> str:
    """A file or folder as it is called here."""
    return path.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_only_the_clock_asks_the_machine_for_time_or_randomness(folder: Path) -> None:
    """So that a test decides both."""
    found = {named(source): set(asked(ast.parse(source.read_text(encoding="utf-8")))) for source in folder.glob("*.py")}
    assert {source: asks for source, asks in found.items() if asks != ASKED_BY.get(source, set())} == {}


@settings(deadline=None)
@given(st.integers(1, 1000), st.floats(0.1, 60))
def test_a_delay_grows_up_to_a_limit_and_differs(tries: int, first_s: float) -> None:
    """Doubled with each try, less a half at most."""
    whole = min(30.0, first_s * 2.0 ** min(tries - 1, 16))
    assert whole / 2 <= jittered(first_s, tries) <= whole


@settings(deadline=None)
@given(st.integers(0, 253402300799999))
def test_an_instant_is_the_same_in_milliseconds(ms: int) -> None:
    """Both ways, in UTC."""
    assert millis(moment(ms)) == ms
    assert moment(ms).utcoffset() == datetime.min - datetime.min


def test_what_is_drawn_differs_and_has_its_form() -> None:
    """Ids and tokens for programs, codes for people to read out."""
    for draw, length, alphabet in ((new_id, 32, "0123456789abcdef"), (new_token, 32, "0123456789abcdef")):
        assert len({draw() for _ in range(100)}) == 100
        assert (len(draw()), set(draw()) - set(alphabet)) == (length, set())
    codes = [new_code() for _ in range(1000)]
    assert {len(code) for code in codes} == {8}
    assert "".join(sorted(set("".join(codes)))) == "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
    assert len(set(codes)) == 1000, "40 bits"
