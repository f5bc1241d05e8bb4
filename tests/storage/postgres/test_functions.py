"""SQLite's functions on PostgreSQL do what they do on SQLite, for what the stores give them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.postgres import connections
from storage.postgres.dialect import translate
from tests import cluster, examples

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
INTEGER = st.integers(-(2**63), 2**63 - 1)
REAL = st.floats(allow_nan=False, allow_infinity=False)
ATOM = st.one_of(st.none(), st.booleans(), INTEGER, TEXT)
KEY = st.sampled_from(["a", "b", "c", "run", "é"])
VALUE = st.recursive(
    ATOM, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3), max_leaves=8
)
OBJECT = st.dictionaries(KEY, VALUE, max_size=4)
STEP = st.one_of(KEY.map(".{}".format), st.integers(0, 2).map("[{}]".format))
PATH = st.lists(STEP, min_size=1, max_size=3).map(lambda steps: "$" + "".join(steps))
MEMBER = st.lists(KEY.map(".{}".format), min_size=1, max_size=3).map(lambda steps: "$" + "".join(steps))

Ask = Callable[..., None]


def json_text(value: Any) -> str:
    """As columns hold it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@pytest.fixture(scope="module")
def same(server: str, template: str) -> Iterator[Ask]:
    """Ask both for the value of an expression; they say the same."""
    with (
        cluster.database(server, template) as url,
        psycopg.connect(url, autocommit=True) as postgres,
        closing(sqlite3.connect(":memory:")) as sqlite,
    ):
        connections.register(postgres.adapters)

        def compare(expression: str, *params: Any) -> None:
            sql = f"SELECT {expression}"
            expected = sqlite.execute(sql, params).fetchall()
            assert postgres.execute(translate(sql), params).fetchall() == expected

        yield compare


@given(document=OBJECT | st.lists(VALUE, max_size=3), path=PATH)
@examples(50)
def test_a_field_of_json_is_found(same: Ask, document: Any, path: str) -> None:
    """By members and elements; what is true is 1, and what is not there NULL. Numbers are text in PostgreSQL."""
    text = json_text(document)
    same("CAST(json_extract(CAST(? AS TEXT), ?) AS TEXT)", text, path)
    same("CAST(json_extract(CAST(? AS TEXT), ?) AS INTEGER)", text, path)
    same("json_type(CAST(? AS TEXT), ?)", text, path)
    same("json_type(CAST(? AS TEXT))", text)


@given(number=REAL)
@examples(50)
def test_a_broken_number_of_json_is_found(same: Ask, number: float) -> None:
    """As a number."""
    same("CAST(json_extract(?, '$.a') AS REAL)", json_text({"a": number}))


@given(text=st.one_of(VALUE.map(json.dumps), st.text('{}[]",:0123456789.-+eE \\utrfalsn\n', max_size=12), TEXT))
@examples(100)
def test_json_is_told_from_what_is_none(same: Ask, text: str) -> None:
    """Exactly the same texts are JSON."""
    same("CASE WHEN json_valid(?) THEN 1 ELSE 0 END", text)


@given(document=OBJECT | st.lists(VALUE, max_size=3))
@examples(50)
def test_json_is_walked(same: Ask, document: Any) -> None:
    """Element by element, in order."""
    part = "CAST(key AS TEXT), CAST(value AS TEXT), type, CAST(atom AS TEXT)"
    same(f"{part} FROM json_each(CAST(? AS TEXT)) AS part", json_text(document))
    same(f"{part} FROM json_each(?, '$.a') AS part", json_text({"a": document}))


@given(document=OBJECT, path=MEMBER, value=ATOM)
@examples(50)
def test_json_is_changed(same: Ask, document: Any, path: str, value: Any) -> None:
    """A member is set, added or removed; all else stays as it is, in its order."""
    text = json_text(document)
    kind = {int: "INTEGER", bool: "INTEGER"}.get(type(value), "TEXT")
    same(f"CAST(json_set(CAST(? AS TEXT), ?, CAST(? AS {kind})) AS TEXT)", text, path, value)
    same("CAST(json_set(json(?), ?, json(?)) AS TEXT)", text, path, json_text([value]))
    same("CAST(json_remove(CAST(? AS TEXT), ?, '$.b') AS TEXT)", text, path)
    same("CAST(json_remove(CAST(? AS TEXT), '$[0]', '$[1].a') AS TEXT)", json_text([document, document]))


@given(document=OBJECT, patch=OBJECT)
@examples(50)
def test_json_is_patched(same: Ask, document: Any, patch: Any) -> None:
    """As RFC 7396 has it."""
    same("CAST(json_patch(?, ?) AS TEXT)", json_text(document), json_text(patch))
    same("CAST(json_patch(?, json_object('b', json(?))) AS TEXT)", json_text(document), json_text(patch))


@given(text=TEXT, number=INTEGER, document=OBJECT)
@examples(100)
def test_json_is_made(same: Ask, text: str, number: int, document: Any) -> None:
    """Without blanks; JSON within stays JSON, and NULL is null."""
    members = "'a', CAST(? AS TEXT), 'b', CAST(? AS INTEGER), 'c', json(?), 'd', json_quote(?), 'e', NULL"
    same(f"CAST(json_object({members}) AS TEXT)", text, number, json_text(document), text)


@given(
    value=st.one_of(
        TEXT, st.from_regex(r"\A\s?[-+]?[0-9]{0,21}[a-z.]?\Z"), INTEGER, REAL.filter(lambda n: abs(n) < 1e15)
    )
)
@examples(50)
def test_a_cast_refuses_nothing(same: Ask, value: Any) -> None:
    """What begins as no number is 0; beyond what a number can be is the end of it."""
    same("CAST(? AS INTEGER)", value)


@given(text=TEXT)
def test_bytes_are_text(same: Ask, text: str) -> None:
    """And text is bytes, which have digits."""
    same("hex(CAST(? AS BLOB))", text.encode())
    same("CAST(? AS TEXT), CAST(CAST(? AS TEXT) AS BLOB)", text.encode(), text)


@given(one=st.none() | INTEGER, other=st.none() | INTEGER)
@examples(50)
def test_the_greater_and_the_lesser_of_two_are_found(same: Ask, one: int | None, other: int | None) -> None:
    """NULL where one of them is."""
    same("max(CAST(? AS INTEGER), ?), min(CAST(? AS INTEGER), ?)", one, other, one, other)


@given(numbers=st.lists(st.none() | st.integers(-(2**40), 2**40), max_size=4))
@examples(100)
def test_a_sum_of_whole_numbers_is_one(same: Ask, numbers: list[int | None]) -> None:
    """Also where it is divided; of nothing it is NULL."""
    rows = "".join(" UNION ALL SELECT CAST(? AS INTEGER)" for _ in numbers)
    same(f"sum(n), sum(n) / 7, typeof(sum(n)) FROM (SELECT 1 AS n WHERE 1 = 0{rows}) AS given", *numbers)


@given(numbers=st.lists(st.none() | st.integers(0, 99).map(lambda n: n / 4), max_size=4))
@examples(50)
def test_what_json_says_is_summed_up(same: Ask, numbers: list[float | None]) -> None:
    """As numbers that may be broken; of nothing it is NULL."""
    document = json_text([[number] for number in numbers])
    same("CAST(sum(json_extract(value, '$[0]')) AS REAL) FROM json_each(CAST(? AS TEXT)) AS given", document)


@given(cents=st.integers(-(10**12), 10**12))
@examples(50)
def test_an_amount_is_rounded_alike(same: Ask, cents: int) -> None:
    """To a thousandth of a millionth, as amounts of money are; SQLite's last digit may be another."""
    amount = cents / 7e6
    same("abs(round(CAST(? AS REAL), 9) - CAST(? AS REAL)) < 1e-12 * (1 + abs(?))", amount, round(amount, 9), amount)


@given(ms=st.integers(-62_135_596_800_000, 253_402_300_799_999))
@examples(50)
def test_an_instant_has_its_day(same: Ask, ms: int) -> None:
    """In UTC."""
    same("date(CAST(? AS INTEGER) / 1000, 'unixepoch')", ms)


@pytest.mark.parametrize("ms", [253_402_300_800_000, 2**62, -(2**62)])
def test_an_instant_beyond_the_calendar_has_none(same: Ask, ms: int) -> None:
    """It is NULL."""
    same("date(CAST(? AS INTEGER) / 1000, 'unixepoch')", ms)


def test_words_are_alike_whatever_the_case_of_ascii(same: Ask) -> None:
    """LIKE minds no case of A to Z, and of no other letter."""
    same("CASE WHEN 'DTSTART:x' LIKE 'dtstart%' THEN 1 ELSE 0 END, CASE WHEN 'ab' LIKE 'a_c' THEN 1 ELSE 0 END")


def test_a_list_may_be_empty(same: Ask) -> None:
    """Nothing is in it, and everything is not, NULL too."""
    same(
        "CASE WHEN CAST(? AS TEXT) IN () THEN 1 ELSE 0 END, CASE WHEN CAST(? AS TEXT) NOT IN () THEN 1 ELSE 0 END",
        "a",
        None,
    )


def test_a_value_has_its_type(same: Ask) -> None:
    """By what it is stored as."""
    same("typeof(1), typeof(0.5e0), typeof(CAST(? AS TEXT)), typeof(CAST(? AS BLOB))", "a", b"a")


HALVES = ['{"a": "\\u0000x"}', '{"a": "\\ud83d"}', '{"a": "\\ude00\\ud83d\\ude00\\\\u0000"}']


@pytest.mark.parametrize("document", HALVES)
def test_what_no_text_can_hold_is_left_out(same: Ask, document: str) -> None:
    """NULs, and halves of characters, which Telegram has sent: the field is found, and the query goes on."""
    same("CASE WHEN json_extract(?, '$.a') IS NULL THEN 0 ELSE 1 END", document)


def test_an_object_may_lose_more_members_than_a_function_has_arguments(same: Ask) -> None:
    """PostgreSQL's functions take a hundred."""
    paths = ", ".join(f"'$.a{number}'" for number in range(120))
    same(f"CAST(json_remove(?, {paths}) AS TEXT)", '{"a7":1,"b":2}')
