"""Checks of what the bot keeps: whether it lives, who else polls, what waits, what was set aside, and its file."""

from __future__ import annotations

from bot.doctor.diagnosis import Diagnosis
from bot.doctor.kept import KeptFacts
from middleware.texts import say_span
from storage.state import DatabaseState
from storage.text import mebibytes
from storage.views.liveness import LastSigns

POLL_MS = 120_000
"""The age of the last poll from which Telegram does not answer any more: a poll is held for half a minute."""
CONFLICT_NOW_MS, CONFLICT_LATELY_MS = 120_000, 24 * 3_600_000
"""The age of the last conflict up to which the other one still polls: while it does, there is one every half minute."""
WAITING_MS = 15 * 60_000
MIB = 1 << 20
LARGE_LOG = 256 * MIB
FREE_WARNED, FREE_NEEDED = 500 * MIB, 50 * MIB


def check_alive(signs: LastSigns, *, now_ms: int) -> Diagnosis:
    """A bot beats four times a minute, and says that it ends when it is asked to."""
    silent_ms = signs.silent_ms(now_ms)
    if not signs.has_started:
        return Diagnosis("alive", "warning", "never")
    if not signs.should_live:
        return Diagnosis("alive", "warning", "ended")
    if silent_ms is not None:
        return Diagnosis("alive", "failed", "silent", span=_span(silent_ms))
    return Diagnosis("alive", "ok", "beats", span=_span(now_ms - (signs.beat_ms or now_ms)))


def check_poll(signs: LastSigns, *, now_ms: int, has_webhook: bool) -> Diagnosis:
    """The age of Telegram's last answer; by a webhook nothing comes while nobody writes."""
    if signs.poll_ms is None:
        return Diagnosis("poll", "not known", "never")
    span = _span(now_ms - signs.poll_ms)
    if has_webhook:
        return Diagnosis("poll", "ok", "called", span=span)
    if not signs.is_alive(now_ms):
        return Diagnosis("poll", "not known", "at_rest", span=span)
    if now_ms - signs.poll_ms > POLL_MS:
        return Diagnosis("poll", "failed", "old", span=span)
    return Diagnosis("poll", "ok", "recent", span=span)


def check_poller(signs: LastSigns, *, now_ms: int) -> Diagnosis:
    """Of two that poll with one token each gets only a part; Telegram tells both, and the bot keeps when."""
    if not signs.has_started:
        return Diagnosis("poller", "not known", "never")
    age_ms = None if signs.conflict_ms is None else now_ms - signs.conflict_ms
    if age_ms is None or age_ms > CONFLICT_LATELY_MS:
        return Diagnosis("poller", "ok", "alone")
    if age_ms <= CONFLICT_NOW_MS and signs.is_alive(now_ms):
        return Diagnosis("poller", "failed", "another", span=_span(age_ms))
    return Diagnosis("poller", "warning", "lately", span=_span(age_ms))


def check_queues(kept: KeptFacts, *, now_ms: int) -> Diagnosis:
    """What waits is handled within seconds, unless Telegram or a model holds it up."""
    values = {"updates": kept.updates_waiting, "deliveries": kept.deliveries_waiting}
    if kept.waiting_since_ms is None:
        return Diagnosis("queues", "ok", "empty")
    age_ms = now_ms - kept.waiting_since_ms
    if age_ms <= WAITING_MS:
        return Diagnosis("queues", "ok", "moving", **values)
    return Diagnosis(
        "queues", "warning", "stuck" if kept.signs.is_alive(now_ms) else "resting", span=_span(age_ms), **values
    )


def check_set_aside(kept: KeptFacts) -> Diagnosis:
    """What kept failing waits for somebody to look at it."""
    counts = kept.set_aside
    if not (counts.updates or counts.deliveries or counts.runs):
        return Diagnosis("set_aside", "ok", "nothing")
    return Diagnosis(
        "set_aside", "warning", "some", updates=counts.updates, deliveries=counts.deliveries, runs=counts.runs
    )


def check_reactions(kept: KeptFacts, *, now_ms: int) -> Diagnosis:
    """Whether any ever arrived; that one does now, only a reaction really made can show."""
    if kept.last_reaction_ms is None:
        return Diagnosis("reactions", "not known", "never")
    return Diagnosis("reactions", "ok", "arrived", span=_span(now_ms - kept.last_reaction_ms))


def check_schema(state: DatabaseState) -> Diagnosis:
    """The file can be used, and is of this code's version; nothing is brought up to date by looking."""
    values = {"path": state.location, "version": state.version, "newest": state.newest}
    if state.version is None:
        return Diagnosis("schema", "failed", "unusable", trouble=state.trouble, **values)
    if not state.exists:
        return Diagnosis("schema", "warning", "missing", **values)
    if state.version < state.newest:
        return Diagnosis("schema", "warning", "older", **values)
    return Diagnosis("schema", "ok", "current", **values)


def check_integrity(state: DatabaseState) -> Diagnosis:
    """What SQLite finds wrong with the file; a server has files of its own."""
    size = mebibytes(state.size)
    if state.folder is None:
        return Diagnosis("integrity", "not known", "server")
    if not state.exists:
        return Diagnosis("integrity", "not known", "missing")
    if state.problems is None:
        return Diagnosis("integrity", "not known", "too_long", size=size)
    if state.problems:
        return Diagnosis("integrity", "failed", "broken", problem=state.problems[0][:160], count=len(state.problems))
    return Diagnosis("integrity", "ok", "whole", size=size)


def check_room(state: DatabaseState, kept: KeptFacts | None) -> Diagnosis:
    """Room on the disk, the size of the log, and pages that nobody uses."""
    if state.folder is None:
        return Diagnosis("room", "not known", "server")
    if state.disk_free is None:
        return Diagnosis("room", "not known", "unseen", path=state.folder)
    unused = 0 if kept is None else kept.unused
    values = {
        "free": mebibytes(state.disk_free),
        "log": mebibytes(state.log_size),
        "size": mebibytes(state.size),
        "unused": mebibytes(unused),
        "path": state.folder,
    }
    if state.disk_free < FREE_NEEDED:
        return Diagnosis("room", "failed", "full", **values)
    if state.disk_free < FREE_WARNED:
        return Diagnosis("room", "warning", "full", **values)
    if state.log_size > LARGE_LOG:
        return Diagnosis("room", "warning", "log", **values)
    if unused > max(state.size // 2, 64 * MIB):
        return Diagnosis("room", "warning", "unused", **values)
    return Diagnosis("room", "ok", "enough", **values)


def _span(ms: int) -> str:
    return say_span(max(0, ms) // 1000)
