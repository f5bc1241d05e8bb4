"""Where a database is: a file of SQLite's, or a PostgreSQL server. A URL is shown without its password, always."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote

SCHEMES = ("postgresql", "postgres")
_SECRETS = {"password", "sslpassword"}


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """A database on a server. `url` is as it was written but for the password, which is never shown."""

    url: str
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.url

    @property
    def written(self) -> str:
        """The whole, for another process of ours to read: never for people."""
        if not self.password:
            return self.url
        before, _, hosts = self.url.partition("@")
        return f"{before}:{quote(self.password, safe='')}@{hosts}"


Location = Path | ServerUrl


def is_url(text: str) -> bool:
    """True if this means a server, or something that cannot be a file's path by mistake."""
    return "://" in text


def parse(text: str, base: Path) -> Location:
    """A URL, or a path that starts at `base` where it is relative. Raises ValueError, without the text."""
    return _server(text.strip()) if is_url(text) else base / text


def environment(location: Location) -> Mapping[str, str]:
    """What hands the password to another process, which is told the rest by an argument that others can read."""
    return {"PGPASSWORD": location.password} if isinstance(location, ServerUrl) and location.password else {}


def _server(text: str) -> ServerUrl:
    scheme, _, rest = text.partition("://")
    if scheme not in SCHEMES:
        raise ValueError("expected the path of a file, or postgresql://user@host/database")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    path = rest[len(authority) :]
    user, at, hosts = authority.rpartition("@")
    # Where the password ends must be as clear to whoever shows the rest as to whoever connects by it.
    if "#" in path or "@" in path or "@" in user:
        raise ValueError("write @, /, ? and # in a name or a password as %40, %2F, %3F and %23")
    if _SECRETS & {name for name, _ in parse_qsl(path.partition("?")[2], keep_blank_values=True)}:
        raise ValueError("write the password before the host, as in user:password@host, or into a PGPASSFILE")
    name, _, password = user.partition(":")
    return ServerUrl(f"{scheme}://{name}{at}{hosts}{path}", unquote(password))
