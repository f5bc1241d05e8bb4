"""The proxy that the environment names for the way to the Bot API: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from bot.errors import SettingsError

KINDS = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; its address is a URL, with the credentials that it wants."""

    address: str = field(repr=False)

    @property
    def scheme(self) -> str:
        """One of `KINDS`."""
        return urlsplit(self.address).scheme

    @property
    def password(self) -> str:
        """As it stands in the address; '' where there is none."""
        return urlsplit(self.address).password or ""


def proxy_for(url: str) -> Proxy | None:
    """The proxy for the server at this URL; never one for what runs on this machine.

    Raises SettingsError, without the address, where it is none of `KINDS`.
    """
    server = urlsplit(url)
    if _is_loopback(server.hostname or "") or _is_excepted(server):
        return None
    named = getproxies()
    name = next((name for name in (server.scheme, "all") if named.get(name)), None)
    if name is None:
        return None
    address = named[name] if "://" in named[name] else f"http://{named[name]}"
    if not _is_proxy(address):
        raise SettingsError(f"{name.upper()}_PROXY: expected a URL like http://host:3128, of {', '.join(KINDS)}")
    return Proxy(address)


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _is_excepted(server: SplitResult) -> bool:
    """NO_PROXY may name a host with its port, or without."""
    return any(map(proxy_bypass, (server.hostname or "", server.netloc.rpartition("@")[2])))


def _is_proxy(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in KINDS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
