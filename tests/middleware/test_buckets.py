"""Leaky buckets by name: bounded in what they let through, and in what they remember."""

from __future__ import annotations

import pytest

from middleware import buckets
from middleware.buckets import Buckets


async def test_a_bucket_takes_so_much_at_once_and_then_nothing() -> None:
    """Each name has its own."""
    found = Buckets(2, 3600)
    assert [await found.take("ann") for _ in range(4)] == [True, True, False, False]
    assert await found.take("bob")


async def test_no_more_buckets_are_remembered_than_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was not heard of for longest is forgotten; who goes on is not, and stays shut out."""
    monkeypatch.setattr(buckets, "REMEMBERED", 3)
    found = Buckets(1, 3600)
    assert await found.take("quiet")
    assert await found.take("loud")
    for name in ("a", "b", "c"):
        assert await found.take(name)
        assert not await found.take("loud")
    assert await found.take("quiet")
