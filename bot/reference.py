"""The reference pages and `.env.example`, made from the code: `python -m bot.reference`, or `make docs`.

What a column means is written by hand in docs/reference/schema.md; everything else there comes from a migrated
database, and what was written stays when the page is made anew.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bot.app import App
from bot.cli import app as polar
from bot.cli.deferred import Deferred
from bot.clock import system_clock
from bot.home import ROOT
from bot.schedules.text import FORMS
from bot.settings import Settings, environment, variable
from bot.supervised import Supervisor
from bot.when.language import LANGUAGES
from middleware.commands import Command
from middleware.turn import Level
from storage import schema
from storage.database import Database
from storage.location import Location

REFERENCE = ROOT / "docs" / "reference"
SETTINGS, COMMANDS, SCHEMA = REFERENCE / "settings.md", REFERENCE / "commands.md", REFERENCE / "schema.md"
ENV_EXAMPLE = ROOT / ".env.example"
MADE = "<!-- Made by `make docs` from the code. {0} -->\n"
_IN_WORDS = (
    "It takes words, too, such as `every other monday at 9`, `on 24 December at 18:00`, `tomorrow morning` or `in an "
    "hour and a half`, in these languages, whichever the bot speaks: {languages}. What may mean several times is "
    "asked, and a time of day that nobody said is named."
)
Meanings = Mapping[tuple[str, str], str]
"""The words about a column, by table and column; about the table itself where the column is ''."""

_TYPES: Mapping[Any, str] = {
    str: "text",
    SecretStr: "text, kept secret",
    int: "whole number",
    float: "number",
    float | None: "number or empty",
    bool: "`True` or `False`",
    Path: "path",
    Location: "path or URL",
    frozenset[int]: "list of ids",
    tuple[str, ...]: "list of names",
}
"""In plain words; what is no Literal and has none fails here, as nobody could tell what to write."""
_HEADING = re.compile(r"### `(\w+)`")
_ROW = re.compile(r"\| `(\w+)` \|.*\| ([^|]*) \|")


def pages(meanings: Meanings) -> dict[Path, str]:
    """Every file that is made, with its text."""
    return {
        SETTINGS: settings_page(),
        COMMANDS: commands_page(chat_commands()),
        SCHEMA: schema_page(meanings),
        ENV_EXAMPLE: env_example(),
    }


def defaults() -> dict[str, str]:
    """The default of every setting as it would be written into `.env`."""
    return environment({}, {})


def settings_page() -> str:
    """docs/reference/settings.md."""
    written = defaults()
    rows = (
        f"| `{name}` | {f'`{written[name]}`' if written[name] else 'empty'} | {_type(info)} | {_plain(info)} |"
        for name, info in _settings()
    )
    return "\n".join(
        [
            "# Settings",
            "",
            MADE.format("Change bot/settings.py instead."),
            "Settings come from the environment or, for what is not set there, from the file `.env`: in a checkout the",
            "one at its top, where Polar is installed the one in the current folder. `.env.example` lists them all.",
            "`polar init` writes the first of them. A value that is not allowed stops the start with a line that names",
            "the setting. So does a `.env` that cannot be read to its end, as it is not in UTF-8, has an unclosed",
            "quotation mark or a line that sets nothing: the file, the line and the reason are named, and no value is",
            "shown. A `POLAR_` name that is not on this page changes nothing, as it may be of a newer version; `polar",
            "run` and `polar web` say so at their start, with the nearest name that is, and name what stands twice.",
            "The parts of a list are separated by commas; a number may have a decimal point.",
            "",
            "| setting | default | type | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def env_example() -> str:
    """`.env.example`: copied to `.env` it changes nothing but asks for the token."""
    lines = ["# What can stand in .env, which `polar init` writes; every line but the token shows its default.", ""]
    written = defaults()
    for name, info in _settings():
        lines += textwrap.wrap(str(info.description), 100, initial_indent="# ", subsequent_indent="# ")
        lines += [f"{'' if name == variable('telegram_bot_token') else '#'}{name}={written[name]}", ""]
    return "\n".join(lines)


def _settings() -> Iterator[tuple[str, FieldInfo]]:
    for field, info in Settings.model_fields.items():
        yield variable(field), info


def _type(info: FieldInfo) -> str:
    if get_origin(info.annotation) is Literal:
        *others, last = (f"`{value}`" for value in get_args(info.annotation))
        return f"one of {', '.join(others)} and {last}"
    bounds = [
        f"{words} {getattr(limit, sign):g}"
        for limit in info.metadata
        for sign, words in (("gt", "over"), ("ge", "from"), ("lt", "under"), ("le", "up to"))
        if getattr(limit, sign, None) is not None
    ]
    return ", ".join([_TYPES[info.annotation], *bounds])


def _plain(info: FieldInfo) -> str:
    # What stands in angle brackets would be taken for HTML.
    return str(info.description).replace("<", "\\<")


def chat_commands() -> list[Command]:
    """The commands of the real application."""
    return asyncio.run(_chat_commands())


async def _chat_commands() -> list[Command]:
    with tempfile.TemporaryDirectory() as folder:
        clock = system_clock()
        database = await Database.open(Path(folder) / "reference.db", now_ms=clock())
        try:
            settings = Settings(_env_file=None, TELEGRAM_BOT_TOKEN="1:none")  # type: ignore[call-arg] # noqa: S106
            application = App(settings, database, clock, Supervisor(), lambda: None)
            commands = list(application.registry)
            await application.telegram.close()
        finally:
            await database.close()
    return commands


def _for_whom(command: Command) -> str:
    if command.level is Level.STRANGER:
        return "For everybody of whom there is something here, let in or not."
    return f"From level {command.level.name.lower()} on."


def commands_page(commands: list[Command]) -> str:
    """docs/reference/commands.md."""
    lines = [
        "# Commands",
        "",
        MADE.format("Change the commands instead."),
        "## In the chat",
        "",
        "Each level may do what the levels before it may: member, operator, admin, owner.",
        "",
    ]
    for command in commands:
        lines += [
            f"### `/{command.name}`",
            "",
            f"{_sentence(command.summary)} {_for_whom(command)}",
            "",
            f"- Form: `/{command.usage}`",
            f"- Example: `/{command.example}`",
            *([f"- Also: {', '.join(f'`/{alias}`' for alias in command.aliases)}"] if command.aliases else []),
            "",
        ]
    lines += ["### Schedules", "", "What `/automations create` takes before the `|`, by example:", ""]
    lines += [f"- `{form.example}`" for form in FORMS]
    lines += ["", *textwrap.wrap(_IN_WORDS.format(languages=", ".join(each.name for each in LANGUAGES)), 120)]
    lines += [
        "",
        "## `polar`",
        "",
        "[Installed](../how-to/install.md) it is `polar`; in a checkout it is `.venv/bin/polar`, which Make creates,",
        "and works from any folder. `polar --version` tells the version, `-h` or `--help` explains each command, and",
        "`polar --install-completion` has your shell complete them. Exit status: 0 for success, 1 for a failure that",
        "it explains, 2 for wrong usage, 130 where Ctrl-C cut something short.",
        "",
        *_polar(typer.main.get_command(polar), "polar"),
    ]
    return "\n".join(lines)


def _polar(command: Any, name: str) -> Iterator[str]:
    for part, listed in getattr(command, "commands", {}).items():
        sub = listed.found() if isinstance(listed, Deferred) else listed
        if hasattr(sub, "commands"):
            yield from _polar(sub, f"{name} {part}")
            continue
        yield from (f"### `{name} {part}`", "", sub.help, "")
        for option in sub.params:
            plain = getattr(option, "is_flag", False) or option.default is None or option.required
            default = "" if plain else f" Default: {option.default}."
            yield f"- `{', '.join(option.opts)}`: {getattr(option, 'help', '') or ''}{default}"
        if sub.params:
            yield ""


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def schema_page(meanings: Meanings) -> str:
    """docs/reference/schema.md."""
    lines = [
        "# Schema",
        "",
        MADE.format("Only the last column and the line under each heading are written by hand; they are kept."),
        "What each table is for is told in [the data model](../specs/DATA_MODEL.md). Times are milliseconds since the",
        "Unix epoch. Besides these there is `polar_memory_fts`, the full-text index over memories, where the SQLite",
        "build has FTS5.",
        "",
    ]
    tables = schema.tables()
    for heading, is_specified in (("The nine tables that other programs read", True), ("Tables of our own", False)):
        lines += [f"## {heading}", ""]
        for table in tables:
            if table.is_specified == is_specified:
                lines += _table(table, meanings)
    return "\n".join(lines)


def _table(table: schema.Table, meanings: Meanings) -> Iterator[str]:
    yield from (f"### `{table.name}`", "", meanings.get((table.name, ""), ""), "")
    yield from ("| column | type | NOT NULL | primary key | default | meaning |", "|---|---|---|---|---|---|")
    for column in table.columns:
        default = "" if column.default is None else f"`{column.default}`"
        cells = ("yes" if column.is_required else "", str(column.position or ""), default)
        meaning = meanings.get((table.name, column.name), "")
        yield f"| `{column.name}` | {column.type} | {' | '.join(cells)} | {meaning} |"
    yield ""
    if table.indexes:
        yield from ("```sql", *(f"{index};" for index in table.indexes), "```", "")


def read_meanings(page: str) -> dict[tuple[str, str], str]:
    """The present page's words about each table and column."""
    meanings: dict[tuple[str, str], str] = {}
    table = ""
    for line in page.splitlines():
        if heading := _HEADING.fullmatch(line):
            table = heading[1]
        elif row := _ROW.fullmatch(line):
            meanings[table, row[1]] = row[2].strip()
        elif line.startswith("|"):  # the head of its columns: nothing about the table comes after it
            meanings.setdefault((table, ""), "")
        elif table and line:
            meanings.setdefault((table, ""), line)
    return meanings


def main() -> int:
    """Write every page."""
    present = SCHEMA.read_text(encoding="utf-8") if SCHEMA.exists() else ""
    for path, text in pages(read_meanings(present)).items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
