"""Settings: from the environment or `.env`. What the environment says besides is read by whom it concerns."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot import env_file, home
from bot.env_file import Assignment
from bot.errors import SettingsError
from bot.values import (
    DatabaseLocation,
    DottedNames,
    Ids,
    KeptDays,
    LanguageName,
    Listen,
    Optional,
    PolarityText,
    ResponderName,
    Url,
    WebhookSecret,
    WebSecret,
    ZoneName,
)
from middleware.polarity import parse_overrides
from storage import private_files
from storage.location import Location, ServerUrl
from storage.terms import Terms
from teaching.ratings import Polarity

MODEL_MERGE_WINDOW_MS = 800
MAX_OFFSET_S = 1e9
"""About thirty years: what every part of the bot can still tell as a date."""
_RELATIVE = "a relative path starts at the checkout or, where Polar is installed, at the current folder"
PRICE_SETTINGS = "POLAR_OPENAI_INPUT_USD_PER_MTOK and POLAR_OPENAI_OUTPUT_USD_PER_MTOK"
"""The settings that give a price to a model that the library does not know."""


class Settings(BaseSettings):
    """Everything that can be set, with its default."""

    model_config = SettingsConfigDict(
        env_prefix="POLAR_",
        extra="ignore",
        frozen=True,
        allow_inf_nan=False,
    )

    telegram_bot_token: SecretStr = Field(
        SecretStr(""),
        validation_alias="TELEGRAM_BOT_TOKEN",
        description="The bot's token, from @BotFather.",
    )
    telegram_api_url: Url = Field(
        "https://api.telegram.org",
        description="Bot API server; methods are at <url>/bot<token>/<method>.",
    )
    transport: Literal["aiohttp", "httpx"] = Field(
        "aiohttp",
        description="How the Bot API is called. For a proxy by SOCKS or https, which aiohttp does not speak, the bot "
        "takes httpx by itself.",
    )
    database: DatabaseLocation = Field(
        Path("polar-system.db"),
        description=f"The SQLite file; {_RELATIVE}. Or a PostgreSQL server, with polar[postgres]: "
        "postgresql://user@host/database; what is made to be sent, such as one's own data, is then made in TMPDIR.",
    )
    responder: ResponderName = Field(
        "local",
        description="Who answers: local (no key, no network), openai (a language model, see below), "
        "none (records, never answers), or package.module:attribute.",
    )
    openai_base_url: Url = Field(
        "https://api.openai.com/v1", description="The OpenAI-compatible endpoint, up to and without /chat/completions."
    )
    openai_api_key: SecretStr = Field(SecretStr(""), description="The endpoint's key; many local servers need none.")
    openai_model: str = Field("", description="The model's name at the endpoint; needed with the responder openai.")
    openai_input_usd_per_mtok: Optional = Field(
        None, ge=0, description="US dollars a million input tokens, where the price library does not know the model."
    )
    openai_output_usd_per_mtok: Optional = Field(
        None, ge=0, description="US dollars a million output tokens, where the price library does not know the model."
    )
    openai_max_output_tokens: int = Field(2048, ge=16, description="The longest answer, in tokens.")
    openai_context_tokens: int = Field(
        8000, ge=500, description="What is sent along at most: personality, memory, earlier messages and the new one."
    )
    responder_timeout_seconds: float = Field(60, gt=0, le=3600, description="How long one answer may take to make.")
    access: Literal["open", "allowlist", "pairing"] = Field(
        "pairing", description="Who may talk to the bot: everyone, those listed below, or whom the owner lets in."
    )
    open_without_budget: bool = Field(
        False,
        description="Whether the bot starts with POLAR_ACCESS=open and a model whose price is known and not 0, though "
        "no global budget blocks: anybody who finds it can then spend as much as they like.",
    )
    admin_telegram_ids: Ids = Field(frozenset(), description="User ids of admins.")
    operator_telegram_ids: Ids = Field(frozenset(), description="User ids of operators.")
    allowed_telegram_ids: Ids = Field(frozenset(), description="Ids of users and groups that may talk to the bot.")
    group_automations: Literal["everybody", "administrators", "operators"] = Field(
        "everybody",
        description="Who may create automations in a group: everybody let in, its administrators and the bot's "
        "operators, or these alone.",
    )
    feedback_buttons: Literal["never", "private", "always"] = Field(
        "private",
        description="Where answers carry 👍 and 👎 buttons. With never, no other answer is offered after a 👎 either.",
    )
    merge_window_ms: Optional = Field(
        None,
        ge=0,
        le=60_000,
        description="Messages that one person sends in one thread within this time become one turn; 0 for never. "
        "Empty for 800 with a model, 0 with local and none.",
    )
    status_reactions: bool = Field(
        True, description="Whether the bot shows by a reaction that it works on a message, when that takes a while."
    )
    language: LanguageName = Field(
        "en", description="The language of the bot's own texts; a file in middleware/languages."
    )
    max_answer_parts: int = Field(
        8,
        ge=1,
        le=100,
        description="Messages that one answer may take; a longer one is sent as a file, with its beginning as caption.",
    )
    rate_limit_per_minute: int = Field(
        30, ge=1, description="What one user may cause in a minute: messages, commands, presses, edits."
    )
    max_jobs_per_person: int = Field(
        100, ge=1, le=10_000, description="Automations of one person, in all chats together; those that are over aside."
    )
    min_model_interval_minutes: int = Field(
        5,
        ge=0,
        le=720,
        description="The shortest time between two runs of an automation where a model answers, or a responder of your "
        "own; 0 for a minute, as with local and none.",
    )
    send_rate_per_second: float = Field(30, gt=0, description="Messages a second, in all.")
    chat_send_rate_per_second: float = Field(
        1, gt=0, description="Messages a second to one chat; short bursts may be faster."
    )
    group_send_rate_per_minute: float = Field(20, gt=0, description="Messages a minute to one group.")
    middleware: DottedNames = Field(
        (), description="Middleware of your own, each as package.module:attribute, the outermost first."
    )
    polarity: PolarityText = Field(
        "", description="Polarity of reactions, in place of ours, e.g. 🤡=negative,👀=positive."
    )
    answer_slots: int = Field(64, ge=1, le=1000, description="Answers that are made at the same time.")
    shutdown_seconds: float = Field(20, ge=0, description="Time to finish what is in hand when asked to stop.")
    question_seconds: float = Field(
        5,
        gt=0,
        le=60,
        description="How long the database may search for what a command like /feedback, /memory search or /export "
        "asks; then it is ended, and the person told.",
    )
    default_timezone: ZoneName = Field("UTC", description="Zone of users who set none.")
    webhook_url: str = Field("", description="Public https address of the webhook; polling when empty.")
    webhook_listen: Listen = Field("127.0.0.1:8443", description="Where the webhook listens, host:port.")
    webhook_secret: WebhookSecret = Field(
        SecretStr(""),
        description="What Telegram sends along with each webhook call, 16 to 256 characters; needed with a webhook.",
    )
    web_listen: Listen = Field("127.0.0.1:8090", description="Where the dashboard listens, host:port.")
    web_secret: WebSecret = Field(
        SecretStr(""),
        description="The secret that opens the dashboard; needed where it listens on another address than loopback.",
    )
    artifacts: Path = Field(Path("artifacts"), description=f"Folder of the Markdown exports; {_RELATIVE}.")
    log_format: Literal["console", "json"] = Field("console", description="Form of the log on standard error.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")
    sentry_dsn: SecretStr = Field(
        SecretStr(""),
        description="Where failures of the code are sent, as Sentry or a server like it names it; needs polar[sentry]. "
        "No text of anybody is sent.",
    )
    keep_updates_days: KeptDays = Field(7, description="How long updates are kept that were handled.")
    keep_audit_days: KeptDays = Field(90, description="How long it is kept what became of each turn.")
    keep_deliveries_days: KeptDays = Field(
        30, description="How long it is kept that something was sent; what it said is dropped when it is."
    )
    keep_run_log_days: KeptDays = Field(90, description="How long the tries of automations and heartbeats are kept.")
    keep_dead_days: KeptDays = Field(
        90, description="How long it is kept what was set aside: updates, deliveries and runs that kept failing."
    )
    keep_proposals_days: KeptDays = Field(
        30, description="How long proposals are kept; one that nobody decided lapses."
    )
    keep_messages_days: KeptDays = Field(
        0, description="How long messages are kept, from their last edit, and the former texts of edited ones."
    )
    clock_offset_seconds: float = Field(
        0, ge=-MAX_OFFSET_S, le=MAX_OFFSET_S, description="Shifts the bot's clock, for rehearsals."
    )

    @model_validator(mode="after")
    def _check_model(self) -> Self:
        if self.responder == "openai" and not self.openai_model:
            raise ValueError("POLAR_OPENAI_MODEL: expected the name of a model, as POLAR_RESPONDER is openai")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be written anywhere."""
        secrets = (self.telegram_bot_token, self.openai_api_key, self.webhook_secret, self.web_secret, self.sentry_dsn)
        of_server = (self.database.password,) if isinstance(self.database, ServerUrl) else ()
        return (*(secret.get_secret_value() for secret in secrets), *of_server)

    @property
    def location(self) -> Location:
        """Where the database is; a file's path is absolute."""
        return home.find().folder / self.database if isinstance(self.database, Path) else self.database

    @property
    def spool_folder(self) -> Path:
        """The folder with room for a file made of what is in the database: beside it, or the system's."""
        return self.location.parent if isinstance(self.location, Path) else Path(tempfile.gettempdir())

    @property
    def merge_window(self) -> int:
        """POLAR_MERGE_WINDOW_MS, or what it is by itself, in milliseconds."""
        if self.merge_window_ms is not None:
            return round(self.merge_window_ms)
        return MODEL_MERGE_WINDOW_MS if self.has_model else 0

    @property
    def has_model(self) -> bool:
        """True if a model answers, or something of one's own, which may be one."""
        return self.responder not in ("local", "none")

    @property
    def least_interval(self) -> timedelta | None:
        """POLAR_MIN_MODEL_INTERVAL_MINUTES where a model answers; None where runs may be as often as schedules say."""
        minutes = self.min_model_interval_minutes if self.has_model else 0
        return timedelta(minutes=minutes) if minutes else None

    @property
    def artifacts_path(self) -> Path:
        """The folder of the exports, absolute."""
        return home.find().folder / self.artifacts

    @property
    def polarity_overrides(self) -> dict[str, Polarity]:
        """POLAR_POLARITY, read."""
        return parse_overrides(self.polarity)

    @property
    def terms(self) -> Terms:
        """The terms that things are kept."""
        return Terms(
            updates=self.keep_updates_days,
            audit=self.keep_audit_days,
            deliveries=self.keep_deliveries_days,
            run_log=self.keep_run_log_days,
            dead=self.keep_dead_days,
            proposals=self.keep_proposals_days,
            messages=self.keep_messages_days,
        )

    @property
    def zone(self) -> ZoneInfo:
        """POLAR_DEFAULT_TIMEZONE, read."""
        return ZoneInfo(self.default_timezone)


def variable(field: str) -> str:
    """The environment variable of a field."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"POLAR_{field.upper()}"


def environment(inherited: Mapping[str, str], values: Mapping[str, object]) -> dict[str, str]:
    """The environment of a bot process with these settings, and the defaults of all others.

    Every one is set, so that neither the shell nor `.env` changes what is run.
    """
    names = {field: variable(field) for field in Settings.model_fields}
    kept = {name: value for name, value in inherited.items() if name.upper() not in names.values()}
    defaults = {field: info.default for field, info in Settings.model_fields.items()}
    return {**kept, **{names[field]: _written(value) for field, value in {**defaults, **values}.items()}}


def _written(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, ServerUrl):
        return value.written
    if value is None:
        return ""
    if isinstance(value, frozenset | tuple):
        return ",".join(str(part) for part in value)
    return str(value)


def load() -> Settings:
    """Read the settings; raises SettingsError with a line for each that is wrong, or for a `.env` that is not read."""
    return made_of(in_file())


def made_of(written: Mapping[str, str]) -> Settings:
    """The settings where `.env` says this: what stands in the environment counts before it. Raises SettingsError."""
    counting = {name: value for name, value in written.items() if name not in in_environment()}
    fields = {str(info.validation_alias or field): variable(field) for field, info in Settings.model_fields.items()}
    named = {key: counting[name] for key, name in fields.items() if name in counting}
    try:
        return Settings(**named)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(problem) for problem in error.errors())) from None


def in_file() -> dict[str, str]:
    """What `.env` sets, by variable, however these are written there. Raises SettingsError."""
    return {assignment.name.upper(): assignment.value for assignment in _assignments()}


def in_environment() -> dict[str, str]:
    """What the environment sets, alike."""
    return {name.upper(): value for name, value in os.environ.items()}


def env_path() -> Path:
    """The file `.env`, whether it is there or not."""
    return home.find().folder / ".env"


def _assignments() -> tuple[Assignment, ...]:
    return env_file.read(env_path(), os.environ)


def strangers() -> Iterator[str]:
    """A line for each name of ours that no setting of this version has, and for each that stands twice in `.env`."""
    path, assignments = env_path(), _assignments()
    places = {name.upper(): "the environment" for name in os.environ}
    lines: dict[str, int] = {}
    for assignment in assignments:
        name = assignment.name.upper()
        if name in lines:
            yield f"{name} stands twice in {path}, in lines {lines[name]} and {assignment.line}; the last one counts"
        lines[name] = assignment.line
        places.setdefault(name, f"{path}, line {assignment.line},")
    known = [variable(field) for field in Settings.model_fields]
    for name in sorted(name for name in places.keys() - {*known} if name.startswith(env_file.OURS)):
        is_ours = name.startswith("POLAR_")  # other programs speak with Telegram, too
        nearest = get_close_matches(name, known, 1, 0.6 if is_ours else 0.85)
        if is_ours or nearest:
            hint = f"; is {nearest[0]} meant?" if nearest else ""
            yield f"{name} in {places[name]} is no setting and is ignored{hint}"


def exposed() -> Iterator[str]:
    """A line if others of this machine can read `.env`, where the token is."""
    path = env_path()
    if private_files.is_open_to_others(path):
        yield f"others can read or write {path}, which holds secrets; {private_files.remedy(path)}"


def _explain(problem: object) -> str:
    assert isinstance(problem, dict)
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:  # it concerns several settings, and their values may be secrets
        return message
    place = str(problem["loc"][0])
    field = next((name for name in Settings.model_fields if place in (name, variable(name))), place)
    name = place if place.isupper() else variable(field)
    is_secret = field not in Settings.model_fields or Settings.model_fields[field].annotation in (SecretStr, Location)
    return f"{name}: {message}" + ("" if is_secret else f" (found {problem['input']!r:.80})")
