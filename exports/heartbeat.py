"""HEARTBEAT.md: what the bot looked after by itself."""

from __future__ import annotations

from exports.markdown import cell, code, table
from exports.page import DatedLine, MarkdownPage, count
from storage.statuses import RunStatus
from storage.views.projections import ExportedBeat, Projections


def heartbeat(asked: Projections) -> MarkdownPage:
    """The page of the heartbeats' rows in `polar_run_events`."""
    rows = sum(day.rows for day in asked.days_of_beats())
    return MarkdownPage(
        title="Heartbeats",
        intro="Runs of heartbeat policies: `polar_run_events` of source `heartbeat`, newest first, in UTC.",
        last=asked.last_beat(),
        counts=(count(rows, "run"),),
        tables=(
            table(("status", "reason", "runs"), [(_status(s), cell(r), n) for s, r, n in asked.beats_by_result()]),
            table(("policy", "status", "runs"), [(cell(p), _status(s), n) for p, s, n in asked.beats_by_policy()]),
        ),
        rows=rows,
        days=((day.day, count(day.rows, "run")) for day in asked.days_of_beats()),
        entries=map(_entry, asked.beats()),
    )


def _entry(beat: ExportedBeat) -> DatedLine:
    asked = ", asked for by hand" if beat.trigger == "manual" else ""
    reason = "" if beat.reason is None else f": {code(beat.reason, 200)}"
    unheard = "" if beat.unheard is None else f", undelivered: {code(beat.unheard, 200)}"
    return beat.at_ms, f"{code(beat.policy_id)} {_status(beat.status)}{asked}{reason}{unheard}"


def _status(status: str | None) -> str:
    return status if status in list(RunStatus) else cell(status)
