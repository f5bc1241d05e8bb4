"""Whom the settings let in: for the bot, and for the command line that tells of it."""

from __future__ import annotations

from bot.settings import Settings
from middleware.admission import Admission


def admission(settings: Settings) -> Admission:
    """The lists of ids, and POLAR_ACCESS."""
    return Admission(
        mode=settings.access,
        admins=settings.admin_telegram_ids,
        operators=settings.operator_telegram_ids,
        allowed=settings.allowed_telegram_ids,
    )
