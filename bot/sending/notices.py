"""Notices that the bot sends to its operators by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from middleware.access import private_place
from middleware.replies.outbox import Outbox
from middleware.texts import say
from storage.delivery import Delivery
from storage.statement import Statement
from storage.tables.access import Permissions


@dataclass(frozen=True, slots=True)
class Notices:
    """Queues a message to the owner and to each admin, in the commit that it speaks of."""

    outbox: Outbox
    access: Permissions
    admins: Iterable[int]

    async def of_unclear(self, delivery: Delivery, reason: str) -> list[Statement]:
        """Nobody knows whether this delivery arrived, and it is not repeated any more."""
        owner = await self.access.owner()
        ids = {str(user) for user in self.admins} | ({owner} if owner else set())
        text = say("delivery.unclear", session=delivery.session_id, reason=reason)
        return [
            statement
            for user in sorted(ids)
            for statement in self.outbox.notify(delivery.delivery_id, private_place(user), text)
        ]
