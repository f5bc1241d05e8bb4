"""The words that a text is found by."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import words
from storage.sqlite import connections


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("CAFÉ Zoë", "cafe zoe"),
        ("Tôi học tiếng Việt, Đà Nẵng", "toi hoc tieng viet, da nang"),
        ("Łódź Straße Ærø Þór œuvre", "lodz strasse aero thor oeuvre"),
        ("Ёлка Йод", "елка иод"),
        ("İzmir ısı", "izmir isi"),
        ("ＢＡ１１７ ℡ ﬁn", "ba117 tel fin"),
        ("ﾊﾞﾅﾅ バナナ", "バナナ バナナ"),
        ("e\u0301te\u0301 so\u00adft", "ete soft"),
        ("서울", "서울"),
    ],
)
def test_case_accents_and_width_make_no_difference(text: str, folded: str) -> None:
    """Also of letters that are not made of one with an accent."""
    assert words.fold(text) == folded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Wi-Fi", ["wi", "fi", "wifi"]),
        ("what's up", ["what", "s", "whats", "up"]),
        ("ORD-99812-X", ["ord", "99812", "x", "ord99812x"]),
        ("BA117", ["ba117", "ba", "117"]),
        ("Müller, Ærø", ["muller", "mueller", "aero", "aeroe"]),
        ("护照在", ["护照", "照在", "护", "照", "在"]),
        ("水", ["水"]),
        ("ค่ะ", ["คะ", "ค", "ะ"]),
        ("में हूँ", ["में", "हूँ"]),
        ("☕️ 🎂🇫🇷 👋🏽!", ["☕", "🎂", "🇫🇷", "👋"]),
        ("100% -- _ ()", ["100"]),
    ],
)
def test_a_text_has_these_words(text: str, found: list[str]) -> None:
    """Parts of words and both spellings; scripts without blanks by pairs and signs."""
    assert words.written(text) == found


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("half-marathon", [("half", "halfmarathon"), ("marathon", "halfmarathon")]),
        ("Müller", [("muller", "mueller")]),
        ("护照", [("护照",)]),
        ("tea TEA", [("tea",)]),
    ],
)
def test_what_is_looked_for_may_be_spelled_otherwise(text: str, sought: list[tuple[str, ...]]) -> None:
    """Joined and apart, with an umlaut and without."""
    assert words.sought(text) == sought


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("violin", "violinist", True),
        ("lives", "live", True),
        ("allergic", "allergy", True),
        ("аллергия", "аллергию", True),
        ("work", "workshop", False),
        ("tea", "team", False),
        ("interest", "international", False),
        ("1234", "12345", False),
    ],
)
def test_forms_of_a_word_are_the_same(one: str, other: str, same: bool) -> None:
    """Where most of it is alike but for the end; numbers never."""
    assert words.is_same(one, other) is words.is_same(other, one) is same


@given(one=st.text(alphabet="abcé1", max_size=12), other=st.text(alphabet="abcé1", max_size=12))
def test_what_is_the_same_begins_with_the_stem(one: str, other: str) -> None:
    """So that whoever asks for beginnings misses none."""
    if words.is_same(one, other):
        assert other.startswith(words.stem(one))


@given(st.text())
def test_a_text_has_all_the_words_that_it_asks_for(text: str) -> None:
    """Whatever Unicode holds."""
    assert words.has_all(text, words.sought(text))


@given(st.text(min_size=1))
def test_what_is_stored_is_one_word_to_every_sqlite(text: str) -> None:
    """Its tokenizer parts none, and it reads back."""
    found = words.written(text)
    assert [words.read(words.stored(word)) for word in found] == found
    with closing(sqlite3.connect(":memory:")) as connection:
        if not connections.has_fts5(connection):
            pytest.skip("this SQLite build has no FTS5")
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='unicode61 remove_diacritics 0')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, row)")
        connection.execute("INSERT INTO t VALUES (?)", (" ".join(map(words.stored, found)),))
        terms = {row[0] for row in connection.execute("SELECT term FROM v")}
    assert terms == set(map(words.stored, found))
