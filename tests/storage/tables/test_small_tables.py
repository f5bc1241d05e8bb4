"""Properties, custom emoji, the audit, and the text that all tables hold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.location import Location
from storage.statement import Statement
from storage.tables.audit import AuditTrail
from storage.tables.custom_emoji import NONE_FOR_MS, CustomEmoji
from storage.tables.properties import Properties
from storage.text import clean
from tests.second import rows
from tests.storage.files import NOW_MS


async def test_a_property_has_its_latest_value(database: Database) -> None:
    """None when it was never set."""
    properties = Properties(database)
    assert await properties.find("bot_id") is None
    await database.commit(properties.set("bot_id", "1"), properties.set("other", "x"))
    await database.commit(properties.set("bot_id", "2"))
    assert await properties.find("bot_id") == "2"
    assert await properties.find("other") == "x"


async def test_properties_are_listed_by_what_their_names_begin_with(database: Database) -> None:
    """By what follows; no other is among them."""
    properties = Properties(database)
    names = ("a", "a:", "a:x", "a:y:z", "a;", "b:x")
    await database.commit(*(properties.set(name, name.upper()) for name in names))
    assert await properties.list_named("a:") == {"": "A:", "x": "A:X", "y:z": "A:Y:Z"}


async def test_a_custom_emoji_is_known_once_it_was_asked_for(database: Database) -> None:
    """That it stands for nothing is known for a day; then it is asked for again."""
    emoji = CustomEmoji(database)
    assert await emoji.find("5", now_ms=NOW_MS) is None
    await database.commit(emoji.add("5", "👍", now_ms=NOW_MS), emoji.add("6", "", now_ms=NOW_MS))
    assert await emoji.find("5", now_ms=NOW_MS + NONE_FOR_MS) == "👍"
    assert await emoji.find("6", now_ms=NOW_MS + NONE_FOR_MS - 1) == ""
    assert await emoji.find("6", now_ms=NOW_MS + NONE_FOR_MS) is None
    await database.commit(emoji.add("6", "👎", now_ms=NOW_MS))
    assert await emoji.find("6", now_ms=NOW_MS) == "👎"


async def test_each_try_of_a_turn_is_a_row_of_the_audit(database: Database, location: Location) -> None:
    """With outcome, reason and duration, in order."""
    audit = AuditTrail()

    def tried(attempt: int, outcome: str, reason: str | None) -> Statement:
        return audit.append(
            turn_id="t",
            attempt=attempt,
            kind="message",
            session_id="s",
            user_id="7",
            outcome=outcome,
            reason=reason,
            duration_ms=12,
            now_ms=NOW_MS,
        )

    await database.commit(tried(1, "failed", "boom"), tried(2, "answered", None))
    assert rows(location, "SELECT * FROM polar_audit") == [
        (1, "t", 1, "message", "s", "7", "failed", "boom", 12, NOW_MS),
        (2, "t", 2, "message", "s", "7", "answered", None, 12, NOW_MS),
    ]


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=())))
def test_clean_text_can_be_held_by_sqlite(text: str) -> None:
    """No NUL, no lone surrogate; cleaning it again changes nothing, and clean text is left alone."""
    cleaned = clean(text)
    assert "\x00" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert clean(cleaned) == cleaned
    if "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text):
        assert cleaned == text


def test_what_cannot_be_held_is_replaced() -> None:
    """A NUL vanishes, each lone surrogate becomes U+FFFD."""
    assert clean("a\x00b\ud83dc\udc4dd👍") == "ab\ufffdc\ufffdd👍"
