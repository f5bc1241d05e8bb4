"""Answers that people have rated, each with all its ratings: a stream of pages, however many there are.

Walked are the messages that were reacted to, in the order of an index. An answer comes with the first of its parts
that was, and with what was said of all its parts up to when the walk began; so it comes once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from storage.ids import answer_id, chat_id_of, sent_number
from storage.indexed import item, own_field
from storage.json_text import encode_list, read_object
from storage.origin import Origin
from storage.readers import Readers
from storage.statement import Row, Rows, Value
from teaching.dropped import Dropped
from teaching.labels import Answer
from teaching.ratings import Polarity, Rating, in_order

PAGE = 200
"""The messages that are looked at together."""
RUN_MS = 60_000
"""The parts of what a run said are stored at most so far apart."""
_CHANGES = {"reaction_added": 1, "reaction_removed": -1}
_POLARITIES: Mapping[str | None, Polarity] = {"positive": "positive", "negative": "negative"}
_UNTIL = "SELECT coalesce(max(rowid), 0) FROM polar_feedback_events"
_MESSAGES = """
SELECT sessionId, messageId FROM polar_feedback_events INDEXED BY polar_feedback_message
WHERE (sessionId, messageId) > (:session, :message)
  AND type IN ('reaction_added', 'reaction_removed', 'reaction_count')
  AND messageId IS NOT NULL
GROUP BY sessionId, messageId ORDER BY sessionId, messageId LIMIT :page
"""
# Only other programs leave such rows. The index has all but the instant, so the table is asked for these alone.
_NAMELESS = """
SELECT count(*) FROM polar_feedback_events INDEXED BY polar_feedback_message
WHERE messageId IS NULL AND type IN ('reaction_added', 'reaction_removed', 'reaction_count') AND createdAtMs >= ?
"""
_COLUMNS = """
{m}.sessionId, {m}.messageId, {m}.sequence, {m}.text = '' AND {m}.attachment IS NULL, {m}.origin, {m}.answersMessageId,
{m}.createdAtMs, {m}.editedAtMs, (
  SELECT asking.userId FROM polar_messages AS asking INDEXED BY polar_messages_telegram
  WHERE asking.sessionId = {m}.sessionId AND asking.telegramMessageId = {m}.answersMessageId
    AND asking.telegramMessageId IS NOT NULL AND asking.role = 'user')
"""
_NAMED = f"""
SELECT {_COLUMNS.format(m="m")} FROM json_each(:keys) AS named
CROSS JOIN polar_messages AS m INDEXED BY polar_messages_telegram
ON m.sessionId = {item("named.value", 0)}
  AND m.telegramMessageId = CAST({item("named.value", 1)} AS INTEGER)
  AND m.telegramMessageId IS NOT NULL AND m.role = 'assistant'
"""
_ANSWERING = f"""
SELECT {_COLUMNS.format(m="m")} FROM json_each(:keys) AS named
CROSS JOIN polar_messages AS m INDEXED BY polar_messages_answers
ON m.sessionId = {item("named.value", 0)}
  AND m.answersMessageId = CAST({item("named.value", 1)} AS INTEGER)
  AND m.answersMessageId IS NOT NULL AND m.role = 'assistant'
"""
_OF_RUNS = f"""
SELECT {_COLUMNS.format(m="m")} FROM json_each(:keys) AS named
CROSS JOIN polar_messages AS m INDEXED BY polar_messages_automation
ON {own_field("m.origin", "automationId")} IS NOT NULL
  AND {own_field("m.origin", "automationId")} = {item("named.value", 1)}
  AND m.createdAtMs BETWEEN CAST({item("named.value", 2)} AS INTEGER) - {RUN_MS}
    AND CAST({item("named.value", 2)} AS INTEGER) + {RUN_MS}
  AND m.sessionId = {item("named.value", 0)}
"""
_EVENTS = f"""
SELECT event.sessionId, event.messageId, event.type, event.emoji, event.polarity, event.payload, event.createdAtMs
FROM json_each(:keys) AS named CROSS JOIN polar_feedback_events AS event INDEXED BY polar_feedback_message
ON event.sessionId = {item("named.value", 0)} AND event.messageId = {item("named.value", 1)}
WHERE event.type IN ('reaction_added', 'reaction_removed', 'reaction_count') AND event.rowid <= :until
ORDER BY event.rowid
"""

_Name = tuple[str, str]
"""A message: its session, and its id there."""


class _Whole(NamedTuple):
    """What the parts of one answer have in common."""

    session_id: str
    question: int | None
    run_id: str | None
    alternative_of: str | None
    sequence: int
    """Of a message that answers nothing and is of no run, its own; else 0."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A message of ours that was sent."""

    name: _Name
    sequence: int
    is_empty: bool
    origin: Origin
    question: int | None
    created_at_ms: int
    edited_at_ms: int | None
    asker: str | None

    @classmethod
    def from_row(cls, row: Row) -> _Part:
        """From a row of _COLUMNS."""
        return cls((row[0], row[1]), row[2], bool(row[3]), Origin.from_json(row[4]), *row[5:9])

    @property
    def whole(self) -> _Whole:
        """Which answer it is a part of."""
        origin = self.origin
        is_alone = self.question is None and origin.run_id is None
        return _Whole(
            self.name[0], self.question, origin.run_id, origin.alternative_of, self.sequence if is_alone else 0
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedAnswer:
    """An answer with its ratings in order; where what it is made of can be found."""

    answer: Answer
    ratings: Sequence[Rating]
    parts: tuple[int, ...]
    """The sequences of its messages, as far as their text is kept, in order."""
    question: int | None
    """Telegram's number of the message that it answers, the last one where several were merged."""
    alternative_of: str
    """The id of the answer that it is another one in place of, or ''."""
    origin: Origin


@dataclass(slots=True)
class RatedAnswers:
    """One walk over all of them; what it leaves out, it counts."""

    readers: Readers
    since_ms: int = 0
    """Answers from an instant on; what is left out counts from then on as well."""
    page: int = PAGE
    dropped: Dropped = field(default_factory=Dropped)

    async def read(self) -> AsyncIterator[RatedAnswer]:
        """In the order of sessions and message ids."""
        row = await self.readers.fetch_one(_UNTIL)
        until, after = (0 if row is None else int(row[0])), ("", "")
        [nameless] = await self.readers.fetch(_NAMELESS, (self.since_ms,))
        self.dropped["unresolved"] += nameless[0]
        while keys := await self._next(after):
            for answer in await self._of(keys, until):
                yield answer
            after = keys[-1]

    async def _next(self, after: _Name) -> list[_Name]:
        params: dict[str, Value] = {"session": after[0], "message": after[1], "page": self.page}
        return [(row[0], row[1]) for row in await self.readers.fetch(_MESSAGES, params)]

    async def _of(self, keys: Sequence[_Name], until: int) -> list[RatedAnswer]:
        named = await self._parts(_NAMED, [(name[0], sent_number(name[1])) for name in keys if sent_number(name[1])])
        wholes = await self._wholes(named)
        wanted = {*keys, *(part.name for parts in wholes.values() for part in parts)}
        rows = await self.readers.fetch(_EVENTS, {"keys": encode_list(sorted(wanted)), "until": until})
        events: dict[_Name, list[Row]] = defaultdict(list)
        for row in rows:
            events[row[0], row[1]].append(row)
        stored = {part.name: part for part in named}
        return [answer for name in keys for answer in self._at(name, stored.get(name), wholes, events)]

    async def _parts(self, query: str, keys: Sequence[tuple[Any, ...]]) -> list[_Part]:
        rows: Rows = await self.readers.fetch(query, {"keys": encode_list(keys)}) if keys else []
        return [_Part.from_row(row) for row in rows if row[1] is not None]

    async def _wholes(self, named: Sequence[_Part]) -> dict[_Whole, list[_Part]]:
        """The answers that these are parts of, each with all its parts that say something, in order."""
        asked = {(part.name[0], part.question) for part in named if part.question is not None}
        runs = {
            (part.name[0], part.origin.automation_id, part.created_at_ms)
            for part in named
            if part.question is None and part.origin.automation_id is not None
        }
        found = [*named, *await self._parts(_ANSWERING, sorted(asked)), *await self._parts(_OF_RUNS, sorted(runs))]
        wholes: dict[_Whole, list[_Part]] = defaultdict(list)
        for _, part in sorted({part.sequence: part for part in found}.items()):
            if part.origin.responder is not None and not part.is_empty:
                wholes[part.whole].append(part)
        return wholes

    def _at(
        self,
        name: _Name,
        part: _Part | None,
        wholes: Mapping[_Whole, Sequence[_Part]],
        events: Mapping[_Name, Sequence[Row]],
    ) -> Iterator[RatedAnswer]:
        """The answer that comes with this message, if one does."""
        own = events.get(name, ())
        self._count("totals", [row for row in own if row[2] not in _CHANGES])
        changes = [row for row in own if row[2] in _CHANGES]
        if (reason := _unfit(name, part)) is not None:
            self._count(reason, changes)
        elif part is not None and changes:
            parts = wholes[part.whole]
            rated = [each.name for each in parts if any(row[2] in _CHANGES for row in events.get(each.name, ()))]
            if name == min(rated) and parts[0].created_at_ms >= self.since_ms:
                yield self._rated(parts, events)

    def _rated(self, parts: Sequence[_Part], events: Mapping[_Name, Sequence[Row]]) -> RatedAnswer:
        first = parts[0]
        answer, former = _answer(parts), first.origin.alternative_of
        rows = [row for part in parts for row in events.get(part.name, ()) if row[2] in _CHANGES]
        ratings = [rating for row in rows if (rating := _rating(answer.id, row)) is not None]
        self.dropped["anonymous"] += len(rows) - len(ratings)
        return RatedAnswer(
            answer=answer,
            ratings=in_order(ratings),
            parts=tuple(part.sequence for part in parts),
            question=first.question,
            alternative_of="" if former is None else answer_id(first.name[0], former),
            origin=first.origin,
        )

    def _count(self, reason: str, rows: Sequence[Row]) -> None:
        self.dropped[reason] += sum(1 for row in rows if row[6] >= self.since_ms)


def _unfit(name: _Name, part: _Part | None) -> str | None:
    """Why what was said of this message counts for nothing."""
    if part is None:
        return "unresolved" if name[1].startswith("telegram:") or sent_number(name[1]) else "no_responder"
    if part.origin.responder is None:
        return "no_responder"
    return "emptied" if part.is_empty else None


def _answer(parts: Sequence[_Part]) -> Answer:
    first, origin = parts[0], parts[0].origin
    edits = [part.edited_at_ms for part in parts if part.edited_at_ms is not None]
    return Answer(
        id=answer_id(*first.name),
        session_id=first.name[0],
        is_private=_is_private(first.name[0]),
        asker=first.asker,
        model=origin.model or "",
        personality=origin.personality or "",
        automation=origin.automation_id or "",
        experiment=origin.experiment or "",
        variant=origin.variant or "",
        usd=origin.usd,
        at_ms=first.created_at_ms,
        edited_at_ms=max(edits, default=None),
        is_whole=origin.ended is None,
    )


def _is_private(session_id: str) -> bool:
    try:
        return chat_id_of(session_id) > 0
    except ValueError:
        return False


def _rating(answer: str, row: Row) -> Rating | None:
    """From a row of _EVENTS; None where it is nobody's in particular. Earlier payloads say less."""
    payload = read_object(row[5]) or {}
    actor, place = payload.get("actor"), payload.get("place")
    if not isinstance(actor, str) or not actor.isascii() or not actor.isdigit():
        return None
    is_placed = isinstance(place, list) and all(isinstance(number, int) for number in place)
    return Rating(
        answer=answer,
        message=row[1],
        person=actor,
        via="button" if payload.get("via") == "button" else "reaction",
        emoji=row[3] or "",
        polarity=_POLARITIES.get(row[4], "neutral"),
        change=_CHANGES[row[2]],
        at_ms=row[6],
        place=tuple(place) if is_placed and place is not None else (),
    )
