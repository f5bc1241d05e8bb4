"""What is sent where POLAR_SENTRY_DSN says, read as it comes in there: no text, no secret, no name of the machine."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bot import reports
from bot.errors import CannotRun
from bot.redaction import Redaction
from middleware.trace import TRACE

WORDS, SECRET, TOKEN = "what Ann wrote", "a-secret-of-ours", "123456789:" + "A" * 35
log = logging.getLogger("polar.test")


class Collector(BaseHTTPRequestHandler):
    """Takes whatever is sent."""

    def do_POST(self) -> None:
        """Keep the body as it is, unpacked."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.came.append(gzip.decompress(body) if packed else body)  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is named there
        """Nothing on standard error."""


@contextmanager
def collecting() -> Iterator[tuple[str, list[bytes]]]:
    """Where to send to, and what has come in there."""
    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        came: list[bytes] = []
        server.came = came  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://public@127.0.0.1:{server.server_port}/1", came
        server.shutdown()


def fail(words: str) -> None:
    """Fails by what somebody wrote, with more of it in a variable."""
    local = f"{words} {SECRET}"
    try:
        raise ValueError(local)
    except ValueError as error:
        raise TypeError(f"bad argument: {SECRET} {TOKEN}") from error


def test_a_failure_is_sent_without_what_anybody_wrote() -> None:
    """Types, places and lines of source, and the turn's id; nothing of the machine, the request or what came before."""
    with collecting() as (dsn, came), reports.sent_to(dsn, Redaction([SECRET])):
        log.warning("a line before: %s", WORDS)
        outside = TRACE.set("update:7:1")
        try:
            fail(WORDS)
        except TypeError as error:
            log.warning("update 7 failed at try 1: TypeError", exc_info=error)
        finally:
            TRACE.reset(outside)
        logging.getLogger("asyncio").error("Task exception was never retrieved\n%s", WORDS, exc_info=ValueError(WORDS))
    first, _ = sorted(came, key=lambda sent: b"Task exception" in sent)
    everything = b"".join(came)
    for hidden in (WORDS, SECRET, TOKEN, socket.gethostname(), "vars", "breadcrumbs", "server_name", "request"):
        assert hidden.encode() not in everything, hidden
    _, _, body = first.split(b"\n")[:3]
    event = json.loads(body)
    cause, raised = event["exception"]["values"]
    assert (cause["type"], cause["value"]) == ("ValueError", "")
    assert (raised["type"], raised["value"]) == ("TypeError", "bad argument: <secret> <token>")
    assert raised["stacktrace"]["frames"][-1] == {
        "filename": "tests/bot/test_reports.py",
        "function": "fail",
        "lineno": fail.__code__.co_firstlineno + 6,
        "context_line": 'raise TypeError(f"bad argument: {SECRET} {TOKEN}") from error',
    }
    assert event["message"] == "update 7 failed at try 1: TypeError"
    assert event["tags"] == {"trace": "update:7:1"}
    assert set(event) <= set(reports.SENT)


def test_nothing_is_sent_once_the_bot_has_ended() -> None:
    """Nor by whoever loads the library too: nothing of it is set for the whole process."""
    import sentry_sdk

    with collecting() as (dsn, came):
        with reports.sent_to(dsn, Redaction()):
            assert not sentry_sdk.is_initialized()
        log.warning("too late", exc_info=ValueError())
    assert came == []


def test_without_the_setting_the_library_is_not_even_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever does not want it need not have it."""
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with reports.sent_to("", Redaction()):
        log.warning("it failed", exc_info=ValueError())


def test_where_the_library_is_missing_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, with the setting."""
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    refused = pytest.raises(CannotRun, match=r"POLAR_SENTRY_DSN is set, but .*polar\[sentry\]")
    with refused, reports.sent_to("https://key@sentry.example/1", Redaction()):
        raise AssertionError


@pytest.mark.parametrize("dsn", ["nonsense", "https://sentry.example/1", "https://key@example.com/"])
def test_an_address_that_is_none_stops_the_start_without_being_quoted(dsn: str) -> None:
    """It holds a key."""
    with pytest.raises(CannotRun) as refused, reports.sent_to(dsn, Redaction()):
        raise AssertionError
    assert "POLAR_SENTRY_DSN" in str(refused.value)
    assert dsn not in str(refused.value)
