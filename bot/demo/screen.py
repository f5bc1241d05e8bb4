"""What the demo shows: a chat in the terminal, with a line about each thing that happens to it."""

from __future__ import annotations

import re
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.align import Align
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

WIDTH = 92
BUBBLE = 58


class Screen:
    """Ann's words on the right, the bot's on the left, what happens around them in between."""

    def __init__(self, *, record: bool) -> None:
        self._console = Console(width=WIDTH, record=record, highlight=False)

    def title(self, text: str) -> None:
        """What this is."""
        self._console.print(Text(text, style="bold"))

    def scene(self, text: str) -> None:
        """What happens next, and why it is worth a look."""
        self._console.print()
        self._console.rule(Text(text, style="bold cyan"), style="cyan", align="left")

    def ann(self, text: str) -> None:
        """Ann writes."""
        self._console.print(Align.right(self._bubble(text, "Ann", "green")))

    def bot(self, text: str, buttons: str = "") -> None:
        """The bot writes."""
        self._console.print(self._bubble(text, "bot", "blue", buttons))

    def event(self, text: str) -> None:
        """Something that is no message."""
        self._console.print(Text(f"  · {text}", style="yellow"))

    def alarm(self, text: str) -> None:
        """Something that hurts."""
        self._console.print(Text(f"  ✖ {text}", style="bold red"))

    def raw(self, text: str) -> None:
        """What another process has printed, colours and all."""
        self._console.print(Text.from_ansi(text))

    def save(self, picture: Path) -> None:
        """Write all that was shown as an SVG picture, with the reader's fonts: it loads nothing from anywhere."""
        form = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
        self._console.save_svg(str(picture), title="make demo", code_format=form)

    @staticmethod
    def _bubble(text: str, name: str, colour: str, buttons: str = "") -> Panel:
        subtitle = Text(buttons) if buttons else None
        return Panel(
            Text(text), title=name, title_align="left", subtitle=subtitle, subtitle_align="left",
            border_style=colour, width=min(BUBBLE, max(24, *(len(line) + 4 for line in text.splitlines()))),
        )  # fmt: skip
