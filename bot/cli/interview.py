"""What `polar init` asks, checks and writes, in that order: until the last answer nothing is changed."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass

import typer

from bot import env_file, home, settings
from bot.cli import questions
from bot.errors import BotError, CannotRun
from bot.setup import draft
from bot.setup.model import NoModel, first_answer, models_at
from bot.setup.telegram import TelegramSilent, username_of
from bot.setup.zone import machine_zone
from bot.zones import find_zone, similar_zones

TOKEN, KEY = "TELEGRAM_BOT_TOKEN", "POLAR_OPENAI_API_KEY"
ZONE, SERVER = "POLAR_DEFAULT_TIMEZONE", "POLAR_TELEGRAM_API_URL"
ACCESS = {
    "pairing": "you, by a link that the start prints, and whom you let in",
    "allowlist": "the people and groups whose ids you list",
    "open": "everybody who finds it",
}
RESPONDERS = {
    "local": "Polar itself: it remembers and reminds, without key or network",
    "openai": "a language model at any OpenAI-compatible endpoint",
    "none": "nobody: it records, and never answers",
}
MOST_MODELS = 20
_IDS = re.compile(r"-?\d+(\s*,\s*-?\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The answers that the command line has; None for each that is to be asked, or stays as it is."""

    access: str | None
    allow: str | None
    admin: str | None
    timezone: str | None
    responder: str | None
    base_url: str | None
    model: str | None
    yes: bool


class Interview:
    """One bot's setting up; `values` is what `.env` is to say."""

    def __init__(self, given: Given, *, asks: bool) -> None:
        self._given = given
        self._asks = asks
        self.text = env_file.read_text(settings.env_path())
        """What `.env` says before anything is asked."""
        self.file, self.environment = settings.in_file(), settings.in_environment()
        self.present = {**settings.environment({}, {}), **self.file, **self.environment}
        self.values: dict[str, str] = {}
        self.username = ""

    def ask_token(self) -> None:
        """It is Telegram that says whose token it is."""
        self._head("Token", "@BotFather gives one: write /newbot to https://t.me/BotFather")
        token = self.present[TOKEN]
        while not self.username:
            token = self._secret(TOKEN, "Token", token)
            try:
                self.username = self._check(token)
            except BotError as error:
                self._refuse(error)
                token = token if isinstance(error, TelegramSilent) else ""
        questions.settled(f"This is @{self.username}.")
        self.values[TOKEN] = token
        if SERVER in self.environment:  # where the token was found to be good; elsewhere nobody knows it
            self.values[SERVER] = self.present[SERVER]

    def _check(self, token: str) -> str:
        if not token:
            raise CannotRun(f"{TOKEN} is missing: give it at a terminal, in the environment or by standard input")
        url = self.present[SERVER].rstrip("/")
        is_httpx = self.present["POLAR_TRANSPORT"] == "httpx"
        return asyncio.run(username_of(token, url=url, transport="httpx" if is_httpx else "aiohttp"))

    def ask_access(self) -> None:
        """Who may talk to it, and who is its admin where it has no owner."""
        self._head("Access", "Who may talk to it?")
        access = self._choose("POLAR_ACCESS", "Access", ACCESS, self._given.access)
        if access == "allowlist":
            self._ids("POLAR_ALLOWED_TELEGRAM_IDS", "Ids, separated by commas", self._given.allow, needed=True)
        if access != "pairing" or self._given.admin is not None:
            self._ids("POLAR_ADMIN_TELEGRAM_IDS", "Your own id, to be its admin", self._given.admin)

    def ask_zone(self) -> None:
        """Whose clock counts for people who set none."""
        self._head("Time zone", "Of people who set none, for reminders and the like.")
        own = self.present[ZONE] if ZONE in self.file or ZONE in self.environment else machine_zone(self.environment)
        self.values[ZONE] = self._say(ZONE, "Zone", own, self._given.timezone, _zone)

    def ask_responder(self) -> None:
        """Who answers; a model is asked for a first answer."""
        self._head("Answers", "Who answers?")
        if self._choose("POLAR_RESPONDER", "Answers", RESPONDERS, self._given.responder) != "openai":
            return
        while not self._is_connected():
            pass

    def _is_connected(self) -> bool:
        """True once a model has answered, or is to be taken though it has not."""
        url = self._say("POLAR_OPENAI_BASE_URL", "Address", None, self._given.base_url, _url)
        key = self._secret(KEY, "Key", self.present[KEY])
        self.present |= {"POLAR_OPENAI_BASE_URL": url, KEY: key}  # what is meant where it is asked again
        try:
            model = self._model(asyncio.run(models_at(url, key)))
            questions.settled(f"{model} says: {asyncio.run(first_answer(url, key, model))}")
        except NoModel as error:
            self._refuse(NoModel(f"{url} gives no answer: {error}"))
            if not questions.confirm("Take it all the same?", default=False):
                return False
            model = self._model(None)
        self.values |= {"POLAR_OPENAI_BASE_URL": url, KEY: key, "POLAR_OPENAI_MODEL": model}
        return True

    def _model(self, names: list[str] | None) -> str:
        """Chosen from what is offered, or named."""
        name, present = "POLAR_OPENAI_MODEL", self.present["POLAR_OPENAI_MODEL"]
        if not self._asks or self._given.model is not None or not names:
            if not self._asks and not (self._given.model or present):
                offered = f", of {', '.join(names[:MOST_MODELS])}" if names else ""
                raise CannotRun(f"no model is named: give one by --model{offered}")
            return self._say(name, "Model", present, self._given.model, _name)
        shown = dict.fromkeys(names[:MOST_MODELS], "")
        models = "1 model" if len(names) == 1 else f"{len(names)} models"
        typer.echo(f"It offers {models}" + (", these among them:" if len(names) > len(shown) else ":"))
        default = present if present in names else names[0]
        return questions.choice("Model", shown, default, others=names)

    def _choose(self, name: str, question: str, options: dict[str, str], given: str | None) -> str:
        chosen = given if given is not None else self.present[name]
        if self._asks and given is None:
            chosen = questions.choice(question, options, chosen)
        self.values[name] = chosen
        return chosen

    def _ids(self, name: str, question: str, given: str | None, *, needed: bool = False) -> None:
        read = _ids if needed else _ids_or_none
        default = self.present[name] or ("" if needed else "none")
        self.values[name] = self._say(name, question, default, given, read)

    def _say(self, name: str, question: str, default: str | None, given: str | None, read: questions.Read) -> str:
        default = self.present[name] if default is None else default
        if self._asks and given is None:
            return questions.text(question, default, read)
        try:
            return read(default if given is None else given)
        except BotError as error:
            raise CannotRun(f"{name}: {error}") from None

    def _secret(self, name: str, question: str, known: str) -> str:
        """Typed, and never shown; what is known already for Enter, or where nobody is asked."""
        if self._asks:
            return questions.secret(f"{question}, Enter for the one that is set" if known else question) or known
        if self.environment.get(name) or questions.has_terminal():
            return known
        return sys.stdin.readline().strip() or known

    def _head(self, title: str, about: str) -> None:
        if self._asks:
            questions.heading(title)
            typer.echo(about)

    def _refuse(self, error: BotError) -> None:
        """Told, where the same can be asked again; else raised."""
        if not self._asks:
            raise error
        questions.complain(str(error))


def hold(given: Given) -> None:
    """Ask, check and write; an interrupt, or a failure, leaves everything as it was."""
    try:
        _hold(given)
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("\nNothing was changed.", err=True)
        raise typer.Exit(130) from None


def _hold(given: Given) -> None:
    asks = questions.has_terminal() and not given.yes
    interview = Interview(given, asks=asks)
    if asks:
        typer.echo(f"This writes {settings.env_path()}, at the end. Ctrl-C leaves everything as it is.")
    interview.ask_token()
    interview.ask_access()
    interview.ask_zone()
    interview.ask_responder()
    _write(interview, asks=asks, may_change=given.yes)
    _tell(interview)


def _write(interview: Interview, *, asks: bool, may_change: bool) -> None:
    """Show what is new, without secrets, and write it."""
    path = settings.env_path()
    values = {name: value for name, value in interview.values.items() if value or name in interview.file}
    settings.made_of({**interview.file, **values})
    text = draft.changed(interview.text, values)
    changes = [name for name, value in values.items() if interview.file.get(name) != value]
    if not changes:
        typer.echo(f"\n{path} says all of that already.")
        return
    typer.echo(f"\n{path}:")
    for name in changes:
        before = f"  (was {_shown(name, interview.file[name])})" if name in interview.file else ""
        typer.echo(f"  {name}={_shown(name, values[name])}{before}")
    if path.exists() and asks and not questions.confirm("Write this?", default=True):
        raise typer.Abort
    if path.exists() and not asks and not may_change:
        raise CannotRun(f"{path} is there already; --yes changes it")
    if env_file.read_text(path) != interview.text:
        raise CannotRun(f"somebody else has written {path} meanwhile, and it stays so; start again")
    draft.write(path, text)
    typer.echo("Written, for its owner alone to read.")


def _tell(interview: Interview) -> None:
    """What comes next."""
    for name, value in interview.values.items():
        if interview.environment.get(name, value) != value:
            typer.echo(f"{name} is set in the environment, too, which counts before the file: unset it there.")
    for line in settings.strangers():
        typer.echo(line)
    values = interview.values
    run = "make run" if home.is_checkout() else "polar run"
    typer.echo(f"\nStart it:  {run}")
    typer.echo(f"Open it:   https://t.me/{interview.username}")
    if values["POLAR_ACCESS"] == "pairing":
        typer.echo("As long as nobody owns it, the start prints a link of its own; whoever opens that owns it.")
    if values["POLAR_ACCESS"] == "open" and values["POLAR_RESPONDER"] == "openai":
        typer.echo("If the model costs money, set a budget before: polar budget set global 5 --every 24h")


def _shown(name: str, value: str) -> str:
    """Not where it is a secret."""
    return "(a secret)" if value and name in (TOKEN, KEY) else value


def _zone(answer: str) -> str:
    if (name := find_zone(answer)) is not None:
        return name
    similar = similar_zones(answer)
    hint = f"is {' or '.join(similar)} meant?" if similar else "one is like Europe/Berlin."
    raise BotError(f"There is no time zone {answer!r:.80}; {hint}")


def _url(answer: str) -> str:
    if not re.match(r"https?://[^/\s]", answer):
        raise BotError("An address begins with https:// or http://")
    return answer.rstrip("/")


def _name(answer: str) -> str:
    if not answer or not answer.isprintable():
        raise BotError("A model has a name.")
    return answer


def _ids(answer: str) -> str:
    if not _IDS.fullmatch(answer):
        raise BotError("Ids are whole numbers, separated by commas; /whoami tells one's own.")
    return "".join(answer.split())


def _ids_or_none(answer: str) -> str:
    return "" if answer in ("", "none") else _ids(answer)
