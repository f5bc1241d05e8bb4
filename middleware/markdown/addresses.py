"""Addresses of links: which of them Telegram opens."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 2_048
"""Characters of a link's address; a longer one is text."""
_HOSTED, _OTHERS = frozenset({"http", "https"}), frozenset({"tg", "mailto"})


def leads(url: str) -> bool:
    """True if a link with this address is one to somewhere."""
    if len(url) > LONGEST or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) if parts.scheme in _HOSTED else _is_other(parts.scheme, parts.netloc + parts.path)
    except ValueError:
        return False


def _is_other(scheme: str, rest: str) -> bool:
    return scheme in _OTHERS and bool(rest)


def written(url: str) -> str:
    """An address as people read it; '' where it leads to another place of the same text."""
    return "" if url.startswith("#") else url.strip().removeprefix("mailto:").removeprefix("tel:")
