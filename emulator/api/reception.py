"""Methods by which a bot receives: polling and the webhook."""

from __future__ import annotations

import asyncio

from ..errors import ApiError
from ..people import Json
from ..replies import Serialised
from ..state.faults import CONFLICT
from ..state.updates import Entry, Updates
from ..state.webhook import Webhook, checked
from .ask import Ask, GoneError
from .params import flag, integer, objects, text

WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
WEBHOOK_SET = "Conflict: terminated by setWebhook request"
LONGEST_POLL = 50


async def get_updates(ask: Ask) -> Serialised:
    """Confirm, then answer with what waits, or wait for it. Errors: 409 when ended by another; GoneError."""
    if ask.bot.webhook is not None:
        raise ApiError(409, WEBHOOK_ACTIVE)
    updates = ask.bot.updates
    _allow(ask, updates)
    updates.confirm(integer(ask.params, "offset"))
    ask.state.changes.notify()
    session = updates.begin()
    limit = integer(ask.params, "limit", 100)
    limit = limit if 1 <= limit <= 100 else 100
    seconds = min(max(integer(ask.params, "timeout"), 0), LONGEST_POLL)
    return _serialised(await _poll(ask, updates, session, limit, seconds))


def _allow(ask: Ask, updates: Updates) -> None:
    if "allowed_updates" in ask.params:
        updates.allow(str(kind) for kind in objects(ask.params, "allowed_updates"))


async def _poll(ask: Ask, updates: Updates, session: int, limit: int, seconds: int) -> list[Entry]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not (entries := updates.head(limit)) and (left := deadline - loop.time()) > 0:
        if not await ask.connection.hears(updates.signal, left):
            raise GoneError
        if updates.session != session:
            raise ApiError(409, CONFLICT if ask.bot.webhook is None else WEBHOOK_SET)
    return entries


def _serialised(entries: list[Entry]) -> Serialised:
    body = b"[" + b",".join(entry.body for entry in entries) + b"]"
    return Serialised(body, [entry.update_id for entry in entries])


async def set_webhook(ask: Ask) -> bool:
    """Post updates to `url` from now on; an empty one is deleteWebhook. Errors: 400 for the address."""
    url = text(ask.params, "url")
    if not url:
        return await delete_webhook(ask)
    checked(url)
    _allow(ask, ask.bot.updates)
    await delete_webhook(ask)
    ask.bot.webhook = Webhook(url, text(ask.params, "secret_token"), ask.bot.updates, ask.state.changes)
    ask.bot.webhook.start()
    ask.bot.updates.begin()
    return True


async def delete_webhook(ask: Ask) -> bool:
    """Post no more; with drop_pending_updates forget what waits."""
    if ask.bot.webhook is not None:
        await ask.bot.webhook.stop()
        ask.bot.webhook = None
    if flag(ask.params, "drop_pending_updates"):
        ask.bot.updates.drop()
    return True


def get_webhook_info(ask: Ask) -> Json:
    """The WebhookInfo object; the address is empty while polling."""
    webhook = ask.bot.webhook
    info: Json = {
        "url": webhook.url if webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(ask.bot.updates),
    }
    if webhook and webhook.last_error:
        info |= {"last_error_date": ask.state.date(), "last_error_message": webhook.last_error}
    if ask.bot.updates.allowed:
        info["allowed_updates"] = ask.bot.updates.allowed
    return info
