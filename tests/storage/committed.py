"""Units as turns and calls commit them, of statements that may run as one with those of others."""

from __future__ import annotations

from storage.delivery import Delivery
from storage.ids import event_id, message_key, update_turn_id
from storage.json_text import encode
from storage.origin import UNKNOWN
from storage.payloads import SendMessage
from storage.statement import Statement, Unit
from storage.tables.answer_totals import AnswerTotals
from storage.tables.audit import AuditTrail
from storage.tables.deliveries import Deliveries
from storage.tables.feedback import FeedbackLedger
from storage.tables.messages import Messages
from storage.tables.updates import Updates
from tests.storage.files import NOW_MS

S, T = "telegram:chat:1", "telegram:chat:2"
MESSAGES, REACTIONS = range(1, 7), range(101, 120)
"""The updates that are pending: messages, with their Telegram ids, and reactions."""


SAID = SendMessage(text="ours")
COUNTED = AnswerTotals.count(UNKNOWN, is_private=True, milliseconds=7, now_ms=NOW_MS)


def finish(update: int) -> Statement:
    """The end of an update."""
    about = message_key(S, update) if update in MESSAGES else None
    return Updates.finish(update, place_of(update), now_ms=NOW_MS + update, about=about)


def place_of(update: int) -> int:
    """Its sequence."""
    return [*MESSAGES, *REACTIONS].index(update) + 1


def said(number: int, text: str = "words") -> Statement:
    """A person's message."""
    return Messages.add_received(
        session_id=S,
        telegram_message_id=number,
        turn_id=update_turn_id(number, number),
        thread_key="root:1",
        user_id=str(number % 2),
        kind="text",
        text=text,
        attachment=None,
        now_ms=NOW_MS,
    )


def reacted(update: int, number: int, position: int = 0) -> Statement:
    """A reaction to a message, by its Telegram id."""
    return FeedbackLedger.append_on_message(
        event_id=event_id(update_turn_id(update, 1), position, at_ms=NOW_MS),
        event_type="reaction_added",
        session_id=S,
        telegram_message_id=number,
        chat_id=1,
        emoji="👍",
        polarity="positive",
        payload={"actor": "7", "updateId": update},
        now_ms=NOW_MS + update,
    )


def audited(update: int, outcome: str = "recorded") -> Statement:
    """A turn's row for the operator."""
    return AuditTrail.append(
        turn_id=update_turn_id(update, 1),
        attempt=1,
        kind="message",
        session_id=S,
        user_id="7",
        outcome=outcome,
        reason=None,
        duration_ms=update,
        now_ms=NOW_MS,
    )


def ours(number: int, session: str = S) -> Statement:
    """A message of ours."""
    return Messages.add_queued(
        session_id=session, thread_key="root:1", text="ours", origin=UNKNOWN, delivery_id=f"d{number}", now_ms=NOW_MS
    )


def call(number: int, session: str = S) -> Statement:
    """The call that sends it; who asked, and how urgent it is, is another one's each time."""
    asked_by, start = ("7", None)[number % 2], (10_000, 20_000, 0)[number % 3]
    return Deliveries.add(
        delivery_id=f"d{number}",
        session_id=session,
        payload=SAID,
        reply_id=f"d{number}",
        head_start=start,
        asked_by=asked_by,
        now_ms=NOW_MS,
    )


def delivery(number: int, session: str = S) -> Delivery:
    """It as the queue holds it."""
    return Delivery(
        delivery_id=f"d{number}",
        session_id=session,
        stored=str(encode(SAID.to_json())),
        payload=SAID,
        status="pending",
        sequence=1,
        reply_id="",
        rank=0,
        attempts=0,
        ambiguous=0,
        created_at_ms=NOW_MS,
    )


def answered(update: int, number: int, session: str = S) -> Unit:
    """A turn with an answer."""
    return (finish(update), COUNTED, call(number, session), ours(number, session), audited(update))


def claimed(number: int, session: str = S) -> Unit:
    """The call is about to be made."""
    return (Deliveries.claim(delivery(number, session), now_ms=NOW_MS + 1),)


def received(number: int, session: str = S) -> Unit:
    """It was made, and the message has this id."""
    finish_call = Deliveries.finish(delivery(number, session), reason=None, now_ms=NOW_MS + 2)
    return (finish_call, *Messages.add_receipt(f"d{number}", number, session_id=session))
