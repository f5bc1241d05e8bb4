"""Examining the bot and what it stands on: facts are gathered within limits of time, checks judge them, purely."""
