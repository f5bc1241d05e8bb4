"""`polar updates`: what was set aside of what people sent, and its way back. A running bot takes it up at once."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import rows
from bot.cli.columns import Shown
from bot.cli.facts import AsJson, Limit, chat, instant, lines_of, minute, show_all, show_one, walk
from bot.errors import CannotRun
from storage.beside import Beside
from storage.errors import ExpectationFailed
from storage.tables.updates import Updates
from storage.views.listings import NEWEST
from storage.views.queue_listings import DeadUpdate, dead_updates
from storage.views.set_aside import JournalRow, find_update

app = typer.Typer(help="Updates that were set aside, and their way back.", no_args_is_help=True)
UpdateId = Annotated[int, typer.Argument(help="The id of an update, as `polar updates list` shows it.")]
_COLUMNS = (
    Shown("updateId", "update", is_number=True),
    Shown("receivedAt", "received (UTC)", minute),
    Shown("kind", "kind", gives_way=True),
    Shown("sessionId", "chat", chat, may_go=True),
    Shown("attempts", "tries", is_number=True, may_go=True),
    Shown("reason", "reason", gives_way=True),
)


@app.command("list")
def list_(limit: Limit = 100, as_json: AsJson = False) -> None:
    """Updates that were set aside, the newest first."""
    with rows.database() as database:
        updates = walk(lambda before: database.ask(dead_updates(database, before=before)), NEWEST)
        show_all(map(_fact, updates), _COLUMNS, as_json=as_json, none="no update is set aside", limit=limit)


@app.command()
def show(update_id: UpdateId, as_json: AsJson = False) -> None:
    """An update, why it was set aside, where its handling failed, and what it says."""
    with rows.database() as database:
        update = _find(database, update_id)
    body = None if update.body is None else update.body.decode("utf-8", "replace")
    more = {"status": update.status, "retries": update.retries, "traceback": lines_of(update.traceback), "body": body}
    show_one(_fact(update) | more, as_json=as_json)


@app.command()
def retry(update_id: UpdateId) -> None:
    """Take an update up again, as the last of its conversation."""
    with rows.database() as database:
        update = _find(database, update_id)
        if update.status != "dead":
            raise CannotRun(f"update {update_id} is not dead, it is {update.status}")
        if update.body is None:
            raise CannotRun(f"update {update_id} was erased; there is nothing to try again")
        try:
            database.commit(Updates.retry(update_id, update.sequence))
        except ExpectationFailed as error:
            raise CannotRun(f"update {update_id} was changed meanwhile; polar updates show tells how") from error
    typer.echo(f"update {update_id} is pending; a running bot takes it up within seconds")


def _find(database: Beside, update_id: int) -> JournalRow:
    update = database.ask(find_update(database, update_id))
    if update is None:
        raise CannotRun(f"there is no update {update_id}; polar updates list shows those that are dead")
    return update


def _fact(update: DeadUpdate | JournalRow) -> dict[str, object]:
    return {
        "updateId": update.update_id,
        "sequence": update.sequence,
        "kind": update.kind,
        "sessionId": update.session_id,
        "attempts": update.attempts,
        "reason": update.reason,
        "receivedAt": instant(update.received_at_ms),
        "finishedAt": instant(update.finished_at_ms),
    }
