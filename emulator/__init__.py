"""A Telegram Bot API server on loopback, for tests and demonstrations."""

from .calls import Call
from .faults import Fault
from .people import Chat, Person
from .server import Server
from .world import World

__all__ = ["Call", "Chat", "Fault", "Person", "Server", "World"]
