"""Whom the settings let in, and as what; those whom the owner lets in come on top."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from middleware.turn import Level

AccessMode = Literal["open", "allowlist", "pairing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The lists of ids, and whether all others may come in too."""

    mode: AccessMode
    admins: frozenset[int]
    operators: frozenset[int]
    allowed: frozenset[int]

    def level_of(self, user_id: int) -> Level:
        """The level that a list gives, the highest of several."""
        if user_id in self.admins:
            return Level.ADMIN
        if user_id in self.operators:
            return Level.OPERATOR
        return Level.MEMBER if user_id in self.allowed else Level.STRANGER

    def settings_for(self, chat_id: int) -> Iterator[str]:
        """The settings by which a person, or a group, is in, as they are written."""
        lists = {
            "POLAR_ADMIN_TELEGRAM_IDS": self.admins,
            "POLAR_OPERATOR_TELEGRAM_IDS": self.operators,
            "POLAR_ALLOWED_TELEGRAM_IDS": self.allowed,
        }
        yield from (name for name, ids in lists.items() if chat_id in ids)
        if self.mode == "open":
            yield "POLAR_ACCESS=open"
