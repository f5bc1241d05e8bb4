"""Bot accounts."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..people import Json
from .updates import Updates
from .webhook import Webhook


@dataclass(slots=True)
class Bot:
    """An account, its queue and its settings; opened, blocked and kicked hold chat ids."""

    token: str
    id: int
    username: str
    updates: Updates
    opened: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)
    kicked: set[int] = field(default_factory=set)
    commands: dict[str, list[Json]] = field(default_factory=dict)
    webhook: Webhook | None = None

    def json(self) -> Json:
        """The User object, as it stands in messages."""
        return {"id": self.id, "is_bot": True, "first_name": self.username, "username": self.username}
