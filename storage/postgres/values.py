"""Values on their way to the server and back, so that a store is given what SQLite would give it.

A number is a BIGINT, whatever its size; text has no type until the server finds one for it. A truth comes back as 1
or 0, a sum as the whole number that it is, JSON as text.
"""

from __future__ import annotations

from psycopg.adapt import AdaptersMap, Buffer, Dumper, Loader
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import TextLoader

from storage.text import clean


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
