"""What a terminal shows of what takes long."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.cli.progress import CLEAR, line, telling
from storage.steps import OnStep
from tests.bot.cli.terminal import polar


class Terminal(io.StringIO):
    """Notes that something was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = threading.Event()

    def isatty(self) -> bool:
        """It is one."""
        return True

    def write(self, text: str) -> int:
        """As any file does."""
        self.shown.set()
        return super().write(text)


def test_a_line_tells_how_far_it_is_where_that_is_known() -> None:
    """Else for how long it goes on already."""
    assert line("copying", 12.3, 0.456) == "copying: 46%, 12 s"
    assert line("checking", 61.0, None) == "checking: 61 s"


def test_a_terminal_shows_the_line_and_has_it_cleared_in_the_end() -> None:
    """So that the result stands where it stood."""
    terminal = Terminal()
    with telling("copying", to=terminal, after_s=0, every_s=60) as progress:
        progress(1, 2)
        assert terminal.shown.wait(10)
    assert f"{CLEAR}copying: " in terminal.getvalue()
    assert terminal.getvalue().endswith(CLEAR)


def test_what_is_quick_shows_nothing() -> None:
    """Nothing but an empty line, cleared."""
    terminal = Terminal()
    with telling("copying", to=terminal, after_s=60) as progress:
        progress(1, 2)
    assert terminal.getvalue() == CLEAR


def test_a_file_gets_nothing() -> None:
    """Whoever reads the output wants facts."""
    file = io.StringIO()
    with telling("copying", to=file, after_s=0) as progress:
        progress(0, 0)
    assert file.getvalue() == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("erase", "7"), "erasing"),
        (("erase", "7", "--dry-run"), "looking through it"),
        (("replay",), "rebuilding"),
        (("spend",), "adding up"),
        (("db", "prune"), "looking through it"),
        (("db", "check"), "checking"),
        (("db", "stats"), "counting"),
        (("db", "vacuum"), "writing anew"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_what_grows_with_the_database_tells_how_far_it_is(
    database: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    """Whatever goes over all that is stored, or over all of one person; the export shows bars of its own."""
    said: list[str] = []

    @contextmanager
    def noting(what: str) -> Iterator[OnStep]:
        said.append(what)
        yield lambda done, of: None

    monkeypatch.setattr({"db": "bot.cli.database"}.get(arguments[0], f"bot.cli.{arguments[0]}") + ".telling", noting)
    assert polar(*arguments, database=database).exit_code == 0
    assert said == [told]
