"""A command whose file is imported when it is called, or asked for its own help: not to be listed among others."""

from __future__ import annotations

from importlib import import_module
from inspect import cleandoc
from typing import Any

import typer
from typer.core import TyperCommand


class Deferred(TyperCommand):
    """A command, or a group of them, that is known by its name and what it is for."""

    def __init__(self, name: str, place: str, purpose: str) -> None:
        """`place` is `package.module:attribute`: a function, or a group's Typer, whose help begins with `purpose`."""
        super().__init__(name, help=purpose)
        self._place = place

    def found(self) -> Any:
        """The command itself."""
        module, _, attribute = self._place.partition(":")
        declared = getattr(import_module(module), attribute)
        parent = typer.Typer(add_completion=False, callback=_nothing)
        if isinstance(declared, typer.Typer):
            parent.add_typer(declared, name=self.name)
        else:
            parent.command(self.name)(declared)
        command = typer.main.get_group(parent).commands[str(self.name)]
        _let_flow(command)
        return command

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the command line as the command itself reads it; what is done then is done by that one."""
        return self.found().make_context(info_name, args, parent, **extra)


def _let_flow(command: Any) -> None:
    """Help is broken where a terminal ends, and not where a line of ours does."""
    paragraphs = cleandoc(command.help or "").split("\n\n")
    command.help = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    for of_group in getattr(command, "commands", {}).values():
        _let_flow(of_group)


def _nothing() -> None:
    """A Typer with a callback makes a group, whatever it holds."""
