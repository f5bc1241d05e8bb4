"""A Telegram Bot API server on loopback, for tests and demonstrations."""

from .people import Chat, Person
from .server import Server
from .state.calls import Call
from .state.faults import Fault
from .world import World

__all__ = ["Call", "Chat", "Fault", "Person", "Server", "World"]
