"""One call of the API, on its way to its method."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ..connections import Connection
from ..errors import EmulatorError
from ..people import Json
from ..state import State
from ..state.bots import Bot


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for what."""

    state: State
    bot: Bot
    method: str
    params: Json
    connection: Connection


class GoneError(EmulatorError):
    """The client went away before there was an answer."""


Method = Callable[[Ask], Any | Awaitable[Any]]
