"""`polar users` and `polar pair`: who may talk, who asks to, and letting them in or shutting them out.

A running bot goes by it from the next message on: it forgets whom it knows when another program has written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

import typer

from bot.cli import rows, settings
from bot.cli.columns import Shown
from bot.cli.facts import AsJson, chat, instant, minute, show_all, walk
from bot.errors import CannotRun
from middleware.access import ROLES, private_place
from middleware.admission import Admission
from middleware.texts import say
from middleware.turn import Level
from storage.beside import Beside
from storage.errors import ExpectationFailed
from storage.ids import session_id_of
from storage.statement import Statement
from storage.tables.access import OWNER, Permissions
from storage.tables.jobs import Jobs
from storage.views import people
from storage.views.listings import NEWEST
from storage.views.people import Admitted, Applicant

users = typer.Typer(help="Who may talk to the bot.", no_args_is_help=True)
pair = typer.Typer(help="Who asks to be let in; letting them in, and shutting them out.", no_args_is_help=True)
BY = "polar pair"
"""Who has granted a role, where it was the operator at the command line."""
_ID = re.compile(r"-?[1-9][0-9]{0,18}")
_NEGATIVE = {"ignore_unknown_options": True}
"""Ids of groups begin with a minus, and are no options."""
_USERS = (
    Shown("id", "id"),
    Shown("level", "level"),
    Shown("seenAt", "last seen (UTC)", minute),
    Shown("timezone", "zone", gives_way=True),
    Shown("grantedAt", "since (UTC)", minute, may_go=True),
    Shown("by", "let in by", ", ".join, gives_way=True),
)
_WAITING = (
    Shown("id", "id"),
    Shown("askedAt", "asked (UTC)", minute),
    Shown("expiresAt", "code ends (UTC)", minute),
)


@users.command("list")
def list_users(as_json: AsJson = False) -> None:
    """Who may talk: the owner, who stands in a setting, and who was let in, the newest first; no names are kept."""
    admission = _admission()
    with rows.database() as database:
        facts = (_fact(each, admission) for each in _everybody(database, admission))
        show_all(facts, _USERS, as_json=as_json, none="nobody was let in yet")
    if admission.mode == "open":
        typer.echo("polar: POLAR_ACCESS is open, so everybody else may talk, too", err=True)


@pair.command("list")
def list_waiting(as_json: AsJson = False) -> None:
    """Who asks to be let in, the newest first: people who wrote to the bot, and hold a code that is still valid."""
    now_ms = rows.now_ms()
    with rows.database() as database:
        waiting = walk(lambda before: database.ask(people.applicants(database, now_ms=now_ms, before=before)), NEWEST)
        show_all(map(_waiting, waiting), _WAITING, as_json=as_json, none="nobody waits to be let in")


@pair.command(context_settings=_NEGATIVE)
def approve(
    who: Annotated[
        str,
        typer.Argument(metavar="WHO", help="A code, the id of who holds one, or a group's id.", show_default=False),
    ],
) -> None:
    """Let a person or a group in, as /pair does; the person is told."""
    with rows.database() as database:
        now_ms = rows.now_ms()
        if who.startswith("-"):
            group = session_id_of(_number(who))
            database.commit(Permissions.grant(group, "group", granted_by=BY, now_ms=now_ms))
            typer.echo(f"group {who} is in")
            return
        user_id = database.ask(people.find_applicant(database, who, now_ms=now_ms))
        if user_id is None:
            raise CannotRun(f"nobody waits with this code or id: {who!r:.40}; polar pair list shows who does")
        try:
            database.commit(
                *Permissions.let_in(user_id, granted_by=BY, now_ms=now_ms), *_welcome(database, user_id, now_ms=now_ms)
            )
        except ExpectationFailed as error:
            raise CannotRun(f"{user_id} was let in by somebody else just now") from error
    typer.echo(f"{user_id} is in")


@pair.command(context_settings=_NEGATIVE)
def revoke(
    who: Annotated[str, typer.Argument(metavar="ID", help="A person's or a group's.", show_default=False)],
) -> None:
    """Shut a person or a group out, as /unpair does; the person's automations are paused, wherever they are."""
    number = _number(who)
    subject = _subject(number)
    listed = list(_admission().settings_for(number))
    with rows.database() as database:
        [found] = database.ask(people.named(database, [subject]))
        if found.role == OWNER:
            raise CannotRun(f"{who} is the owner, who stays in")
        statements: list[Statement] = [Permissions.revoke(subject)]
        if number > 0 and found.role is not None and not listed:
            statements += Jobs.pause_of(subject, "unpaired", now_ms=rows.now_ms())
        database.commit(*statements)
    if listed:
        raise CannotRun(f"{who} stays in by {', '.join(listed)}")
    typer.echo(f"{who} was not in" if found.role is None else f"{who} is out")


def _admission() -> Admission:
    # Here, because settings take their time to import, and a help needs none of them.
    from bot.admission import admission

    return admission(settings.load())


def _everybody(database: Beside, admission: Admission) -> Iterator[Admitted]:
    """The owner first, then who stands in the settings, the highest level first, then who was let in."""
    owner = database.ask(people.owner(database))
    ids = sorted(
        admission.admins | admission.operators | admission.allowed, key=lambda each: (-admission.level_of(each), each)
    )
    first = [owner] if owner is not None else []
    first += [subject for subject in map(_subject, ids) if subject != owner]
    yield from database.ask(people.named(database, first))
    told = frozenset(first)
    for each in walk(lambda before: database.ask(people.granted(database, before=before)), NEWEST):
        if each.subject not in told:
            yield each


def _fact(found: Admitted, admission: Admission) -> dict[str, object]:
    shown = chat(found.subject)
    number = int(shown) if _ID.fullmatch(shown) else 0
    settings_for = [name for name in admission.settings_for(number) if name.endswith("_IDS")]
    granted = [] if found.role is None else ["pairing" if found.granted_by is None else found.granted_by]
    level = max(admission.level_of(number), ROLES.get(found.role or "", Level.STRANGER))
    return {
        "id": shown,
        "level": "group" if number < 0 else level.name.lower(),
        "timezone": found.timezone,
        "seenAt": instant(found.seen_at_ms),
        "grantedAt": instant(found.granted_at_ms),
        "by": [*granted, *settings_for],
    }


def _waiting(applicant: Applicant) -> dict[str, object]:
    return {
        "id": applicant.user_id,
        "askedAt": instant(applicant.since_ms),
        "expiresAt": instant(applicant.until_ms),
    }


def _welcome(database: Beside, user_id: str, *, now_ms: int) -> list[Statement]:
    """What tells them, queued as everything is that the bot says by itself."""
    # Here, because what makes messages takes its time to import, and no other of these commands asks for it.
    from middleware.replies.outbox import Outbox
    from storage.tables.deliveries import Deliveries
    from storage.tables.messages import Messages

    outbox = Outbox(Deliveries(database), Messages(database), lambda: now_ms, settings.load().feedback_buttons)
    return outbox.notify(f"let in {now_ms}", private_place(user_id), say("access.welcome"))


def _subject(number: int) -> str:
    return session_id_of(number) if number < 0 else str(number)


def _number(written: str) -> int:
    if not _ID.fullmatch(written):
        raise typer.BadParameter(f"ID: expected a number like 123456789 or -1001234567890 (found {written!r:.40})")
    return int(written)
