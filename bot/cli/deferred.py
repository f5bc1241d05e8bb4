"""A command whose file is imported when it is called, or asked for its own help: not to be listed among others."""

from __future__ import annotations

from importlib import import_module
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
        return typer.main.get_group(parent).commands[str(self.name)]

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the command line as the command itself reads it; what is done then is done by that one."""
        return self.found().make_context(info_name, args, parent, **extra)


def _nothing() -> None:
    """A Typer with a callback makes a group, whatever it holds."""
