"""The messages in place of a file that a chat refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from storage.ids import part_id
from storage.payloads import SendMessage
from storage.statement import Statement
from storage.tables.deliveries import Deliveries, Delivery
from storage.tables.messages import Messages


def say_instead(
    delivery: Delivery, first: SendMessage, further: Iterable[SendMessage], *, now_ms: int
) -> Iterator[Statement]:
    """Yield the statements that make the delivery of an answer's file one of messages, each with a row of its own.

    They are void where the delivery was changed meanwhile: what was erased is said in no other way.
    """
    yield Deliveries.rewrite(delivery, first).expecting(1)
    yield Messages.say_instead(delivery.delivery_id, first.text)
    for number, message in zip(count(1), further):
        delivery_id = part_id(delivery.reply_id, number)
        yield Deliveries.add_beside(delivery.delivery_id, delivery_id, message, now_ms=now_ms)
        yield Messages.add_beside(delivery.delivery_id, delivery_id, message.text)
