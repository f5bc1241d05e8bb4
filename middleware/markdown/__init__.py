"""Markdown as models write it, as a text and the stretches of it that Telegram formats."""
