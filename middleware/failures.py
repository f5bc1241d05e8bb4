"""The root of what can go wrong in the chain; the docstring of each class is its default message."""

from __future__ import annotations


class MiddlewareError(Exception):
    """A middleware failed."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()
