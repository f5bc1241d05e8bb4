"""Questions at a terminal, each asked until it is answered; where nobody can be asked, what is there is the answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

import typer

from bot.errors import BotError

Read = Callable[[str], str]
"""What an answer means; raises BotError where it means nothing."""


def has_terminal() -> bool:
    """True if somebody may be there to answer."""
    return sys.stdin.isatty()


def as_it_is(answer: str) -> str:
    """An answer that means what it says."""
    return answer


def text(question: str, default: str, read: Read = as_it_is) -> str:
    """An answer on one line; Enter takes the default, where there is one."""
    while True:
        answer = typer.prompt(question, default=default or None, show_default=bool(default))
        try:
            return read(str(answer).strip())
        except BotError as error:
            complain(str(error))


def secret(question: str) -> str:
    """What is typed or pasted, which is not shown; '' for Enter."""
    return str(typer.prompt(f"{question} (not shown)", default="", show_default=False, hide_input=True)).strip()


def choice(question: str, options: Mapping[str, str], default: str, others: Sequence[str] = ()) -> str:
    """One of the options, by its name or its number, one of the others that are not shown, or the default."""
    names = list(options)
    width = max(map(len, names))
    for number, name in enumerate(names, 1):
        typer.echo(f"  {number:2}  {name:{width}}  {options[name]}".rstrip())

    def read(answer: str) -> str:
        if answer.isdecimal() and 1 <= int(answer) <= len(names):
            return names[int(answer) - 1]
        if answer not in (*names, *others, default):
            raise BotError("Write one of these names, or its number.")
        return answer

    return text(question, default, read)


def confirm(question: str, *, default: bool) -> bool:
    """Yes or no."""
    return typer.confirm(question, default=default)


def heading(title: str) -> None:
    """The beginning of a step."""
    typer.echo(f"\n{typer.style(title, bold=True)}")


def complain(why: str) -> None:
    """Why something is asked again."""
    typer.echo(typer.style(f"  {why}", fg=typer.colors.RED))


def settled(what: str) -> None:
    """What a step came to."""
    typer.echo(typer.style(f"  {what}", fg=typer.colors.GREEN))
