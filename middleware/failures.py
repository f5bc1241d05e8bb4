"""The root of what can go wrong in the chain; the docstring of each class is its default message."""

from __future__ import annotations


class MiddlewareError(Exception):
    """A middleware failed."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


MOST_CAUSES = 5
"""The depth to which the causes of an error are followed."""


def reason_of(error: BaseException) -> str:
    """The type of an error, and those of what caused it: never its text, which may quote a person."""
    names: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(names) < MOST_CAUSES:
        if type(cause).__name__ not in names:
            names.append(type(cause).__name__)
        cause = cause.__cause__
    return ": ".join(names)
