"""The file `.env`, read to its last line: what is passed over there is a setting that nobody misses until later."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from dotenv.variables import parse_variables

from bot.errors import SettingsError

OURS = ("POLAR_", "TELEGRAM_")
UTF8 = "save the file as UTF-8"
MOST = 1 << 20
"""Bytes of a file; any that has more was not written by hand."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED = re.compile(r"(?:export\s+)?[^=#\s]+[^\S\n]*=[^\S\n]*(?P<quote>['\"])(?P<rest>.*)")
_CLOSING = {"'": re.compile(r"(?:\\.|[^'\\])*'"), '"': re.compile(r'(?:\\.|[^"\\])*"')}
_SWALLOWED = re.compile(rf"^\s*(?:export\s+)?(?:{'|'.join(OURS)})\w+\s*=", re.MULTILINE | re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{([^}:]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One line of the file that sets something; `line` counts from 1."""

    name: str
    value: str = field(repr=False)
    line: int


class Unreadable(SettingsError):
    """A file cannot be read; the message says where and why."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}, line {line}: {why}")


def read(path: Path, environ: Mapping[str, str]) -> tuple[Assignment, ...]:
    """All that the file sets, in its order; nothing where there is none.

    `environ` is what `${NAME}` may refer to, besides the lines above. Raises SettingsError, without any value.
    """
    known = {**environ}
    found = []
    for number, binding in _bindings(read_text(path)):
        if (why := _flaw(binding, known)) is not None:
            raise Unreadable(path, number, why)
        if binding.key is not None:
            value = "".join(part.resolve(known) for part in parse_variables(binding.value or ""))
            known[binding.key] = value
            found.append(Assignment(name=binding.key, value=value, line=number))
    return tuple(found)


def read_text(path: Path) -> str:
    """What the file says, '' where there is none; raises SettingsError where it is no text in UTF-8."""
    raw = _read_bytes(path)
    for mark, name in _MARKS:
        if raw.startswith(mark):
            raise Unreadable(path, 1, f"this is {name}; {UTF8}")
    if (place := raw.find(b"\0")) >= 0:
        is_wide = any(raw[half::2].count(0) * 2 > len(raw) // 2 for half in (0, 1))
        raise Unreadable(
            path, *((1, f"this is UTF-16; {UTF8}") if is_wide else (_line(raw, place), "a NUL stands here"))
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"byte 0x{raw[error.start]:02X} is not UTF-8, but perhaps Latin-1; {UTF8}"
        raise Unreadable(path, _line(raw, error.start), why) from None


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_fifo():  # of which every reading is another's, and may wait for ever
            raise SettingsError(f"{path} is a pipe; it must be a file")
        with path.open("rb") as file:
            raw = file.read(MOST + 1)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MOST:
        raise SettingsError(f"{path} has more than {MOST:,} bytes, so it is no list of settings")
    return raw


def _line(raw: bytes, place: int) -> int:
    return raw.count(b"\n", 0, place) + 1


def _bindings(text: str) -> Iterator[tuple[int, Binding]]:
    """Each with the line that it begins at, behind the blank lines that the library counts to it."""
    for binding in parse_stream(StringIO(text)):
        whole = binding.original.string
        blank = whole[: len(whole) - len(whole.lstrip())]
        yield binding.original.line + len(re.findall(r"\r\n|\n|\r", blank)), binding


def _flaw(binding: Binding, known: Mapping[str, str]) -> str | None:
    """The reason for which a line cannot be taken as it is, if any; never what it sets."""
    text, name = binding.original.string.strip(), binding.key
    if binding.error or (name is not None and binding.value is None):
        return _no_assignment(text)
    if name is None:
        return None
    if not _NAME.fullmatch(name):
        return "what stands before = is no name that a variable can have"
    if _SWALLOWED.search(text, text.index("=")) or (name.upper().startswith(OURS) and len(text.splitlines()) > 1):
        return f"{name}: the quotation mark is not closed on this line"
    missing = next((ref for ref in _REFERENCE.findall(binding.value or "") if ref not in known), None)
    return None if missing is None else f"{name}: ${{{missing:.80}}} refers to what is not set above"


def _no_assignment(text: str) -> str:
    """Why the library makes nothing of it."""
    first = text.splitlines()[0]
    quoted = _QUOTED.match(first)
    if quoted is None:
        return "expected NAME=value, or # before a comment"
    if _CLOSING[quoted["quote"]].match(quoted["rest"]):
        return "something stands behind the closing quotation mark"
    return "the quotation mark is not closed on this line"
