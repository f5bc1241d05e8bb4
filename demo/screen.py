"""The demo's screen: a chat in the terminal, with a line about each thing that happens to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.align import Align
from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

WIDTH = 92
BUBBLE = 58
STYLES = {
    "bold": "bold",
    "italic": "italic",
    "underline": "underline",
    "strikethrough": "strike",
    "code": "cyan",
    "pre": "cyan",
    "blockquote": "italic dim",
    "text_link": "underline blue",
}
"""Telegram's formats as a terminal shows them."""


class Screen:
    """Ann's words on the right, the bot's on the left, what happens around them in between."""

    def __init__(self, *, record: bool) -> None:
        self._console = Console(record=record, highlight=False)
        if not self._console.is_terminal or record or self._console.width > WIDTH:
            self._console.width = WIDTH
        self._records = record
        self._moves = self._console.is_terminal and not record

    @property
    def width(self) -> int:
        """In columns."""
        return self._console.width

    def title(self, text: str) -> None:
        """The headline."""
        self._console.print(Text(text, style="bold"))

    def scene(self, text: str, *, pictured: bool = False) -> None:
        """The next scene, and why it is worth a look; a picture has few scenes, so that it fits on a screen."""
        self._console.record = self._records and pictured
        self._console.print()
        self._console.rule(Text(text, style="bold cyan"), style="cyan", align="left")

    def ann(self, text: str) -> None:
        """Ann writes."""
        self._console.print(Align.right(self._bubble(Text(text), "Ann", "green")))

    def bot(self, message: dict[str, Any]) -> None:
        """The bot writes: a message as Telegram has it."""
        self._console.print(self._bubble(formatted(message), "bot", "blue", _buttons(message)))

    def draft(self, draft: dict[str, Any]) -> None:
        """An answer that is not finished."""
        self._console.print(self._draft(draft))

    @contextmanager
    def writing(self) -> Iterator[Callable[[dict[str, Any]], None]]:
        """Shows a draft that grows, in a terminal; it is gone afterwards, as Telegram's is."""
        if not self._moves:
            yield lambda draft: None
            return
        with Live(console=self._console, transient=True, auto_refresh=False) as live:
            yield lambda draft: live.update(self._draft(draft), refresh=True)

    def event(self, text: str) -> None:
        """Something that is no message."""
        self._marked("·", text, "yellow")

    def command(self, text: str, printed: str) -> None:
        """A command in another terminal, and what it printed."""
        self._marked("$", text, "magenta")
        self._marked(" ", printed, "default")

    def end(self, text: str) -> None:
        """The last line; it does not stand beside what a terminal shows of a Ctrl-C."""
        self._console.print()
        self.event(text)

    def alarm(self, text: str) -> None:
        """Something that hurts."""
        self._marked("✖", text, "bold red")

    def raw(self, text: str) -> None:
        """Lines that another process has printed, colours and all."""
        self._console.print(Text.from_ansi(text))

    def cut(self, text: str) -> None:
        """As much of a line as is seen at once."""
        self._console.print(Text(text), no_wrap=True, overflow="ellipsis")

    def save(self, picture: Path) -> None:
        """Write what was shown as an SVG picture, with the reader's fonts: it loads nothing from anywhere."""
        form = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
        self._console.save_svg(str(picture), title="make demo", code_format=form)

    def _marked(self, mark: str, text: str, style: str) -> None:
        """A text behind a mark; its further lines stand below its first."""
        room = max(20, self.width - 4)
        lines = [line for part in text.splitlines() for line in Text(part).wrap(self._console, room)]
        for number, line in enumerate(lines):
            lead = f"  {mark} " if number == 0 else "    "
            self._console.print(Text(lead, style=style).append(line.plain.rstrip(), style=style))

    def _draft(self, draft: dict[str, Any]) -> Panel:
        return self._bubble(formatted(draft), "bot is writing…", "bright_black")

    def _bubble(self, text: Text, name: str, colour: str, buttons: str = "") -> Panel:
        subtitle = Text(buttons) if buttons else None
        widest = max((cell_len(line) for line in (*text.plain.splitlines(), f"{name}  ", f"{buttons}  ")), default=0)
        return Panel(
            text, title=name, title_align="left", subtitle=subtitle, subtitle_align="left",
            border_style=colour, width=min(BUBBLE, self.width, max(24, widest + 4)),
        )  # fmt: skip


def formatted(message: dict[str, Any]) -> Text:
    """A message's text with its entities, whose offsets count UTF-16 units."""
    units = message["text"].encode("utf-16-le")
    text = Text(message["text"])
    for entity in message.get("entities", ()):
        start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
        before, within = (len(part.decode("utf-16-le")) for part in (units[:start], units[start:end]))
        text.stylize(STYLES.get(entity["type"], ""), before, before + within)
    return text


def _buttons(message: dict[str, Any]) -> str:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return "  ".join(f"[{button['text']}]" for row in rows for button in row)
