"""The rows of a bot that was killed, next to those of one that was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.house import House

SHOWN = 5
QUERIES = {
    "messages of people": "SELECT sessionId, kind, text FROM polar_messages WHERE role = 'user'",
    "answers": "SELECT sessionId, text FROM polar_messages WHERE role = 'assistant' AND text LIKE 'echo: %says%'",
    "events": (
        "SELECT e.sessionId, e.type, e.emoji, e.polarity, m.text, e.payload ->> '$.via', e.payload ->> '$.unresolved', "
        "e.payload ->> '$.actor', e.payload ->> '$.command', e.payload ->> '$.outcome', "
        "e.payload ->> '$.argumentLength' "
        "FROM polar_feedback_events e LEFT JOIN polar_messages m USING (sessionId, messageId) "
        # An automation's id is made up, and so is what stands in commands that name it.
        "WHERE e.type <> 'command_executed' OR e.payload ->> '$.command' <> 'automations'"
    ),
    "ends of turns": (
        "SELECT sessionId, kind, outcome, reason FROM polar_audit WHERE turnId GLOB 'update:*' AND outcome <> 'failed'"
    ),
    "ledger": "SELECT source, trigger, output ->> '$.status' FROM polar_run_events WHERE trigger <> 'schedule'",
    "memories": "SELECT sessionId, userId, scope, type, record ->> '$.fact' FROM polar_memory",
    "personalities": "SELECT profileId, prompt FROM polar_personality_profiles",
}
"""What does not depend on time, nor on ids that each Telegram counts in its own way."""


def differences(killed: House, quiet: House) -> list[str]:
    """A line for each table that is not the same, with examples."""
    return list(_differences(killed, quiet))


def _differences(killed: House, quiet: House) -> Iterator[str]:
    for name, sql in QUERIES.items():
        one, other = (Counter(house.rows(sql)) for house in (killed, quiet))
        if one != other:
            yield f"the same rows as without kills: {name}: more {_shown(one - other)}, less {_shown(other - one)}"


def _shown(rows: Counter[Any]) -> str:
    return f"{rows.total()}, such as {list(rows)[:SHOWN]}" if rows else "0"
