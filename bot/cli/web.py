"""`polar web`: the dashboard, as a process of its own."""

from __future__ import annotations

import os

import typer

from bot import home
from bot.cli import settings
from storage.location import environment

_OURS = ("POLAR_", "TELEGRAM_")


def web() -> None:
    """Serve the read-only dashboard at POLAR_WEB_LISTEN until SIGINT or SIGTERM."""
    loaded = settings.load()
    for line in settings.strangers():
        typer.echo(f"polar: {line}", err=True)
    arguments = ["--database", str(loaded.location), "--artifacts", str(loaded.artifacts_path)]
    arguments += ["--listen", loaded.web_listen]
    if secret := loaded.web_secret.get_secret_value():
        # Arguments and the environment of a process can be read by others; a pipe cannot.
        arguments += ["--secret-fd", str(_pipe(secret))]
    # It has been told everything it needs, and the bot's token is not among that.
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(_OURS)}
    home.become("web", *arguments, inherited={**inherited, **environment(loaded.location)})


def _pipe(secret: str) -> int:
    """A descriptor that gives the secret, once."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        pipe.write(secret)
    os.set_inheritable(reading, True)
    return reading
