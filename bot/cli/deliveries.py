"""`polar deliveries`: what could not be sent, and its way back. A running bot sends it at once."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import rows
from bot.cli.columns import Shown
from bot.cli.facts import AsJson, Limit, chat, instant, lines_of, minute, show_all, show_one, walk
from bot.errors import CannotRun
from storage.beside import Beside
from storage.delivery import Delivery
from storage.errors import ExpectationFailed
from storage.payloads import UnknownPayload
from storage.tables.deliveries import Deliveries
from storage.views.listings import NEWEST
from storage.views.queue_listings import ListedDelivery, failed
from storage.views.set_aside import find_end

app = typer.Typer(help="Deliveries that have failed, and their way back.", no_args_is_help=True)
DeliveryId = Annotated[str, typer.Argument(help="The id of a delivery, as `polar deliveries list` shows it.")]
_COLUMNS = (
    Shown("deliveryId", "delivery"),
    Shown("updatedAt", "failed (UTC)", minute),
    Shown("sessionId", "chat", chat, may_go=True),
    Shown("method", "call", may_go=True),
    Shown("attempts", "tries", is_number=True, may_go=True),
    Shown("reason", "reason", gives_way=True),
)


@app.command("list")
def list_(limit: Limit = 100, as_json: AsJson = False) -> None:
    """Deliveries that have failed, the newest failure first."""
    with rows.database() as database:
        deliveries = walk(lambda before: database.ask(failed(database, before=before)), (NEWEST, 0))
        show_all(map(_fact, deliveries), _COLUMNS, as_json=as_json, none="no delivery has failed", limit=limit)


@app.command()
def show(delivery_id: DeliveryId, as_json: AsJson = False) -> None:
    """A delivery, why it failed and where, and what it would say."""
    with rows.database() as database:
        delivery = _find(database, delivery_id)
        end = database.ask(find_end(database, delivery_id))
    fact = {
        "deliveryId": delivery.delivery_id,
        "sessionId": delivery.session_id,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "failures": delivery.failures,
        "ambiguous": delivery.ambiguous,
        "reason": end.reason if end else None,
        "traceback": lines_of(end.traceback if end else None),
        "createdAt": instant(end.created_at_ms if end else None),
        "updatedAt": instant(end.updated_at_ms if end else None),
        "payload": delivery.stored,
    }
    show_one(fact, as_json=as_json)


@app.command()
def retry(delivery_id: DeliveryId) -> None:
    """Send a delivery again, as the last of its chat, with the parts of the same reply that failed along with it."""
    with rows.database() as database:
        delivery = _find(database, delivery_id)
        if delivery.status != "failed":
            raise CannotRun(f"delivery {delivery_id} has not failed, it is {delivery.status}")
        parts = [delivery, *database.ask(Deliveries(database).later_parts(delivery))]
        if any(isinstance(part.payload, UnknownPayload) for part in parts):
            raise CannotRun(f"delivery {delivery_id} was erased, or is no call of this version: nothing can be sent")
        try:
            now_ms = rows.now_ms()
            database.commit(*(Deliveries.retry(part, part=n, now_ms=now_ms) for n, part in enumerate(parts)))
        except ExpectationFailed as error:
            raise CannotRun(f"delivery {delivery_id} was changed meanwhile; polar deliveries show tells how") from error
    more = f" and {len(parts) - 1} more of the same reply" if len(parts) > 1 else ""
    typer.echo(f"delivery {delivery_id}{more} is pending; a running bot sends it within seconds")


def _find(database: Beside, delivery_id: str) -> Delivery:
    delivery = database.ask(Deliveries(database).find(delivery_id))
    if delivery is None:
        raise CannotRun(f"there is no delivery {delivery_id!r}; polar deliveries list shows those that failed")
    return delivery


def _fact(delivery: ListedDelivery) -> dict[str, object]:
    return {
        "deliveryId": delivery.delivery_id,
        "sessionId": delivery.session_id,
        "method": delivery.method,
        "attempts": delivery.attempts,
        "ambiguous": delivery.ambiguous,
        "reason": delivery.reason,
        "createdAt": instant(delivery.created_at_ms),
        "updatedAt": instant(delivery.updated_at_ms),
    }
