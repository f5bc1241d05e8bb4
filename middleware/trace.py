"""The trace id: that of the turn which is being made. The audit has it, and all that is logged meanwhile."""

from __future__ import annotations

from contextvars import ContextVar

TRACE: ContextVar[str] = ContextVar("trace", default="")
"""Empty outside of a turn. What a turn starts beside it inherits the id."""
