"""The messages in place of a file that a chat refuses."""

from __future__ import annotations

from collections.abc import Iterator

from middleware.replies.parts import InMessages
from storage.delivery import Delivery
from storage.ids import part_id
from storage.statement import Statement
from storage.tables.deliveries import Deliveries
from storage.tables.messages import Messages


def say_instead(delivery: Delivery, instead: InMessages, *, now_ms: int) -> Iterator[Statement]:
    """Yield the statements that make the delivery of an answer's file one of messages, each with a row of its own.

    They are void where the delivery was changed meanwhile: what was erased is said in no other way.
    """
    first, *further = instead.messages
    yield Deliveries.rewrite(delivery, first).expecting(1)
    yield Messages.keep_former(delivery.delivery_id, text=first.text, now_ms=now_ms)
    yield Messages.say_instead(delivery.delivery_id, first.text)
    for number, message in enumerate((*further, instead.note), 1):
        delivery_id = part_id(delivery.reply_id, number)
        is_aside = message is instead.note
        yield Deliveries.add_beside(delivery.delivery_id, delivery_id, message, now_ms=now_ms)
        yield Messages.add_beside(delivery.delivery_id, delivery_id, message.text, is_aside=is_aside)
