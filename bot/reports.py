"""Failures of the code, sent to Sentry or a server that speaks as it does, where POLAR_SENTRY_DSN names one.

Sent is what the log says of a failure, without what anybody wrote: no local variables, no trail of what was done
before, no name of the machine, no request. sentry-sdk is loaded here alone, and only for whoever asked for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bot import VERSION
from bot.errors import CannotRun
from bot.redaction import Redaction
from bot.tracebacks import ToldError, errors_of
from middleware.trace import TRACE

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

NOT_INSTALLED = (
    "POLAR_SENTRY_DSN is set, but sentry-sdk is not installed: "
    "install polar[sentry], or sentry-sdk beside it, or leave the setting empty"
)
UNREADABLE = "POLAR_SENTRY_DSN: expected what Sentry names so, like https://key@sentry.example/1"
LAST_S = 2.0
"""The time that the end of the process waits for what is still to be sent."""
SENT = (
    *("event_id", "timestamp", "platform", "level", "logger", "message", "exception", "tags"),
    *("release", "environment", "sdk"),
)
"""All that an event may hold; whatever else the library adds is left out."""


@contextmanager
def sent_to(dsn: str, redact: Redaction) -> Iterator[None]:
    """Send each failure that is logged meanwhile; nothing where `dsn` is empty. Raises CannotRun."""
    if not dsn:
        yield
        return
    client = _client(dsn)
    handler = _Reporting(client.capture_event, redact)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        client.close(timeout=LAST_S)


def _client(dsn: str) -> Any:
    try:
        import sentry_sdk
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise CannotRun(NOT_INSTALLED) from None
    try:
        return sentry_sdk.Client(
            dsn=dsn,
            release=f"polar@{VERSION}",
            default_integrations=False,
            auto_enabling_integrations=False,
            auto_session_tracking=False,
            enable_backpressure_handling=False,
            include_local_variables=False,
            include_source_context=False,
            max_breadcrumbs=0,
            send_client_reports=False,
            server_name="",
            before_send=_only_what_may_be_sent,
        )
    except BadDsn:  # which quotes it
        raise CannotRun(UNREADABLE) from None


def _only_what_may_be_sent(event: Event, hint: Hint) -> Event:
    return {key: event[key] for key in SENT if key in event}  # type: ignore[literal-required,return-value]


class _Reporting(logging.Handler):
    """Makes a report of each line that tells of a failure; of others, which may be many, none."""

    def __init__(self, capture: Any, redact: Redaction) -> None:
        super().__init__(logging.WARNING)
        self._capture = capture
        self._redact = redact

    def emit(self, record: logging.LogRecord) -> None:
        """Hand it over; it is sent by a thread of the library's."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return
        try:
            self._capture(_redacted(_event(record, errors_of(error)), self._redact))
        except Exception:  # noqa: BLE001 - as every handler does: a report must not end what it tells of
            self.handleError(record)


def _event(record: logging.LogRecord, errors: Sequence[ToldError]) -> dict[str, Any]:
    trace = TRACE.get()
    return {
        "level": record.levelname.lower(),
        "logger": record.name,
        # Below the first line asyncio says what the error says.
        "message": record.getMessage().partition("\n")[0],
        "exception": {"values": [_value(error) for error in errors]},
        "tags": {"trace": trace} if trace else {},
    }


def _value(error: ToldError) -> dict[str, Any]:
    module, _, name = error.name.rpartition(".")
    frames = [
        {"filename": frame.file, "lineno": frame.line, "function": frame.function, "context_line": frame.source}
        for frame in error.frames
    ]
    return {
        "type": name,
        "module": module or None,
        "value": error.words,
        **({"stacktrace": {"frames": frames}} if frames else {}),
    }


def _redacted(value: Any, redact: Redaction) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(inner, redact) for key, inner in value.items()}
    return [_redacted(inner, redact) for inner in value] if isinstance(value, list) else value
