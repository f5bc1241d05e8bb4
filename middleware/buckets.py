"""Leaky buckets, one a name: so many things at once, and so many in a span of time."""

from __future__ import annotations

from collections import OrderedDict

from aiolimiter import AsyncLimiter

REMEMBERED = 10_000


class Buckets:
    """In memory: forgetting one at a restart does no harm, nor that of who was not heard of for longest."""

    def __init__(self, size: float, seconds: float) -> None:
        self._size, self._seconds = size, seconds
        self._by_name: OrderedDict[str, AsyncLimiter] = OrderedDict()

    async def take(self, name: str) -> bool:
        """True if one more fits; then it is in. Never waits."""
        bucket = self._by_name.pop(name, None) or AsyncLimiter(self._size, self._seconds)
        self._by_name[name] = bucket
        if len(self._by_name) > REMEMBERED:
            self._by_name.popitem(last=False)
        if not bucket.has_capacity():
            return False
        await bucket.acquire()
        return True
