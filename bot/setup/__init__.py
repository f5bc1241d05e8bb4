"""From nothing to a bot that can start: what is asked of Telegram and of a model, and what becomes of `.env`."""
