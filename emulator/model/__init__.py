"""A language model on loopback that speaks the chat-completions interface, for tests and demonstrations."""

from .answers import Answer, pieces_of
from .model import Exchange, Model
from .samples import long_answer
from .server import ModelServer

__all__ = ["Answer", "Exchange", "Model", "ModelServer", "long_answer", "pieces_of"]
