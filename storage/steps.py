"""How far something is that takes its time."""

from __future__ import annotations

from collections.abc import Callable

OnStep = Callable[[int, int], None]
"""Told of what is done, such as pages, and of how much there is."""
