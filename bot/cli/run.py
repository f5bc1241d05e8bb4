"""`polar run`: the bot, until it is asked to stop."""

from __future__ import annotations

from bot.cli.loading import sparing


def run() -> None:
    """Run the bot, by polling or webhook, until SIGINT or SIGTERM."""
    # Here, because all that a bot is made of takes its time to import, and a help needs none of it.
    with sparing():
        from bot.cli import running

    running.run()
