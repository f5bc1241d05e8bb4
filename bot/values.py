"""Kinds of values that settings have, each with what is told where one is none of its kind."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, SecretStr
from pydantic_settings import NoDecode

from middleware import texts
from middleware.polarity import parse_overrides
from storage import location
from storage.location import Location, ServerUrl

BUILT_IN = ("local", "openai", "none")
"""Who may answer without being named as a class."""
MIN_SECRET = 16
RECIPE = "make one by: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


def _split_ids(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return frozenset(int(part) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("expected whole numbers separated by commas, like 1234,5678") from None


def _split_names(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _is_dotted(name: str) -> bool:
    module, colon, attribute = name.partition(":")
    return bool(colon) and attribute.isidentifier() and all(part.isidentifier() for part in module.split("."))


def _check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(_is_dotted, names)):
        raise ValueError("expected package.module:attribute")
    return names


def _check_responder(name: str) -> str:
    if name not in BUILT_IN and not _is_dotted(name):
        raise ValueError("expected local, openai, none, or package.module:attribute")
    return name


def _check_polarity(value: str) -> str:
    parse_overrides(value)
    return value


def _check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected an IANA time zone like Europe/Berlin") from None
    return value


def _check_language(value: str) -> str:
    if value not in texts.languages():
        raise texts.NoSuchLanguage(value)
    return value


def _check_url(value: str) -> str:
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc:
        raise ValueError("expected an http or https address like https://api.telegram.org")
    return value.rstrip("/")


def _check_listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise ValueError("expected host:port like 127.0.0.1:8443")
    return value


def _check_web_secret(value: SecretStr) -> SecretStr:
    if 0 < len(value.get_secret_value()) < MIN_SECRET:
        raise ValueError(f"expected {MIN_SECRET} characters or more; {RECIPE}")
    return value


def _check_webhook_secret(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"([A-Za-z0-9_-]{16,256})?", value.get_secret_value()):
        raise ValueError(f"expected {MIN_SECRET} to 256 letters, digits, _ and -, as Telegram takes; {RECIPE}")
    return value


def _read_location(value: object) -> object:
    if isinstance(value, Path | ServerUrl):
        return value
    return location.parse(str(value), Path())


DatabaseLocation = Annotated[Location, PlainValidator(_read_location)]
Ids = Annotated[frozenset[int], NoDecode, BeforeValidator(_split_ids)]
DottedNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_names), AfterValidator(_check_names)]
ResponderName = Annotated[str, AfterValidator(_check_responder)]
PolarityText = Annotated[str, AfterValidator(_check_polarity)]
ZoneName = Annotated[str, AfterValidator(_check_zone)]
LanguageName = Annotated[str, AfterValidator(_check_language)]
Url = Annotated[str, AfterValidator(_check_url)]
Listen = Annotated[str, AfterValidator(_check_listen)]
WebSecret = Annotated[SecretStr, AfterValidator(_check_web_secret)]
WebhookSecret = Annotated[SecretStr, AfterValidator(_check_webhook_secret)]
Optional = Annotated[float | None, BeforeValidator(lambda value: None if value == "" else value)]
"""A number, or nothing where the variable is empty."""
KeptDays = Annotated[int, Field(ge=0, le=36_500)]
"""A number of days; 0 is for ever."""
