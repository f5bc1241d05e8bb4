"""A language model on loopback that speaks the chat-completions interface, for tests and demonstrations."""

from .answers import Answer, pieces_of
from .model import Exchange, Model, Rule, does_not_alternate, has, longer_than, speaks_as
from .samples import long_answer
from .server import ModelServer

__all__ = [
    "Answer",
    "Exchange",
    "Model",
    "ModelServer",
    "Rule",
    "does_not_alternate",
    "has",
    "long_answer",
    "longer_than",
    "pieces_of",
    "speaks_as",
]
