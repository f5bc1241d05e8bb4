"""`polar_messages`: what people wrote and what we wrote, each with its Telegram id and its thread."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from storage.ids import message_key, received_message_id, sent_message_id, told_in
from storage.indexed import MESSAGE_AUTOMATION, MESSAGE_TOLD_IN
from storage.json_text import encode, read_object
from storage.origin import Origin, sql_aside, sql_is_answer
from storage.parts import Part
from storage.readers import Readers
from storage.statement import Bulk, Order, Row, Statement, Value

_ADD_RECEIVED = Bulk(
    "INSERT INTO polar_messages (sessionId, messageId, role, telegramMessageId, threadKey, userId, kind, text, "
    "attachment, turnId, createdAtMs) VALUES ",
    "(?, ?, 'user', ?, ?, ?, ?, ?, ?, ?, ?)",
    " ON CONFLICT (sessionId, telegramMessageId) WHERE telegramMessageId IS NOT NULL DO NOTHING",
    order=Order.MESSAGE,
)
_ADD_ANSWER = Bulk(
    "INSERT INTO polar_messages "
    "(sessionId, role, threadKey, kind, text, attachment, origin, deliveryId, answersMessageId, createdAtMs) VALUES ",
    "(?, 'assistant', ?, ?, ?, ?, ?, ?, ?, ?)",
    order=Order.ANSWER,
)
_ADD_QUEUED = _ADD_ANSWER.sql(1)
_LOSE_NUMBER = "UPDATE polar_messages SET telegramMessageId = NULL WHERE sessionId = ? AND telegramMessageId = ?"
_LOSE = Bulk.update(f"{_LOSE_NUMBER} AND coalesce(deliveryId, '') <> ?", order=Order.FORMER)
_ADD_RECEIPT = Bulk.update(
    "UPDATE polar_messages SET sessionId = ?, messageId = ?, telegramMessageId = ? WHERE deliveryId = ?",
    order=Order.RECEIPT,
)
_ON_DELIVERY = "ON CONFLICT (deliveryId) WHERE deliveryId IS NOT NULL"
_SAY_ANOTHER = """
DO UPDATE SET text = excluded.text, origin = excluded.origin, answersMessageId = excluded.answersMessageId,
  editedAtMs = excluded.createdAtMs
"""
_KEEP_FORMER = f"""
INSERT INTO polar_message_revisions (sessionId, telegramMessageId, deliveryId, text, attachment, revisedAtMs)
SELECT sessionId, telegramMessageId, deliveryId, text, attachment, :now FROM polar_messages
WHERE deliveryId = :delivery AND text NOT IN ('', :text) AND {sql_is_answer("origin")}
"""
# It was not sent, and is not to be any more.
_IS_UNSENT = """
telegramMessageId IS NULL
  AND EXISTS (SELECT 1 FROM polar_delivery_queue WHERE deliveryId = :delivery AND status = 'sent')
"""
_COLUMNS = (
    "sequence, sessionId, messageId, role, telegramMessageId, threadKey, userId, kind, text, attachment, "
    "origin, createdAtMs, editDate, answersMessageId, deliveryId"
)
_NEWEST = 2**63 - 1
MOST = 100
"""More messages than one turn has; they were stored in one commit, and so beside each other."""
_OF_TURN = f"""
SELECT {_COLUMNS} FROM polar_messages
WHERE sequence BETWEEN :sequence - {MOST} AND :sequence + {MOST}
  AND (sequence = :sequence OR turnId = (SELECT turnId FROM polar_messages WHERE sequence = :sequence))
ORDER BY sequence
"""
LOOKED_BACK = 10_000
_HAS_WRITTEN = """
SELECT 1 FROM (
  SELECT sessionId FROM polar_messages INDEXED BY polar_messages_user WHERE userId = ? AND role = 'user'
  ORDER BY sequence DESC LIMIT ?
) AS found WHERE sessionId = ? LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A stored message. `origin` tells what produced one of ours; `edit_date` is in Telegram's seconds.

    `parts` are there where somebody has asked for them too.
    """

    sequence: int
    session_id: str
    message_id: str | None
    role: str
    telegram_message_id: int | None
    thread_key: str
    user_id: str | None
    kind: str
    text: str
    attachment: Mapping[str, Any] | None
    origin: Origin
    created_at_ms: int
    edit_date: int | None = None
    answers: int | None = None
    """Telegram's number of the message that one of ours answers."""
    delivery_id: str | None = None
    """The call that has sent one of ours."""
    parts: tuple[Part, ...] = ()

    @property
    def is_kept(self) -> bool:
        """False for one of which nothing is kept but that it was, as after an erasure."""
        return bool(self.text) or self.attachment is not None

    @classmethod
    def from_row(cls, row: Row) -> Message:
        """From a row of _COLUMNS."""
        return cls(
            sequence=row[0],
            session_id=row[1],
            message_id=row[2],
            role=row[3],
            telegram_message_id=row[4],
            thread_key=row[5],
            user_id=row[6],
            kind=row[7],
            text=row[8],
            attachment=read_object(row[9]),
            origin=Origin.from_json(row[10]),
            created_at_ms=row[11],
            edit_date=row[12],
            answers=row[13],
            delivery_id=row[14],
        )


class Messages:
    """Messages by (sessionId, telegramMessageId): Telegram's ids are unique within a chat only."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def add_received(
        *,
        session_id: str,
        telegram_message_id: int,
        turn_id: str,
        thread_key: str,
        user_id: str,
        kind: str,
        text: str,
        attachment: Mapping[str, Any] | None,
        now_ms: int,
    ) -> Statement:
        """A user's message, and the turn that it is a part of; one that is stored already stays as it is."""
        return _ADD_RECEIVED.of(
            session_id,
            received_message_id(telegram_message_id),
            telegram_message_id,
            thread_key,
            user_id,
            kind,
            text,
            encode(attachment),
            turn_id,
            now_ms,
            about=message_key(session_id, telegram_message_id),
        )

    @staticmethod
    def add_queued(
        *,
        session_id: str,
        thread_key: str,
        text: str,
        origin: Origin,
        delivery_id: str,
        now_ms: int,
        kind: str = "text",
        attachment: Mapping[str, Any] | None = None,
        answers: int | None = None,
        once: bool = False,
    ) -> Statement:
        """A part of a reply of ours, before Telegram gave it an id; `answers` is the message that it replies to.

        With `once` a row of the same delivery stays as it is, instead of voiding the unit.
        """
        params = (
            session_id,
            thread_key,
            kind,
            text,
            encode(attachment),
            encode(origin.to_json()),
            delivery_id,
            answers,
            now_ms,
        )
        if once:
            return Statement(f"{_ADD_QUEUED} {_ON_DELIVERY} DO NOTHING", params)
        return _ADD_ANSWER.of(*params, about=session_id)

    @staticmethod
    def rewrite(
        delivery_id: str,
        *,
        session_id: str,
        thread_key: str,
        text: str,
        origin: Origin,
        answers: int | None,
        now_ms: int,
    ) -> Statement:
        """Say something else in a part of ours that is there, queued or sent; one that is not there is added."""
        params = (session_id, thread_key, "text", text, None, encode(origin.to_json()), delivery_id, answers, now_ms)
        return Statement(f"{_ADD_QUEUED} {_ON_DELIVERY} {_SAY_ANOTHER}", params)

    @staticmethod
    def keep_former(delivery_id: str, *, text: str = "", now_ms: int) -> Statement:
        """Keep what a responder has said in a part of ours, sent or not, that says this from now on.

        Nothing of what was no answer: of a placeholder, or of what the bot says by itself.
        """
        return Statement(_KEEP_FORMER, {"delivery": delivery_id, "text": text, "now": now_ms})

    @staticmethod
    def say_instead(delivery_id: str, text: str) -> Statement:
        """A mere text in place of the file that this delivery was to send."""
        return Statement(
            "UPDATE polar_messages SET kind = 'text', text = ?, attachment = NULL WHERE deliveryId = ?",
            (text, delivery_id),
        )

    @staticmethod
    def add_beside(other_id: str, delivery_id: str, text: str, *, is_aside: bool = False) -> Statement:
        """One more part of the reply that another delivery is a part of, before Telegram gave it an id.

        An aside is what the bot says about that reply by itself.
        """
        origin = sql_aside("origin") if is_aside else "origin"
        return Statement(
            "INSERT INTO polar_messages "
            "(sessionId, role, threadKey, kind, text, origin, deliveryId, answersMessageId, createdAtMs) "
            f"SELECT sessionId, role, threadKey, 'text', ?, {origin}, ?, answersMessageId, createdAtMs "
            "FROM polar_messages WHERE deliveryId = ?",
            (text, delivery_id, other_id),
        )

    @staticmethod
    def take_back(delivery_id: str) -> Statement:
        """A part of ours that is deleted: its row stays, without its text, and answers nothing."""
        return Statement(
            "UPDATE polar_messages SET text = '', answersMessageId = NULL WHERE deliveryId = ?", (delivery_id,)
        )

    @staticmethod
    def take_back_unsent(delivery_id: str, *, now_ms: int) -> tuple[Statement, ...]:
        """The same where it is not to be sent any more, and has not been; what a responder said there is kept."""
        params: dict[str, Value] = {"delivery": delivery_id, "text": "", "now": now_ms}
        return (
            Statement(f"{_KEEP_FORMER} AND {_IS_UNSENT}", params),
            Statement(
                "UPDATE polar_messages SET text = '', answersMessageId = NULL "
                f"WHERE deliveryId = :delivery AND {_IS_UNSENT}",
                {"delivery": delivery_id},
            ),
        )

    @staticmethod
    def add_receipt(delivery_id: str, telegram_message_id: int, *, session_id: str) -> tuple[Statement, ...]:
        """Telegram's id of a sent part, in the chat where it was sent.

        An older row with the same id loses it: a server that counts anew has given it away again.
        """
        about, message_id = message_key(session_id, telegram_message_id), sent_message_id(telegram_message_id)
        return (
            _LOSE.of(session_id, telegram_message_id, delivery_id, about=about),
            _ADD_RECEIPT.of(session_id, message_id, telegram_message_id, delivery_id, about=about),
        )

    @staticmethod
    def revise(
        *,
        session_id: str,
        telegram_message_id: int,
        text: str,
        attachment: Mapping[str, Any] | None,
        edit_date: int | None = None,
        now_ms: int,
        keeps_former: bool = True,
    ) -> tuple[Statement, ...]:
        """Replace text and attachment, the former ones kept if so told; an edit that changes neither does nothing.

        One that is older than what is stored, in Telegram's seconds, is kept as a former one itself.
        """
        key: Mapping[str, Value] = {
            "session": session_id,
            "id": telegram_message_id,
            "text": text,
            "attachment": encode(attachment),
            "date": edit_date,
            "now": now_ms,
        }
        is_newer = "coalesce(editDate <= :date, TRUE)"
        differs = (
            "sessionId = :session AND telegramMessageId = :id AND role = 'user' "
            "AND (text <> :text OR coalesce(attachment, '') <> coalesce(:attachment, ''))"
        )
        former = Statement(
            "INSERT INTO polar_message_revisions "
            "(sessionId, telegramMessageId, text, attachment, revisedAtMs) "
            f"SELECT sessionId, telegramMessageId, CASE WHEN {is_newer} THEN text ELSE :text END, "
            f"CASE WHEN {is_newer} THEN attachment ELSE :attachment END, :now FROM polar_messages WHERE {differs}",
            key,
        )
        present = Statement(
            "UPDATE polar_messages SET text = :text, attachment = :attachment, editedAtMs = :now, editDate = :date "
            f"WHERE {differs} AND {is_newer}",
            key,
        )
        return (former, present) if keeps_former else (present,)

    async def find(self, session_id: str, telegram_message_id: int) -> Message | None:
        """The message with this Telegram id in this session, or None."""
        row = await self._readers.look_up_one(
            f"SELECT {_COLUMNS} FROM polar_messages WHERE sessionId = ? AND telegramMessageId = ?",
            (session_id, telegram_message_id),
        )
        return Message.from_row(row) if row else None

    async def find_delivered(self, delivery_id: str) -> Message | None:
        """The part of ours that this delivery sends, or None; without a Telegram id until it has been sent."""
        row = await self._readers.look_up_one(
            f"SELECT {_COLUMNS} FROM polar_messages INDEXED BY polar_messages_delivery "
            "WHERE deliveryId = ? AND deliveryId IS NOT NULL",
            (delivery_id,),
        )
        return Message.from_row(row) if row else None

    async def list_thread(
        self,
        session_id: str,
        thread_key: str,
        *,
        limit: int,
        before: Message | None = None,
        without: Collection[int] = (),
    ) -> list[Message]:
        """The newest messages of a thread, stored before another one, without those of these Telegram ids.

        Oldest first. In a private chat the thread of a reply is the whole chat, as far as it is in no topic.
        """
        bound = _NEWEST if before is None else before.sequence
        others = f"AND (telegramMessageId IS NULL OR telegramMessageId NOT IN ({', '.join('?' * len(without))}))"
        rows = await self._readers.look_up(
            f"SELECT {_COLUMNS} FROM polar_messages INDEXED BY polar_messages_thread "
            f"WHERE sessionId = ? AND {MESSAGE_TOLD_IN} = ? AND sequence < ? "
            f"{others if without else ''} ORDER BY sequence DESC LIMIT ?",
            (session_id, told_in(thread_key), bound, *without, limit),
        )
        return [Message.from_row(row) for row in reversed(rows)]

    async def count_of_automation(self, automation_id: str, *, since_ms: int) -> int:
        """The number of messages that an automation has sent, or has queued, since an instant."""
        row = await self._readers.fetch_one(
            "SELECT count(*) FROM polar_messages INDEXED BY polar_messages_automation "
            f"WHERE {MESSAGE_AUTOMATION} IS NOT NULL AND {MESSAGE_AUTOMATION} = ? AND createdAtMs >= ?",
            (automation_id, since_ms),
        )
        return int(row[0]) if row else 0

    async def has_written(self, user_id: str, session_id: str) -> bool:
        """True if one of a person's last LOOKED_BACK messages, in all chats, was written in this one."""
        row = await self._readers.fetch_one(_HAS_WRITTEN, (user_id, LOOKED_BACK, session_id))
        return row is not None

    async def have_others_written(self, session_id: str, user_id: str, *, after: int) -> bool:
        """True if somebody but this user has written in a session since a message of it."""
        row = await self._readers.look_up_one(
            "SELECT 1 FROM polar_messages INDEXED BY polar_messages_telegram "
            "WHERE sessionId = ? AND telegramMessageId > ? AND telegramMessageId IS NOT NULL "
            "AND role = 'user' AND userId <> ? LIMIT 1",
            (session_id, after, user_id),
        )
        return row is not None

    async def list_recent(self, session_id: str, *, limit: int) -> list[Message]:
        """The newest messages of a session, oldest first."""
        rows = await self._readers.fetch(
            f"SELECT {_COLUMNS} FROM polar_messages WHERE sessionId = ? ORDER BY sequence DESC LIMIT ?",
            (session_id, limit),
        )
        return [Message.from_row(row) for row in reversed(rows)]

    async def list_turn(self, message: Message) -> list[Message]:
        """The messages that made one turn with a stored one of a user's, itself included, in order."""
        rows = await self._readers.look_up(_OF_TURN, {"sequence": message.sequence})
        return [Message.from_row(row) for row in rows]

    async def list_answers(self, session_id: str, telegram_message_id: int) -> list[Message]:
        """All that we have said to a message, in order."""
        rows = await self._readers.look_up(
            f"SELECT {_COLUMNS} FROM polar_messages INDEXED BY polar_messages_answers "
            "WHERE sessionId = ? AND answersMessageId = ? AND answersMessageId IS NOT NULL ORDER BY sequence",
            (session_id, telegram_message_id),
        )
        return [Message.from_row(row) for row in rows]
