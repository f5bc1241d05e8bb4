"""The server's state, shared by the people's side and the bots' side."""

from .state import State

__all__ = ["State"]
