"""What is to stand in `.env`: changed line by line, and put in its place whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from bot.errors import SettingsError

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_ASSIGNMENT = re.compile(
    r"""(?P<head>\s*(?:export\s+)?[^=#\s]+[^\S\r\n]*=[^\S\r\n]*)
        (?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\r\n]*?)
        (?P<tail>[^\S\r\n]*(?:(?<=\s)\#[^\r\n]*)?[\r\n]*)""",
    re.VERBOSE | re.DOTALL,
)


def changed(text: str, values: Mapping[str, str]) -> str:
    """The text of a `.env` with these values, each where it stands already, or in place of a line that comments it out.

    All else stays to the letter. Raises SettingsError for a value that no such file can hold.
    """
    bindings = list(parse_stream(StringIO(text)))
    lines, added = [binding.original.string for binding in bindings], []
    for name, value in values.items():
        quoted = _quoted(name, value)
        set_at = [at for at, binding in enumerate(bindings) if (binding.key or "").upper() == name]
        commented = re.compile(rf"^[^\S\r\n]*#[^\S\r\n]*{name}=[^\r\n]*", re.MULTILINE)
        is_comment = (at for at, b in enumerate(bindings) if b.key is None and commented.search(lines[at]))
        if set_at:  # the last one counts
            lines[set_at[-1]] = _replaced(lines[set_at[-1]], quoted)
        elif (at := next(is_comment, None)) is not None:
            before, after = commented.split(lines[at], maxsplit=1)
            lines[at] = f"{before}{name}={quoted}{after}"
        else:
            added.append(f"{name}={quoted}")
    whole = "".join(lines)
    if added:
        whole += ("\n" if whole and not whole.endswith("\n") else "") + "\n".join(added) + "\n"
    return whole


def write(path: Path, text: str) -> None:
    """Put the text in the file's place, for its owner alone to read. Raises SettingsError, and nothing is changed."""
    target = path.resolve()  # a link stays one
    try:
        handle, name = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                _give(file.fileno(), target)
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}; it is as it was") from None


def _give(handle: int, target: Path) -> None:
    """Whose the file was keeps it: a bot that runs as somebody else could not read it otherwise."""
    if target.exists() and (status := target.stat()).st_uid != os.geteuid():
        os.fchown(handle, status.st_uid, status.st_gid)


def _replaced(line: str, quoted: str) -> str:
    found = _ASSIGNMENT.fullmatch(line)
    assert found is not None, "what the library reads as an assignment is one"
    return f"{found['head']}{quoted}{found['tail']}"


def _quoted(name: str, value: str) -> str:
    if "${" in value or "\n" in value or "\r" in value or "\0" in value:
        raise SettingsError(f"{name}: a file .env cannot hold this value; set it in the environment")
    if _PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
