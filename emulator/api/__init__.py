"""The bots' side: the Bot API over HTTP, its methods by subject."""

from .attachments import Downloads
from .endpoint import METHODS, Api

__all__ = ["METHODS", "Api", "Downloads"]
