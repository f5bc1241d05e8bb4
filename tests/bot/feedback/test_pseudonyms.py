"""Ids in files: the same for the same thing, and by a fresh key for nothing else."""

from __future__ import annotations

from bot.feedback.pseudonyms import DAY_MS, Pseudonyms


def test_the_same_thing_has_the_same_id_by_the_same_key() -> None:
    """Another kind, another name or another key gives another one, which has nothing of the name in it."""
    names = Pseudonyms("key")
    assert names.of("person", "7") == Pseudonyms("key").of("person", "7")
    ids = {names.of("person", "7"), names.of("answer", "7"), names.of("person", "8"), Pseudonyms("k").of("person", "7")}
    assert len(ids) == 4
    assert {len(each) for each in ids} == {32}


def test_what_is_not_there_has_no_id() -> None:
    """An empty field stays empty."""
    assert Pseudonyms("key").of("automation", "") == ""


def test_with_a_fresh_key_an_instant_is_a_day() -> None:
    """By an instant to the millisecond two files could be laid side by side."""
    assert Pseudonyms("key").at(5 * DAY_MS + 7) == 5 * DAY_MS + 7
    assert Pseudonyms("key", is_fresh=True).at(5 * DAY_MS + 7) == 5 * DAY_MS
