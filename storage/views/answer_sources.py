"""What an answer was made from, as far as it is kept: what was said before and asked, by whom, and what it said then.

Everything is found by keys, an answer at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.ids import chat_id_of, replied_in
from storage.json_text import read_object
from storage.origin import Origin, fingerprint
from storage.parts import LINK, QUOTE, REPLIED_TO
from storage.readers import Readers
from storage.statement import Row, Value
from storage.tables.experiments import ExperimentDamaged, Experiments
from teaching.prompts import AnswerSource, Former, KeptMessage

_COLUMNS = (
    "sequence, sessionId, role, telegramMessageId, threadKey, userId, kind, text, attachment IS NOT NULL AS holdsFile, "
    "origin, deliveryId, answersMessageId, turnId, createdAtMs, editedAtMs"
)
_BESIDE = 100
"""More messages than one turn has: they were stored in one commit, and so beside each other."""
_BY_SEQUENCE = "SELECT {columns} FROM polar_messages WHERE sequence IN ({asked})"
_BY_NUMBER = (
    "SELECT {columns} FROM polar_messages INDEXED BY polar_messages_telegram "
    "WHERE telegramMessageId IS NOT NULL AND sessionId = ? AND telegramMessageId IN ({asked})"
)
_OF_TURN = (
    f"SELECT {_COLUMNS} FROM polar_messages WHERE role = 'user' AND sessionId = ? AND turnId = ? "
    f"AND sequence BETWEEN ? - {_BESIDE} AND ? + {_BESIDE} ORDER BY sequence"
)
_PARTS = (
    "SELECT telegramMessageId, kind, authorId, content FROM polar_message_parts "
    "WHERE sessionId = ? AND telegramMessageId IN ({asked})"
)
_FORMER_OF_PEOPLE = (
    "SELECT telegramMessageId AS whose, text, revisedAtMs FROM polar_message_revisions "
    "INDEXED BY polar_message_revisions_message "
    "WHERE deliveryId IS NULL AND sessionId = ? AND telegramMessageId IN ({asked})"
)
_FORMER_OF_OURS = (
    "SELECT deliveryId AS whose, text, revisedAtMs FROM polar_message_revisions "
    "INDEXED BY polar_message_revisions_delivery WHERE deliveryId IS NOT NULL AND deliveryId IN ({asked})"
)
_Formers = Mapping[Value, Sequence[Former]]


@dataclass(frozen=True, slots=True)
class _Told:
    """What belongs to rows of one session: former texts, what holds others' words, who had asked, who owns runs."""

    formers: _Formers
    holding: frozenset[int]
    askers: Mapping[int, str | None]
    owners: Mapping[str, str]


class AnswerSources:
    """The sources of answers. `key` is that of the fingerprints of personalities, None where it is lost."""

    def __init__(self, readers: Readers, key: str | None) -> None:
        self._readers = readers
        self._key = key

    async def of(self, sequences: Sequence[int]) -> AnswerSource | None:
        """Of an answer, by the sequences of its parts, in order; None where not all of them are there."""
        parts = sorted(await self._by_sequence(sequences), key=lambda row: sequences.index(row["sequence"]))
        if not parts or len(parts) < len(sequences):
            return None
        session_id, origin = parts[0]["sessionId"], Origin.from_json(parts[0]["origin"])
        before = {row["sequence"]: row for row in await self._by_sequence(origin.history or ())}
        asked = await self._asked(parts[0])
        told = await self._told(session_id, [*before.values(), *asked, *parts], asked, frozenset(before))
        history = None
        if origin.history is not None:
            rows = (before.get(sequence) for sequence in sorted(origin.history))
            history = [None if row is None else _kept(row, told) for row in rows]
        question = [_kept(row, told) for row in asked]
        if origin.automation_id is not None:
            question = await self._prompt(origin.automation_id, parts[0])
        answer = [_kept(row, told) for row in parts]
        return AnswerSource(
            asker=question[0].author if question else None,
            is_private=_private(session_id) is not None,
            personality=await self._personality(origin),
            history=history,
            question=question,
            answer=answer,
            is_asked_again=origin.alternative_of is not None,
        )

    async def _asked(self, part: Row) -> Sequence[Row]:
        """The messages that made the turn which it answers."""
        if part["answersMessageId"] is None:
            return ()
        found = await self._by_number(_COLUMNS, part["sessionId"], [part["answersMessageId"]])
        if not found or found[0]["turnId"] is None:
            return found
        row = found[0]
        return await self._readers.look_up(
            _OF_TURN, (row["sessionId"], row["turnId"], row["sequence"], row["sequence"])
        )

    async def _prompt(self, automation_id: str, part: Row) -> list[KeptMessage]:
        """What an automation was to do; nothing where it has changed since, in whatever way."""
        row = await self._readers.look_up_one(
            "SELECT ownerUserId, promptTemplate, updatedAtMs FROM polar_automation_jobs WHERE id = ?", (automation_id,)
        )
        if row is None or row["updatedAtMs"] > part["createdAtMs"]:
            return []
        at_ms = part["createdAtMs"]
        return [KeptMessage(role="user", author=row["ownerUserId"], text=row["promptTemplate"], at_ms=at_ms)]

    async def _personality(self, origin: Origin) -> str | None:
        """The text that an answer was given with, if it is still there."""
        if self._key is None or origin.personality is None:
            return None
        row = await self._readers.look_up_one(
            "SELECT prompt FROM polar_personality_profiles WHERE profileId = ?", (origin.profile_id,)
        )
        # The empty one is the neutral one's, by whatever id.
        texts = ["", *(() if row is None else (row["prompt"],)), *await self._tried(origin)]
        return next((text for text in texts if fingerprint(self._key, text) == origin.personality), None)

    async def _tried(self, origin: Origin) -> list[str]:
        """The text of the variant that an answer was given with, which is no profile's; nothing where it has none."""
        if origin.experiment is None:
            return []
        try:
            experiment = await Experiments(self._readers).find(origin.experiment)
        except ExperimentDamaged:
            return []
        variants = () if experiment is None else experiment.variants
        return [variant.personality for variant in variants if variant.name == origin.variant]

    async def _told(self, session_id: str, rows: Sequence[Row], asked: Sequence[Row], before: frozenset[int]) -> _Told:
        people = [row["telegramMessageId"] for row in rows if row["role"] == "user"]
        ours = [row for row in rows if row["role"] == "assistant"]
        answered = [row["answersMessageId"] for row in ours if row["answersMessageId"] is not None]
        automations = {Origin.from_json(row["origin"]).automation_id for row in ours} - {None}
        formers = [
            *await self._look_up(_FORMER_OF_PEOPLE, people, session_id),
            *await self._look_up(_FORMER_OF_OURS, [row["deliveryId"] for row in ours if row["deliveryId"] is not None]),
        ]
        askers = await self._by_number("telegramMessageId, userId", session_id, answered)
        owners = await self._look_up(
            "SELECT id, ownerUserId FROM polar_automation_jobs WHERE id IN ({asked})", sorted(map(str, automations))
        )
        return _Told(
            formers=_by_message(formers),
            holding=await self._holding(session_id, rows, asked, before),
            askers={row["telegramMessageId"]: row["userId"] for row in askers},
            owners={row["id"]: row["ownerUserId"] for row in owners},
        )

    async def _holding(
        self, session_id: str, rows: Sequence[Row], asked: Sequence[Row], before: frozenset[int]
    ) -> frozenset[int]:
        """The sequences of what people wrote with something of somebody else's in it."""
        wrote = {row["telegramMessageId"]: row for row in rows if row["role"] == "user"}
        parts = await self._look_up(_PARTS, list(wrote), session_id)
        holding = {wrote[part["telegramMessageId"]]["sequence"] for part in parts if _is_others(part, wrote)}
        replied = {row["sequence"]: replied_in(row["threadKey"]) for row in asked}
        numbers = [number for number in replied.values() if number is not None]
        for found in await self._by_number(_COLUMNS, session_id, numbers):
            if found["sequence"] in before:
                continue
            whose = await self._whose(found)
            holding |= {
                row["sequence"]
                for row in asked
                if replied[row["sequence"]] == found["telegramMessageId"] and row["userId"] != whose
            }
        return frozenset(holding)

    async def _whose(self, row: Row) -> str | None:
        """Whose words are in a message: its writer's, of ours who had asked."""
        if row["role"] == "user" or row["answersMessageId"] is None:
            whose: str | None = row["userId"] or _private(row["sessionId"])
            return whose
        found = await self._by_number("userId", row["sessionId"], [row["answersMessageId"]])
        return found[0]["userId"] if found else None

    async def _by_sequence(self, sequences: Iterable[int]) -> Sequence[Row]:
        return await self._look_up(_BY_SEQUENCE, list(sequences))

    async def _by_number(self, columns: str, session_id: str, numbers: Sequence[int]) -> Sequence[Row]:
        return await self._look_up(_BY_NUMBER, numbers, session_id, columns=columns)

    async def _look_up(self, sql: str, asked: Sequence[Value], *first: Value, columns: str = _COLUMNS) -> Sequence[Row]:
        """Rows by several keys; without any key none."""
        if not asked:
            return ()
        query = sql.format(columns=columns, asked=", ".join("?" * len(asked)))
        return await self._readers.look_up(query, (*first, *asked))


def _kept(row: Row, told: _Told) -> KeptMessage:
    is_users = row["role"] == "user"
    formers = told.formers.get(row["telegramMessageId"] if is_users else row["deliveryId"], ())
    origin = Origin.from_json(row["origin"])
    return KeptMessage(
        role=row["role"],
        author=row["userId"] if is_users else _asker(row, origin, told),
        text=row["text"],
        at_ms=row["createdAtMs"],
        formers=_in_time(row, formers) if is_users else formers,
        holds_others=bool(row["holdsFile"] or row["kind"] != "text" or row["sequence"] in told.holding),
        is_due=origin.automation_id is not None or origin.heartbeat_id is not None,
    )


def _asker(row: Row, origin: Origin, told: _Told) -> str | None:
    """For whom a message of ours was said; in a private chat for whom the chat is with."""
    if (person := _private(row["sessionId"])) is not None:
        return person
    if origin.automation_id is not None:
        return told.owners.get(origin.automation_id)
    return told.askers.get(row["answersMessageId"])


def _in_time(row: Row, formers: Sequence[Former]) -> Sequence[Former]:
    """Without what was stored after the last change: an edit that came too late to be one.

    An edit of which no former text was kept leaves nothing of what was said before.
    """
    edited = row["editedAtMs"]
    known = [former for former in formers if edited is not None and former.until_ms <= edited]
    is_lost = edited is not None and all(former.until_ms < edited for former in known)
    return [*known, Former(text="", until_ms=edited)] if is_lost else known


def _is_others(part: Row, wrote: Mapping[int, Row]) -> bool:
    """True of a part that is not its writer's own, nor ours; whose a file is, nobody knows."""
    content = read_object(part["content"]) or {}
    if part["kind"] == LINK or (part["kind"] in (REPLIED_TO, QUOTE) and content.get("yours") is True):
        return False
    is_own = part["authorId"] and part["authorId"] == wrote[part["telegramMessageId"]]["userId"]
    return not is_own or "attachment" in content


def _by_message(rows: Iterable[Row]) -> _Formers:
    found: dict[Value, list[Former]] = {}
    for row in rows:
        found.setdefault(row["whose"], []).append(Former(text=row["text"], until_ms=row["revisedAtMs"]))
    return found


def _private(session_id: str) -> str | None:
    """The person whom a private chat is with."""
    try:
        chat_id = chat_id_of(session_id)
    except ValueError:
        return None
    return str(chat_id) if chat_id > 0 else None
