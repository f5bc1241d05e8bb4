"""Loading what a setting names as `package.module:attribute`."""

from __future__ import annotations

import importlib
from typing import Any

from bot.settings import SettingsError


def load_named(setting: str, name: str) -> Any:
    """The attribute; raises SettingsError that names the setting and what is missing."""
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise SettingsError(f"{setting}: cannot import {module_name!r} ({error})") from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise SettingsError(f"{setting}: {module_name!r} has no attribute {attribute!r}") from None
