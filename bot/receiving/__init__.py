"""From Telegram to a turn: journal first, then in order."""
