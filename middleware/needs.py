"""What somebody along the chain wants to know of a turn besides what was written; nothing else is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Declared once, by a middleware of yours as `needs`, by a responder as a part of its `abilities`."""

    history: int = 0
    """The number of earlier messages that it wants to know: of a private chat, elsewhere of the thread."""
    memories: bool = False
    """True if it wants to know what the person had remembered."""
    personality: bool = False
    """True if it wants to know how it is to speak. The profile is then named with the answer as well."""
    rights: bool = True
    """True if it asks what a person may do that others may not, `turn.level`, of what was written to us."""

    @property
    def is_context(self) -> bool:
        """True if any of it stands in `turn.context`."""
        return bool(self.history) or self.memories or self.personality

    def __or__(self, other: Needs) -> Needs:
        """What either wants to know."""
        return Needs(
            history=max(self.history, other.history),
            memories=self.memories or other.memories,
            personality=self.personality or other.personality,
            rights=self.rights or other.rights,
        )
