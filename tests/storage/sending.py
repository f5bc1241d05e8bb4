"""Calls that are queued go out, one after the other, without a bot."""

from __future__ import annotations

from storage.database import Database
from storage.tables.deliveries import Deliveries
from tests.storage.files import NOW_MS

S = "telegram:chat:1"


async def drained(database: Database, deliveries: Deliveries) -> list[str]:
    """The calls of a session in the order in which they go out, all of them."""
    sent = []
    while delivery := next(iter(await deliveries.list_next(S)), None):
        sent.append(delivery.delivery_id)
        begin = () if delivery.begun else (deliveries.begin(delivery),)
        await database.commit(deliveries.claim(delivery, now_ms=NOW_MS), *begin)
        await database.commit(deliveries.finish(delivery, reason=None, now_ms=NOW_MS))
    return sent
