"""Loading what a setting names as `package.module:attribute`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from bot import home
from bot.errors import SettingsError


def load_named(setting: str, name: str, folder: Path | None = None) -> Any:
    """The attribute, of a module in the operator's folder or of an installed one.

    Raises SettingsError that names the setting, and what is missing or stands in its place.
    """
    module_name, _, attribute = name.partition(":")
    folder = folder or home.find().folder
    if str(folder) not in sys.path:
        # Last, so that nothing that lies there takes the place of a module of ours or of a library.
        sys.path.append(str(folder))
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        problem = _clash(module_name, folder) or f"cannot import {module_name!r} ({error})"
        raise SettingsError(f"{setting}: {problem}") from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        problem = _clash(module_name, folder) or f"{module_name!r} has no attribute {attribute!r}"
        raise SettingsError(f"{setting}: {problem}") from None


def _clash(module_name: str, folder: Path) -> str | None:
    """The words where a file in the folder was meant, and something else has its name; else None."""
    top, *below = module_name.split(".")
    file = folder.joinpath(top, *below)
    meant = next((path for path in (file.with_suffix(".py"), file / "__init__.py") if path.is_file()), None)
    module = sys.modules.get(top)
    if meant is None or module is None:
        return None
    holder = _place(module)
    if holder == (meant.resolve() if meant.parent == folder else (folder / top).resolve()):
        return None
    owner = "Polar itself" if top in home.PACKAGES else "another module"
    return f"{meant} cannot be used, as the name {top!r} is taken by {owner} ({holder or 'built-in'}); rename yours"


def _place(module: ModuleType) -> Path | None:
    """The file of a module, or the folder of a package; None for what is built in."""
    places = [*getattr(module, "__path__", ()), getattr(module, "__file__", None)]
    return Path(places[0]).resolve() if places[0] else None
