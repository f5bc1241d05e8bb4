"""The file `.env`: what is in it counts, or is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot import env_file
from bot.env_file import Unreadable
from bot.errors import SettingsError

GOOD = """\ufeff# The bot's token, from @BotFather.
TELEGRAM_BOT_TOKEN=1:a#b

export POLAR_ACCESS = "open" # everybody
polar_language='en'
POLAR_WEB_LISTEN=
OTHER="two
lines"
FOLDER=${HOME}/bot ${UNSET:-there}
"""


def written(tmp_path: Path, content: str | bytes) -> Path:
    """A `.env`."""
    path = tmp_path / ".env"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_every_assignment_is_read_with_its_line(tmp_path: Path) -> None:
    """Quotes, comments, blanks, `export`, a mark of UTF-8, Windows' ends of lines, references."""
    for text in (GOOD, GOOD.replace("\n", "\r\n")):
        read = env_file.read(written(tmp_path, text), {"HOME": "/home/ann"})
        assert [(each.line, each.name, each.value.replace("\r\n", "\n")) for each in read] == [
            (2, "TELEGRAM_BOT_TOKEN", "1:a#b"),
            (4, "POLAR_ACCESS", "open"),
            (5, "polar_language", "en"),
            (6, "POLAR_WEB_LISTEN", ""),
            (7, "OTHER", "two\nlines"),
            (9, "FOLDER", "/home/ann/bot there"),
        ]


def test_where_there_is_none_nothing_is_set(tmp_path: Path) -> None:
    """The environment may have it all."""
    assert env_file.read(tmp_path / ".env", {}) == ()


QUOTE = "the quotation mark is not closed on this line"
UTF16 = "this is UTF-16; save the file as UTF-8"
BROKEN: dict[str, tuple[str | bytes, int, str]] = {
    "UTF-16 of Windows": ("TOKEN=hush\n".encode("utf-16"), 1, UTF16),
    "UTF-16, big end first": (b"\xfe\xff" + "TOKEN=hush\n".encode("utf-16-be"), 1, UTF16),
    "UTF-16 without a mark": ("# é\nTOKEN=hush\n".encode("utf-16-le"), 1, UTF16),
    "UTF-16 without a mark, big end first": ("TOKEN=hush\n".encode("utf-16-be"), 1, UTF16),
    "UTF-32": ("TOKEN=hush\n".encode("utf-32"), 1, "this is UTF-32; save the file as UTF-8"),
    "Latin-1": (
        "A=1\n# schön\nB=hush\n".encode("latin-1"),
        2,
        "byte 0xF6 is not UTF-8, but perhaps Latin-1; save the file as UTF-8",
    ),
    "NUL": (b"A=1\nB=hu\0sh\n", 2, "a NUL stands here"),
    "an unclosed quote": ('A=1\n\n\nPOLAR_ACCESS="hush\nB=2\n', 4, QUOTE),
    "an unclosed single quote": ("POLAR_ACCESS='hush\n", 1, QUOTE),
    "an unclosed quote that a later one closes": ('A=1\nPOLAR_ACCESS="hush\nB="hush"\n', 2, QUOTE),
    "of ours, over two lines": ('A=1\npolar_access="hush\nmore"\n', 2, f"polar_access: {QUOTE}"),
    "swallowing one of ours": ('\nOTHER="hush\nPOLAR_ACCESS=open\n"\n', 2, f"OTHER: {QUOTE}"),
    "an escaped quote at the end": ('POLAR_ACCESS="hush\\"\n', 1, QUOTE),
    "a text behind the quote": ('A=1\nB="hush"hush\n', 2, "something stands behind the closing quotation mark"),
    "a colon": ("A=1\nPOLAR_ACCESS: hush\n", 2, "expected NAME=value, or # before a comment"),
    "a bare name": ("POLAR_ACCESS\nA=1\n", 1, "expected NAME=value, or # before a comment"),
    "a bare secret": ("123:hush\n", 1, "expected NAME=value, or # before a comment"),
    "no name": ("A=1\n=hush\n", 2, "expected NAME=value, or # before a comment"),
    "a name with a hyphen": ("hush-hush=1\n", 1, "what stands before = is no name that a variable can have"),
    "a name with what cannot be seen": (
        "A=1\n\u200bPOLAR_ACCESS=hush",
        2,
        "what stands before = is no name that a variable can have",
    ),
    "a reference to nothing": (
        "POLAR_WEB_SECRET=hush${later}hush\nlater=1\n",
        1,
        "POLAR_WEB_SECRET: ${later} refers to what is not set above",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_taken_as_it_is_is_told_with_its_line_and_the_reason(tmp_path: Path, name: str) -> None:
    """In one line, and without what it would set, which may be a secret."""
    content, line, why = BROKEN[name]
    path = written(tmp_path, content)
    with pytest.raises(Unreadable) as told:
        env_file.read(path, {})
    assert str(told.value) == f"{path}, line {line}: {why}"
    assert "hush" not in str(told.value)


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """As a folder, for one."""
    path = tmp_path / ".env"
    path.mkdir()
    with pytest.raises(SettingsError, match=r"\.env cannot be read: Is a directory"):
        env_file.read(path, {})


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody may ever write into it."""
    path = tmp_path / ".env"
    os.mkfifo(path)
    with pytest.raises(SettingsError, match=r"\.env is a pipe"):
        env_file.read(path, {})


def test_a_file_without_end_is_not_read_to_it(tmp_path: Path) -> None:
    """As a device is, or what somebody has put there by mistake."""
    path = written(tmp_path, "")
    os.truncate(path, 1 << 40)
    with pytest.raises(SettingsError, match="more than 1,048,576 bytes"):
        env_file.read(path, {})


def test_values_are_not_shown_where_an_assignment_is_printed(tmp_path: Path) -> None:
    """In a traceback, for one."""
    assert "hush" not in repr(env_file.read(written(tmp_path, "A=hush\n"), {}))
