"""What a terminal shows of what takes long."""

from __future__ import annotations

import io
import threading

from bot.cli.progress import CLEAR, line, telling


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
