"""The calls that were handed over when they were queued, in chats of which all that waits is known."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from storage.delivery import Delivery

MOST = 100
"""The calls of one chat that are kept."""
ROOM = 4 * 1024 * 1024
"""Bytes of what is to be sent that are kept; what is beyond that is read from the queue."""
EACH = 1_500
"""Bytes that a call takes beside what it says, about."""


class AtHand:
    """Of each of these sessions all that waits, in no case a part: whoever knows less asks the queue."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._waiting: dict[str, dict[str, Delivery]] = {}
        """By session and id, in the order in which they go."""

    def __contains__(self, session_id: str) -> bool:
        """True if the queue needs not be asked."""
        return session_id in self._waiting

    def begin(self, session_id: str, waiting: Iterable[Delivery]) -> None:
        """Nothing else waits in this session."""
        self._waiting[session_id] = {}
        for delivery in waiting:
            self.add(delivery)

    def add(self, delivery: Delivery) -> bool:
        """Keep one more of its session; False where the queue has to be asked from now on."""
        waiting = self._waiting.get(delivery.session_id)
        if waiting is None:
            return False
        if delivery.delivery_id in waiting:
            return True
        if self._room <= 0 or len(waiting) >= MOST:
            self.let_go(delivery.session_id)
            return False
        self._room -= _size(delivery)
        is_last = not waiting or _place(next(reversed(waiting.values()))) < _place(delivery)
        waiting[delivery.delivery_id] = delivery
        if not is_last:
            self._order(delivery.session_id)
        return True

    def _order(self, session_id: str) -> None:
        in_order = sorted(self._waiting[session_id].values(), key=_place)
        self._waiting[session_id] = {delivery.delivery_id: delivery for delivery in in_order}

    def first(self, session_id: str) -> Delivery | None:
        """The one that goes first, in the order of `Deliveries.list_next`."""
        return next(iter(self._waiting[session_id].values()), None)

    def behind(self, *before: Delivery) -> Delivery | None:
        """The one that goes first when these were made; None where that is not known, or nothing waits."""
        waiting = self._waiting.get(before[0].session_id, {}).values()
        made = [delivery.delivery_id for delivery in before]
        return next((one for one in waiting if one.delivery_id not in made), None)

    def begins_parts(self, delivery: Delivery) -> bool:
        """True if this is the first one of a reply of which others wait, too."""
        return not delivery.begun and len(self._parts(delivery)) > 1

    def begin_reply(self, delivery: Delivery) -> bool:
        """It is under way, and the later parts of its reply come next; False where it is known to have none."""
        waiting = self._waiting.get(delivery.session_id)
        if waiting is None:
            return True
        has_more = len(parts := self._parts(delivery)) > 1
        if has_more:
            waiting.update((part.delivery_id, replace(part, begun=True)) for part in parts)
            self._order(delivery.session_id)
        return has_more

    def _parts(self, delivery: Delivery) -> list[Delivery]:
        """What waits of its reply, itself among them."""
        waiting = self._waiting.get(delivery.session_id, {}).values()
        return [one for one in waiting if one.reply_id == delivery.reply_id]

    def has(self, delivery: Delivery) -> bool:
        """True if it is kept, and has not been made."""
        return delivery.delivery_id in self._waiting.get(delivery.session_id, ())

    def remove(self, delivery: Delivery) -> None:
        """It was made, and waits no more."""
        if self._waiting.get(delivery.session_id, {}).pop(delivery.delivery_id, None) is not None:
            self._room += _size(delivery)

    def let_go(self, session_id: str) -> None:
        """Keep nothing of this session."""
        for delivery in self._waiting.pop(session_id, {}).values():
            self._room += _size(delivery)

    def let_go_all(self) -> None:
        """Keep nothing."""
        for session_id in list(self._waiting):
            self.let_go(session_id)


def _place(delivery: Delivery) -> tuple[bool, int, int]:
    return not delivery.begun, delivery.rank, delivery.sequence


def is_untried(delivery: Delivery) -> bool:
    """True if nothing is to be known of it but that it waits."""
    return delivery.status == "pending" and not (delivery.ambiguous or delivery.failures)


def _size(delivery: Delivery) -> int:
    return EACH + len(delivery.stored)
