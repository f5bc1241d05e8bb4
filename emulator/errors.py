"""Refusals that the API answers with."""

from __future__ import annotations

from typing import Any


class EmulatorError(Exception):
    """The emulator cannot go on with a call."""


class ApiError(EmulatorError):
    """A call is refused: `status` (HTTP and error_code), `description` (Telegram's words), `parameters`."""

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


def bad_request(reason: str) -> ApiError:
    """The 400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    """The 403 with Telegram's prefix."""
    return ApiError(403, f"Forbidden: {reason}")


def too_many_requests(seconds: int) -> ApiError:
    """The 429, with the pause it asks for."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
