"""Addresses in marked texts."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from ..errors import EmulatorError

HTTP = re.compile(r"(?:(https?)://)?([^\s/?#:@]+\.[^\s/?#:@]+?)(:\d+)?([/?#].*)?", re.IGNORECASE | re.DOTALL)
TG = re.compile(r"tg:(?://)?([^/?#]*)/?(?:\?([^#]*))?", re.IGNORECASE)
NUMBER = re.compile(r"[1-9]\d{0,18}")


class NoEmoji(EmulatorError):
    """An address that leads to no custom emoji; the message is Telegram's."""


def address(url: str) -> str | None:
    """A link as the server keeps it, None for one that leads nowhere."""
    url = url.strip()
    if TG.match(url):
        return url
    found = HTTP.fullmatch(url)
    if found is None:
        return None
    scheme, host, port, rest = found.groups(default="")
    path = rest if rest.startswith("/") else f"/{rest}"
    return f"{(scheme or 'http').lower()}://{host.lower()}{port}{path}"


def mentioned(url: str) -> int | None:
    """The person of a tg://user?id= address."""
    host, query = _tg(url) or ("", {})
    number = query.get("id", "")
    return int(number) if host == "user" and NUMBER.fullmatch(number) else None


def custom_emoji(url: str) -> str:
    """The id in a tg://emoji?id= address. Errors: NoEmoji."""
    found = _tg(url)
    if found is None:
        raise NoEmoji("Custom emoji URL must have scheme tg")
    host, query = found
    if host != "emoji":
        raise NoEmoji('Custom emoji URL must have host "emoji"')
    if "id" not in query:
        raise NoEmoji("Custom emoji URL must have an emoji identifier")
    return checked_emoji(query["id"])


def checked_emoji(number: str) -> str:
    """The id, if it is one. Errors: NoEmoji."""
    if not NUMBER.fullmatch(number):
        raise NoEmoji("Invalid custom emoji identifier specified")
    return number


def _tg(url: str) -> tuple[str, dict[str, str]] | None:
    found = TG.match(url)
    return (found[1].lower(), dict(parse_qsl(found[2] or ""))) if found else None
