"""`polar init`: from nothing to a bot that can start."""

from __future__ import annotations

from typing import Annotated

import typer


def init(
    access: Annotated[str | None, typer.Option(help="Who may talk to it: pairing, allowlist or open.")] = None,
    allow: Annotated[str | None, typer.Option(help="For allowlist: ids of users and groups, like 1234,-5678.")] = None,
    admin: Annotated[str | None, typer.Option(help="Ids of its admins; with pairing its owner is one.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Zone of people who set none, else this machine's.")] = None,
    responder: Annotated[
        str | None, typer.Option(help="Who answers: local, openai, none, or package.module:attribute.")
    ] = None,
    base_url: Annotated[str | None, typer.Option(help="For openai: the endpoint, up to /v1.")] = None,
    model: Annotated[str | None, typer.Option(help="For openai: the model's name there.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing, and change a .env that is there.")] = False,
) -> None:
    """Set up a bot: check its token and its model, and write .env.

    Secrets are asked for and not shown. Without a terminal, or with --yes, they come from the environment
    (TELEGRAM_BOT_TOKEN, POLAR_OPENAI_API_KEY), else from standard input, a line each, else from the .env that is
    there. What is not answered stays as it is there. Ctrl-C leaves everything as it was.
    """
    # Here, because what checks the answers takes its time to import, and a help needs none of it.
    from bot.cli.interview import Given, hold

    hold(
        Given(
            access=access,
            allow=allow,
            admin=admin,
            timezone=timezone,
            responder=responder,
            base_url=base_url,
            model=model,
            yes=yes,
        )
    )
