"""Connections to the server, each with what everything that uses one relies on.

Values come and go as a store is used to from SQLite: a number is a BIGINT, whatever its size; text has no type until
the server finds one for it. A truth comes back as 1 or 0, a sum as the whole number that it is, JSON as text.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.adapt import AdaptersMap, Buffer, Dumper, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import TextLoader

from storage.location import ServerUrl
from storage.postgres.dialect import USE
from storage.postgres.rows import AsyncServerConnection, ServerConnection, named_rows
from storage.text import clean

LOCK_MS = 5_000
"""The time that one try waits for another program's lock, where there is no other try."""
TRY_MS = 250
"""The time that one try of the bot's process waits, and so how late a stop of the bot may be noticed."""
ONE_HOST_S, HOST_S = 10, 2
"""The time that a server may take to accept a connection, alone or as one of several: the first may be a machine that
is gone without a word, and each of our connections would wait for it."""
STATEMENTS = 512
"""The prepared statements that a connection keeps, more than there are."""
# A server that is gone without a word is found out within half a minute, not within the hours of TCP.
_USUAL = {
    "fallback_application_name": "polar",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
# To compile a plan takes longer than any of our queries; times are told as UTC has them.
_SETTINGS = f"{USE}; SET jit = off; SET timezone = 'UTC'; SET idle_in_transaction_session_timeout = 0"
_READING = f"{_SETTINGS}; SET default_transaction_read_only = on; SET statement_timeout = "


def connect_writer(url: ServerUrl, *, lock_ms: int, name: str = "") -> ServerConnection:
    """A connection in autocommit mode, for one thread at a time; raises psycopg.Error."""
    return _connect(url, f"{_SETTINGS}; SET statement_timeout = 0; SET lock_timeout = {lock_ms}", name)


def connect_reader(url: ServerUrl) -> ServerConnection:
    """The same, but it cannot write."""
    return _connect(url, f"{_READING} 0")


async def connect_of_loop(url: ServerUrl, name: str) -> AsyncServerConnection:
    """A connection in autocommit mode for the event loop, by this name at the server; raises psycopg.Error."""
    link = await AsyncConnection.connect(**_arguments(url, name))
    try:
        await link.execute(f"{_SETTINGS}; SET statement_timeout = 0; SET lock_timeout = 0")
    except BaseException:
        await link.close()
        raise
    return link


async def connect_reader_of_loop(url: ServerUrl, limit_s: float | None = None) -> AsyncServerConnection:
    """A connection that cannot write, whose queries the server ends after the limit; raises psycopg.Error."""
    link = await AsyncConnection.connect(**_arguments(url))
    try:
        register(link.adapters)
        link.prepared_max = STATEMENTS
        await link.execute(f"{_READING} {0 if limit_s is None else max(1, round(limit_s * 1000))}")
    except BaseException:
        await link.close()
        raise
    return link


def sever(link: AsyncServerConnection | ServerConnection) -> None:
    """Cut a connection, whoever waits for it: to close it would wait for what is under way."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(link.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def _connect(url: ServerUrl, settings: str, name: str = "") -> ServerConnection:
    link = Connection.connect(**_arguments(url, name))
    try:
        register(link.adapters)
        link.prepared_max = STATEMENTS
        link.execute(settings)
    except BaseException:
        link.close()
        raise
    return link


def _arguments(url: ServerUrl, name: str = "") -> dict[str, Any]:
    """`name` is the connection's at the server, where others go by it."""
    named = {"application_name": name} if name else {}
    password = {"password": url.password} if url.password else {}
    told = conninfo_to_dict(url.url)
    is_one = not any("," in str(told.get(place, "")) for place in ("host", "hostaddr"))
    usual = {**_USUAL, "connect_timeout": ONE_HOST_S if is_one else HOST_S}
    own = {**usual, **told, **password, **named, "client_encoding": "utf8"}
    return {**own, "autocommit": True, "row_factory": named_rows}


class TextDumper(Dumper):
    """PostgreSQL's text holds neither a NUL nor half a character: such is cleaned as what Telegram sends is."""

    def dump(self, obj: str) -> bytes:
        """The text in UTF-8."""
        try:
            text = obj.encode()
        except UnicodeEncodeError:
            return clean(obj).encode()
        return text if b"\0" not in text else clean(obj).encode()


class NumericLoader(Loader):
    """What counting and adding up come to: a whole number, unless it has a fraction."""

    def load(self, data: Buffer) -> int | float:
        """The number."""
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


class TruthLoader(Loader):
    """1 or 0."""

    def load(self, data: Buffer) -> int:
        """The number."""
        return int(bytes(data) == b"t")


def register(adapters: AdaptersMap) -> None:
    """Have a connection do so."""
    for kind in (int, bool):
        adapters.register_dumper(kind, Int8BinaryDumper)
    adapters.register_dumper(str, TextDumper)
    adapters.register_loader("json", TextLoader)
    adapters.register_loader("numeric", NumericLoader)
    adapters.register_loader("bool", TruthLoader)
