"""Whether twenty honest people notice what a few others try, and whether what those leave behind is bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from bot.settings import Settings

SLOWER_FACTOR = 2.0
KIND_S = 0.5
"""By how much a kind of question may wait longer in any case: a quick answer is soon twice as slow."""
IN_GROUP = "mention"
"""The kind of question that is asked in the group where the hostile member is too."""
WARM_UP_SHARE = 1 / 3
MEMORY_FACTOR, MEMORY_KIB = 1.12, 6 * 1024
HONEST_FACTOR, FEW_ROWS, FEW_BYTES = 1.15, 60, 256 * 1024
"""What two runs of the same people differ by, and pages that are half empty."""
FEW_LINES = 60
LINES_A_MINUTE = 12
"""What is told once a minute of all that is turned away."""
STRANGERS_TURNS, STRANGERS_A_MINUTE = 10, 1
DOORS = 3
"""At which strangers stand: a private chat, a group that is not let in, and the group where the other bot is."""
PER_MINUTE = int(Settings.model_fields["rate_limit_per_minute"].default)
JOBS = int(Settings.model_fields["max_jobs_per_person"].default)
INTERVAL_MINUTES = int(Settings.model_fields["min_model_interval_minutes"].default)
GROUP_PER_MINUTE = float(Settings.model_fields["group_send_rate_per_minute"].default)
PARTS = int(Settings.model_fields["max_answer_parts"].default)
TRIES = 3
OPEN_PROPOSALS = 20
KINDS_A_DAY = 60
TEXT_BYTES, ROW_BYTES = 20_000, 1_500
"""The longest text as it is kept, with its indexes; a row without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What there was of one bot, from its start on.

    waits: seconds, by the kind of the question. lost: questions without an answer. rows, sizes: by table, what has
    come to them. memory_kib: one a slice. lines: of all logs. calls, usd: of the model, by who asked. dashboard_s: how
    long pages took.
    """

    waits: Mapping[str, Sequence[float]]
    lost: Sequence[str] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    memory_kib: Sequence[int] = ()
    lines: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)
    usd: Mapping[str, float] = field(default_factory=dict)
    status: int | None = None
    """With which the bot ended when it was asked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostility:
    """For how long, what was sent, and what was allowed to be spent.

    sent: updates, by account (`member`, `stranger`, `robot`) and, of the member's, those that are recorded without
    being counted: `murmurs`, `reactions`, and `commands`, which leave a trace each.
    """

    minutes: float
    sent: Mapping[str, int]
    bytes_sent: int = 0
    limit_usd: Mapping[str, float] = field(default_factory=dict)

    @property
    def causes(self) -> int:
        """What one person may cause: so much at once, and as much a minute."""
        return ceil(PER_MINUTE * (self.minutes + 1))

    @property
    def runs(self) -> int:
        """Of automations: those of once, which were asked for, and those that come again."""
        return self.causes + JOBS * ceil(self.minutes / INTERVAL_MINUTES + 1)

    @property
    def heard(self) -> int:
        """Turns of strangers that are known at all."""
        return ceil(DOORS * (STRANGERS_TURNS + STRANGERS_A_MINUTE * self.minutes))

    @property
    def members(self) -> int:
        """Updates of who is let in."""
        return self.sent.get("member", 0)

    @property
    def updates(self) -> int:
        """All of them."""
        return sum(self.sent.get(who, 0) for who in ("member", "stranger", "robot"))


def broken(quiet: Lived, siege: Lived, hostility: Hostility) -> list[str]:
    """The rules that do not hold, a line each."""
    return [
        *_ended(quiet, siege),
        *_answered(siege),
        *_in_time(quiet, siege),
        *_calls(siege, hostility),
        *_tables(quiet, siege, hostility),
        *_flat(siege.memory_kib),
        *_log(quiet, siege, hostility),
    ]


def p95(waits: Sequence[float]) -> float:
    """What one of twenty waits longer than."""
    return sorted(waits)[max(0, ceil(len(waits) * 0.95) - 1)] if waits else 0.0


def _ended(quiet: Lived, siege: Lived) -> Iterator[str]:
    for name, lived in (("quiet", quiet), ("besieged", siege)):
        if lived.status != 0:
            yield f"the {name} bot ended with status {lived.status}"


def _answered(siege: Lived) -> Iterator[str]:
    yield from (f"lost: {question}" for question in siege.lost)
    if not any(siege.waits.values()):
        yield "nobody asked anything"


def _in_time(quiet: Lived, siege: Lived) -> Iterator[str]:
    """All answers together, and each kind by itself, so that a kind of few is not lost among the others.

    In a group that somebody fills one waits for a reply that is under way, which is never torn, and for one's own turn.
    """
    before, then = (p95([wait for waits in lived.waits.values() for wait in waits]) for lived in (quiet, siege))
    if then > before * SLOWER_FACTOR:
        yield f"answers: p95 {before:.2f} s in quiet, {then:.2f} s besieged"
    for kind, waits in siege.waits.items():
        before, then = p95(quiet.waits.get(kind, ())), p95(waits)
        spare_s = (PARTS + 1) * 60 / GROUP_PER_MINUTE if kind == IN_GROUP else KIND_S
        if then > max(before * SLOWER_FACTOR, before + spare_s):
            yield f"{kind}: p95 {before:.2f} s in quiet, {then:.2f} s besieged"


def _calls(siege: Lived, hostility: Hostility) -> Iterator[str]:
    made, most = siege.calls.get("member", 0), hostility.causes + hostility.runs * TRIES
    if made > most:
        yield f"model calls: {made:,} by the member, who may have {most:,}"
    yield from (
        f"model calls: {siege.calls[who]:,} by the {who}" for who in ("stranger", "robot") if siege.calls.get(who)
    )
    for who, limit in hostility.limit_usd.items():
        if siege.usd.get(who, 0) > limit:
            yield f"spent: {siege.usd[who]:.4f} USD by {who or 'all'}, of {limit:g}"


def rows_allowed(hostility: Hostility) -> Mapping[str, int]:
    """How many rows they may leave in a table; none in any other.

    An update is a row of the journal, whatever it is, and one turn of who is let in a row of the audit: both go in the
    end. What is recorded without being asked for is recorded once. All else is what was caused.
    """
    causes, runs, sent = hostility.causes, hostility.runs, hostility.sent
    recorded = 2 * sent.get("reactions", 0) + sent.get("commands", 0)
    said = causes + sent.get("murmurs", 0)
    answers = (causes + runs) * PARTS
    return {
        "polar_updates": hostility.updates,
        "polar_audit": hostility.members + hostility.heard + runs * TRIES,
        "polar_feedback_events": recorded + causes + hostility.heard,
        "polar_chat_feedback": recorded + causes,
        "polar_messages": said + answers,
        "polar_message_revisions": causes * (1 + PARTS),
        "polar_delivery_queue": answers + 2 * causes + hostility.heard,
        "polar_automation_jobs": JOBS + causes,
        "polar_memory": causes,
        "polar_calls": causes + runs * TRIES,
        "polar_daily_spend": 3 * (causes + runs * TRIES),
        "polar_answer_totals": causes + runs,
        "polar_proposals": causes,
        "polar_run_events": runs,
        "polar_run_deliveries": runs,
        "polar_task_board": runs,
        "polar_scheduler_run_log": runs * TRIES,
        "polar_scheduler_events": 2 * runs,
        "polar_run_leases": JOBS,
        "polar_status_reactions": causes,
        "polar_stop_marks": causes,
        "polar_custom_emoji": ceil(30 * (hostility.minutes + 1)),
        "polar_pairing_codes": DOORS,
        "polar_personality_profiles": 4,
        "polar_users": 3,
        "polar_shares": 3,
        "polar_properties": 40,
        "polar_keys": 2,
        "polar_budget_usage": 4,
        **dict.fromkeys(DAILY, KINDS_A_DAY),
    }


DAILY = (
    *("polar_daily_feedback", "polar_daily_messages", "polar_daily_runs", "polar_daily_sends", "polar_daily_turns"),
    *("polar_totals", "polar_sequences"),
)
WITH_TEXTS = frozenset(
    {
        "polar_messages",
        "polar_message_revisions",
        "polar_delivery_queue",
        "polar_memory",
        "polar_proposals",
        "polar_automation_jobs",
        "polar_scheduler_events",
        "polar_personality_profiles",
    }
)


def _tables(quiet: Lived, siege: Lived, hostility: Hostility) -> Iterator[str]:
    allowed = rows_allowed(hostility)
    for table, count in siege.rows.items():
        theirs, honest = allowed.get(table, 0), quiet.rows.get(table, 0)
        if count > honest * HONEST_FACTOR + FEW_ROWS + theirs:
            yield f"{table}: {honest:,} rows in quiet, {count:,} besieged, where {theirs:,} more may be"
        size, known = siege.sizes.get(table, 0), quiet.sizes.get(table, 0)
        each = TEXT_BYTES if table in WITH_TEXTS else ROW_BYTES
        more = hostility.bytes_sent + theirs * ROW_BYTES if table == "polar_updates" else theirs * each
        if size > known * HONEST_FACTOR + FEW_BYTES + more:
            yield f"{table}: {known:,} bytes in quiet, {size:,} besieged, where {more:,} more may be"


def _flat(memory_kib: Sequence[int]) -> Iterator[str]:
    """From the end of the warm-up on."""
    warm = max(1, ceil(len(memory_kib) * WARM_UP_SHARE))
    base, later = memory_kib[:warm], memory_kib[warm:]
    if not later:
        yield "memory: too short, nothing was measured behind the warm-up"
    elif max(later) > max(base) * MEMORY_FACTOR + MEMORY_KIB:
        yield f"memory: {max(base):,} KiB, then up to {max(later):,}"


def _log(quiet: Lived, siege: Lived, hostility: Hostility) -> Iterator[str]:
    """A turn that leaves a row in the audit has a line; all that is turned away has one a minute."""
    turns = hostility.members + hostility.heard + 2 * hostility.runs
    most = quiet.lines * HONEST_FACTOR + FEW_LINES + turns + LINES_A_MINUTE * hostility.minutes
    if siege.lines > most:
        yield f"log: {quiet.lines:,} lines in quiet, {siege.lines:,} besieged, where {most:,.0f} may be"
