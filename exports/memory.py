"""MEMORY.md: what people asked the bot to remember, in short."""

from __future__ import annotations

from exports.markdown import cell, code, table
from exports.page import DatedLine, MarkdownPage, count
from storage.ids import place_named
from storage.views.projections import ExportedMemory, Projections


def memory(asked: Projections) -> MarkdownPage:
    """The page of `polar_memory`."""
    rows = sum(day.rows for day in asked.days_of_memories())
    return MarkdownPage(
        title="Memory",
        intro="What people asked to remember, in short: `polar_memory`, newest first, in UTC.",
        last=asked.last_memory(),
        counts=(_memories(rows),),
        tables=(
            table(("scope", "type", "memories"), [(cell(s), cell(t), n) for s, t, n in asked.memories_by_kind()]),
            table(("user", "session", "memories"), [(cell(u), cell(s), n) for u, s, n in asked.memories_by_user()]),
        ),
        rows=rows,
        days=((day.day, _memories(day.rows)) for day in asked.days_of_memories()),
        entries=map(_entry, asked.memories()),
    )


def _memories(number: int) -> str:
    return count(number, "memory", "memories")


def _entry(row: ExportedMemory) -> DatedLine:
    chat = code(place_named(row.session_id))
    return row.at_ms, f"{code(row.user_id)} in {chat}, {code(f'{row.scope}/{row.type}')}: {code(row.text, 200)}"
