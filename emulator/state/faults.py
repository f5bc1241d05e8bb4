"""Failures to order: what a call that matches meets instead of a plain answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..changes import Signal
from ..errors import ApiError, bad_request, forbidden, too_many_requests
from ..replies import Reply, html, ok, refusal

CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
CANNED: dict[str, Callable[[], Reply]] = {
    "401": lambda: refusal(ApiError(401, "Unauthorized")),
    "404-html": lambda: html(404, "Not Found"),
    "409": lambda: refusal(ApiError(409, CONFLICT)),
    "500": lambda: refusal(ApiError(500, "Internal Server Error")),
    "502-html": lambda: html(502, "Bad Gateway"),
    "empty": lambda: ok([]),
}
BEFORE = {"429", "hang", "cut", *CANNED}
AFTER = {"hang_after", "cut_after", "slow", "garbage"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One order of failure.

    method: a method's name in any case, or `*`. chat: only calls with this chat_id. times: None is until cleared.
    retry_after: of a 429, in seconds. seconds: how long `hang`, `hang_after` and `slow` last; None is until cleared.
    """

    method: str
    kind: str
    times: int | None = 1
    chat: int | None = None
    retry_after: int = 1
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in BEFORE | AFTER and not self.kind.startswith(("400:", "403:")):
            known = ", ".join(sorted(BEFORE | AFTER))
            raise ValueError(f"unknown fault {self.kind!r}; known are {known}, 400:<description>, 403:<description>")

    def matches(self, method: str, chat: int | None) -> bool:
        """True if a call of `method` in `chat` is one of those it was ordered for."""
        return self.method.lower() in ("*", method.lower()) and self.chat in (None, chat)

    def canned(self) -> Reply | None:
        """The answer of a kind which answers without an effect, else None."""
        if self.kind in CANNED:
            return CANNED[self.kind]()
        if self.kind == "429":
            return refusal(too_many_requests(self.retry_after))
        status, _, description = self.kind.partition(":")
        if status == "400":
            return refusal(bad_request(description.removeprefix("Bad Request: ")))
        if status == "403":
            return refusal(forbidden(description.removeprefix("Forbidden: ")))
        return None


class Faults:
    """The orders that are open; `cleared` wakes the calls which hang."""

    def __init__(self) -> None:
        self._open: list[tuple[Fault, int | None]] = []
        self.cleared = Signal()

    def add(self, fault: Fault) -> None:
        """Append an order; the oldest which matches is used first."""
        self._open.append((fault, fault.times))

    def take(self, method: str, chat: int | None) -> Fault | None:
        """The fault that this call meets, counted as used, or None."""
        for index, (fault, left) in enumerate(self._open):
            if fault.matches(method, chat):
                if left == 1:
                    del self._open[index]
                elif left is not None:
                    self._open[index] = (fault, left - 1)
                return fault
        return None

    def clear(self) -> None:
        """Drop all orders and let go what hangs."""
        self._open.clear()
        self.cleared.notify()
