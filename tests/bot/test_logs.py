"""The lines of the log: what they say, in both forms, and what they never say."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot import logs
from bot.logs import Lines, LogForm
from bot.redaction import Redaction
from middleware.trace import TRACE

WORDS = "what Ann wrote"


def record(message: str = "it happened", *, error: Exception | None = None, **facts: Any) -> logging.LogRecord:
    """What somebody logs."""
    name = facts.pop("logger", "polar.turn")
    told = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord(name, logging.INFO, __file__, 1, message, (), told)
    made.__dict__.update(facts)
    return made


def line(made: logging.LogRecord, form: LogForm = "console", **how: Any) -> str:
    """It in the log."""
    return Lines(form, Redaction(["a-secret-of-ours"]), **how).format(made)


def test_a_line_of_the_console_is_time_level_logger_message_and_facts() -> None:
    """What has blanks in it is quoted."""
    time, rest = line(record(trace="update:1:2", ms=5, reason="took too long")).split(maxsplit=1)
    assert len(time) == len("12:00:00")
    assert rest == "INFO    polar.turn: it happened trace=update:1:2 ms=5 reason='took too long'"


def test_a_line_of_json_has_a_name_for_each_fact() -> None:
    """With its instant in UTC, so that lines of several machines can be put in order."""
    told = json.loads(line(record(ms=5, session="telegram:chat:1"), "json"))
    assert told.pop("at").endswith("+00:00")
    assert told == {
        "level": "info",
        "logger": "polar.turn",
        "message": "it happened",
        "ms": 5,
        "session": "telegram:chat:1",
    }


def test_what_is_logged_within_a_turn_bears_its_id() -> None:
    """Whoever logs it; a fact that says it itself is right."""
    outside = TRACE.set("update:7:1")
    try:
        assert json.loads(line(record(logger="careless"), "json"))["trace"] == "update:7:1"
        assert json.loads(line(record(trace="update:8:1"), "json"))["trace"] == "update:8:1"
    finally:
        TRACE.reset(outside)
    assert "trace" not in json.loads(line(record(), "json"))


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_failure_is_told_without_words_unless_somebody_debugs(form: LogForm) -> None:
    """Of whichever library; what Python says of the code is told always."""
    told = line(record(error=ValueError(WORDS)), form)
    assert "ValueError" in told
    assert WORDS not in told
    assert WORDS in line(record(error=ValueError(WORDS)), form, is_debugging=True)
    assert "TypeError: no such argument" in line(record(error=TypeError("no such argument")), form)


def test_a_failure_is_one_line_of_json_and_several_of_the_console() -> None:
    """As programs, and as people, read it."""
    try:
        raise KeyError(WORDS)
    except KeyError as error:
        made = record(error=error)
    assert "\n" not in line(made, "json")
    assert json.loads(line(made, "json"))["exception"].splitlines()[-1] == "KeyError"
    assert line(made).splitlines()[1] == "Traceback (most recent call last):"


def test_of_a_task_that_nobody_waited_for_the_error_is_told_by_its_rule() -> None:
    """asyncio says in further lines what the error says."""
    made = record(f"Task exception was never retrieved\nfuture: ValueError('{WORDS}')", logger="asyncio")
    assert WORDS not in line(made)
    assert WORDS in line(made, is_debugging=True)


def test_secrets_are_taken_out_of_facts_and_failures() -> None:
    """Wherever in the line they stand."""
    made = record(error=TypeError("bad a-secret-of-ours"), url="http://a-secret-of-ours@example.com")
    for form in ("console", "json"):
        told = line(made, form)
        assert told.count("<secret>") == 2
        assert "a-secret-of-ours" not in told


@pytest.fixture
def set_up_here() -> Iterator[None]:
    """Whatever a set-up changes is as before at the end."""
    root, flags = logging.getLogger(), ("logThreads", "logProcesses", "logMultiprocessing")
    names = ("", "polar", "httpx", "httpx2", "openai", "telegram", "telegram.ext", "telegram.ext.Updater")
    levels = {name: logging.getLogger(name).level for name in names}
    kept, handlers = {flag: getattr(logging, flag) for flag in flags}, root.handlers[:]
    root.handlers[:] = []
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    for flag, value in kept.items():
        setattr(logging, flag, value)
    structlog.reset_defaults()


@pytest.mark.usefixtures("set_up_here")
def test_what_a_part_of_ones_own_logs_by_structlog_goes_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    """With its facts by name, its failures filtered, and nothing below the level."""
    logs.set_up("json", "a-secret-of-ours", level="info")
    own = structlog.get_logger("own")
    own.debug("nobody sees that")
    try:
        raise ValueError(WORDS)
    except ValueError:
        own.exception("weather", place="Berlin", key="a-secret-of-ours")
    [told] = map(json.loads, capsys.readouterr().err.splitlines())
    assert (told["logger"], told["message"], told["place"], told["key"]) == ("own", "weather", "Berlin", "<secret>")
    assert told["exception"].splitlines()[-1] == "ValueError"


@pytest.mark.usefixtures("set_up_here")
def test_nothing_is_made_of_what_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that was recorded costs nothing at INFO; the values of statements, which libraries log, are never made."""
    made: list[str] = []

    def note(lines: Lines, told: logging.LogRecord) -> str:
        made.append(told.name)
        return told.name

    monkeypatch.setattr(Lines, "format", note)
    logs.set_up("console", level="info")
    for name in ("polar.turn", "aiosqlite", "own"):
        logging.getLogger(name).debug("%s", "what somebody wrote")
    logging.getLogger("httpx").info("a request with a token in its URL")
    assert made == []
    logging.getLogger("polar.turn").info("answered")
    assert made == ["polar.turn"]
