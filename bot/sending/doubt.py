"""Calls of which nobody knows whether they took effect: how often they are made again, and who misses them."""

from __future__ import annotations

from storage.delivery import Delivery
from storage.ids import is_notice, is_placeholder
from storage.payloads import AboutSent, DeleteMessage

HARMLESS_REPEATS = 4
"""The most repeats of an unclear edit or deletion, as doing it twice is doing it once."""


def repeats(delivery: Delivery) -> int:
    """The number of times that it is made again at most."""
    if is_placeholder(delivery.delivery_id):
        return 0  # the answer itself comes after it
    return HARMLESS_REPEATS if isinstance(delivery.payload, AboutSent) else 1


def is_missed(delivery: Delivery) -> bool:
    """True if somebody waits for it in vain when it fails, and there is somebody else to tell."""
    is_aside = isinstance(delivery.payload, DeleteMessage) or is_placeholder(delivery.delivery_id)
    return not is_aside and not is_notice(delivery.reply_id)


def reason_for(delivery: Delivery, reason: str) -> str:
    """Why the last try was the last, given the reason of that one."""
    times = {0: "", 1: " twice"}.get(delivery.ambiguous, f" {delivery.ambiguous + 1} times")
    return f"unclear{times} whether it was sent: {reason}"
