"""REACTIONS.md: what people made of messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exports.markdown import cell, code, emoji, table
from exports.page import DatedLine, Heading, MarkdownPage, count
from storage.ids import place_named
from storage.views.projections import Changes, DayOfReactions, Projections, Reaction

SIGNS = {"positive": "(+)", "negative": "(−)", "neutral": "(·)"}
_VERBS = {"reaction_added": "added", "reaction_removed": "taken back"}


def reactions(asked: Projections) -> MarkdownPage:
    """The page of `polar_feedback_events`."""
    events = asked.count_events()
    rows = events["reaction_added"] + events["reaction_removed"] + events["reaction_count"]
    return MarkdownPage(
        title="Reactions",
        intro="What people made of messages: `polar_feedback_events`, newest first, in UTC. "
        "A line tells when, the emoji, whether it is (+) approval, (−) disapproval or (·) neither, who, the chat's id, "
        f"and the message.{_texts_gone(asked.days_of_texts())}",
        last=asked.last_event(),
        counts=tuple(_counts(events)),
        tables=_tables(asked),
        rows=rows,
        days=map(_heading, asked.days_of_reactions()),
        entries=map(_entry, asked.reactions()),
    )


def _texts_gone(days: int | None) -> str:
    return "" if days is None else f" Texts are kept for {count(days, 'day')}: older messages are named by their id."


def _counts(events: Mapping[str, int]) -> Iterator[str]:
    added, removed, counted = (events[f"reaction_{name}"] for name in ("added", "removed", "count"))
    yield f"{count(added - removed, 'reaction stands', 'reactions stand')}: {added:,} added, {removed:,} taken back"
    if counted:
        yield count(counted, "total of an anonymous chat", "totals of anonymous chats")
    if others := events[""] - added - removed - counted:
        yield f"{count(others, 'event')} of other kinds, such as commands"


def _tables(asked: Projections) -> Iterator[list[str]]:
    by_polarity = asked.changes_by_polarity()
    ordered = [by_polarity.get(polarity, Changes(polarity, 0, 0)) for polarity in SIGNS]
    changes = ("added", "taken back", "stand")
    yield table(
        ("polarity", *changes), [(f"{c.label} {SIGNS[str(c.label)]}", *_numbers(c)) for c in ordered], numbers=3
    )
    yield table(("emoji", *changes), [(emoji(c.label), *_numbers(c)) for c in asked.changes_by_emoji()], numbers=3)
    yield table(
        ("automation", *SIGNS),
        [(cell(automation), *sums) for automation, *sums in asked.changes_by_automation()],
        numbers=3,
    )
    commands = [(cell(command), cell(outcome), times) for command, outcome, times in asked.commands()]
    yield table(("command", "outcome", "times"), commands)


def _numbers(changes: Changes) -> tuple[int, int, int]:
    return changes.added, changes.removed, changes.added - changes.removed


def _heading(day: DayOfReactions) -> Heading:
    sums = ", ".join(f"{name} {getattr(day, name):,}" for name in SIGNS)
    return day.day, f"{day.added:,} added, {day.removed:,} taken back; {sums}"


def _entry(event: Reaction) -> DatedLine:
    if event.type == "reaction_count":
        return event.at_ms, f"now {code(event.counts, 200)} {_place(event)}"
    sign, verb = SIGNS[event.polarity], _VERBS[event.type]
    return event.at_ms, f"{emoji(event.emoji)} {sign} {verb} by {code(event.actor)} {_place(event)}"


def _place(event: Reaction) -> str:
    chat = code(place_named(event.session_id))
    if event.snippet is None:
        return f"in {chat}, message {code(event.message_id)}"
    return f"in {chat}: {code(event.snippet)}"
