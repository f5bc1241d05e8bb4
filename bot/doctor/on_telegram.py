"""Checks of what Telegram says: the token, the clock, where updates go, and what the bot is in its groups."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from bot.doctor.diagnosis import Diagnosis, Verdict
from bot.doctor.hearing import Heard, HeardOfGroup, HeardOfTelegram

SKEW_MS, WRONG_MS = 10_000, 300_000
"""A clock that is off by the one is worth a word; by the other, reminders come at the wrong time and TLS may fail."""
MANY_PENDING = 100
RECENT_ERROR_S = 3_600
REFUSED = (401, 404)
"""What a token gets that Telegram does not know, or that has not the form of one."""
NEEDED = frozenset({"message_reaction", "message_reaction_count"})


def check_token(heard: HeardOfTelegram, bot_id: str | None) -> Diagnosis:
    """Telegram knows it, and it is of the bot that the database belongs to."""
    if not heard.has_token:
        return Diagnosis("token", "failed", "missing")
    if heard.me.status in REFUSED:
        return Diagnosis("token", "failed", "refused", status=heard.me.status)
    me = heard.me.fields
    if not me:
        return Diagnosis("token", "not known", "unasked", reason=heard.me.trouble)
    values = {"username": me.get("username", ""), "id": me.get("id")}
    if not is_of(heard, bot_id):
        return Diagnosis("token", "failed", "another_bot", known=bot_id, **values)
    return Diagnosis("token", "ok", "known", **values)


def is_of(heard: HeardOfTelegram, bot_id: str | None) -> bool:
    """False if it is known that the token is of another bot than the database."""
    own = heard.me.fields.get("id")
    return own is None or bot_id is None or bot_id == str(own)


def check_reach(server: Heard, url: str) -> Diagnosis:
    """Its server answers, whatever it says."""
    if server.status == 0:
        return Diagnosis("reach", "failed", "silent", url=url, reason=server.reason)
    if server.status >= 500:
        return Diagnosis("reach", "failed", "ill", url=url, status=server.status)
    return Diagnosis("reach", "ok", "answers", url=url)


def check_clock(server: Heard, offset_s: float) -> Diagnosis:
    """Our clock against Telegram's, by the `Date` of its answer."""
    ahead_ms = server.ahead_ms
    if ahead_ms is None:
        return Diagnosis("clock", "not known", "untold")
    values = {"seconds": f"{abs(ahead_ms) / 1000:.1f}", "way": "ahead of" if ahead_ms > 0 else "behind"}
    if abs(ahead_ms) < SKEW_MS:
        return Diagnosis("clock", "ok", "right", **values)
    verdict: Verdict = "failed" if abs(ahead_ms) >= WRONG_MS else "warning"
    return Diagnosis("clock", verdict, "shifted" if offset_s else "off", **values)


def check_webhook(webhook: Heard, wanted: str, *, now_ms: int) -> Diagnosis:
    """Updates go where the settings say; Telegram takes no polls while a webhook is set."""
    info = webhook.fields
    if not info:
        return Diagnosis("webhook", "not known", "unasked", reason=webhook.trouble)
    url = str(info.get("url", ""))
    if not wanted:
        return Diagnosis("webhook", "failed", "left", url=url) if url else Diagnosis("webhook", "ok", "none")
    if url != wanted:
        return Diagnosis("webhook", "failed", "elsewhere", url=url or "-", wanted=wanted)
    failed_s = info.get("last_error_date")
    if isinstance(failed_s, int) and abs(now_ms / 1000 - failed_s) < RECENT_ERROR_S:
        at, said = f"{datetime.fromtimestamp(failed_s, UTC):%H:%M}", str(info.get("last_error_message", ""))[:120]
        return Diagnosis("webhook", "warning", "fails", url=url, at=at, said=said)
    return Diagnosis("webhook", "ok", "set", url=url)


def check_pending(webhook: Heard) -> Diagnosis:
    """How many updates Telegram still holds for the bot; it keeps them for a day."""
    count = webhook.fields.get("pending_update_count")
    if not isinstance(count, int):
        return Diagnosis("pending", "not known", "unasked", reason=webhook.trouble)
    if count > MANY_PENDING:
        return Diagnosis("pending", "warning", "many", count=count)
    return Diagnosis("pending", "ok", "few", count=count)


def check_allowed(webhook: Heard, wanted: Collection[str], *, has_run: bool) -> Diagnosis:
    """The kinds of update that Telegram sends; reactions it sends to whoever asks for them, and to nobody else."""
    if not webhook.fields:
        return Diagnosis("allowed", "not known", "unasked", reason=webhook.trouble)
    allowed = webhook.fields.get("allowed_updates") or ()
    missing = [kind for kind in wanted if kind not in allowed]
    if not missing:
        return Diagnosis("allowed", "ok", "all", count=len(wanted))
    if not has_run:
        return Diagnosis("allowed", "not known", "not_yet")
    names = ", ".join(missing)
    return Diagnosis("allowed", "failed" if NEEDED & {*missing} else "warning", "missing", names=names)


def check_privacy(me: Heard, *, records_all: bool) -> Diagnosis:
    """In groups a bot in privacy mode is shown only what is addressed to it, unless it is an administrator there."""
    sees_all = me.fields.get("can_read_all_group_messages")
    if not isinstance(sees_all, bool):
        return Diagnosis("privacy", "not known", "unasked", reason=me.trouble)
    if sees_all:
        return Diagnosis("privacy", "ok", "off")
    return Diagnosis("privacy", "warning", "on_for_listener") if records_all else Diagnosis("privacy", "ok", "on")


def check_groups(heard: HeardOfTelegram) -> Iterator[Diagnosis]:
    """A diagnosis for each group that something is to be said of, one for all others together."""
    well = 0
    for group in heard.groups:
        diagnosis = _group(group)
        if diagnosis is None:
            well += 1
        else:
            yield diagnosis
    if well:
        yield Diagnosis("groups", "ok", "administrator", count=well)
    elif not heard.groups:
        yield Diagnosis("groups", "ok", "none") if heard.me.fields else Diagnosis("groups", "not known", "unasked")


def _group(group: HeardOfGroup) -> Diagnosis | None:
    """What is to be said of a group; None where reactions arrive from it."""
    values: dict[str, Any] = {"id": group.chat_id, "title": str(group.chat.fields.get("title", "?"))[:40]}
    status = group.member.fields.get("status")
    if status is None and group.member.status == 0:
        return Diagnosis("groups", "not known", "untold", reason=group.member.trouble, **values)
    if status in ("left", "kicked") or status is None:
        return Diagnosis("groups", "warning", "left", reason=status or group.member.trouble, **values)
    if status != "administrator":
        return Diagnosis("groups", "warning", "member", **values)
    if group.chat.fields.get("available_reactions") == []:
        return Diagnosis("groups", "warning", "no_reactions", **values)
    return None
