"""`/metrics`: what a monitoring system reads, in the text format of Prometheus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from storage.views.health import Spent
from storage.views.metrics import Depths, LabelledCounts, Measured, TurnBucket, measure
from web.clock import now_ms

MAX_VALUES = 30
"""The number of different values that a label may have, so that no row makes series without end."""
OTHER = "other"
"""The value that stands for all further values of a label."""
MAX_LABEL = 100
"""Signs of a label's value."""
BOUNDS = ("0.01", "0.05", "0.1", "0.5", "1", "5", "15", "60", "+Inf")
"""The bounds of polar_daily_turns, in seconds."""


class Snapshot(Collector):
    """One measurement, as families of metrics."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterable[Metric]:
        """Each family, in the order of the reference page."""
        measured = self._measured
        yield _counter("turns", "Tries of turns, by how they ended.", ("kind", "outcome"), _by_outcome(measured))
        yield _durations(measured.turns)
        yield _counter("messages", "Messages stored.", ("role",), measured.messages)
        yield _counter(
            "reactions", "Reactions to messages, added and taken back.", ("polarity", "change"), measured.reactions
        )
        yield _counter("runs", "Automation and heartbeat runs entered.", ("source", "status"), measured.runs)
        yield _counter("sends", "Tries to send a reply.", ("result",), measured.sends)
        yield _counter("model_calls", "Calls of models that have ended.", ("model", "ended"), measured.model_calls)
        yield _counter(
            "model_tokens", "Tokens sent to models, and made by them.", ("model", "way"), measured.model_tokens
        )
        yield _counter("model_usd", "US dollars that models have cost.", ("model",), measured.model_usd)
        yield _gauge("deliveries", "Replies that are not sent.", ("status",), measured.deliveries)
        yield from _depths(measured.depths)
        if measured.last_poll_ms is not None:
            text = "When Telegram last answered a poll or called the webhook."
            yield _gauge("last_poll_timestamp_seconds", text, (), {(): measured.last_poll_ms / 1000})
        yield from _budgets(measured.budgets)


def _models(measured: Measured) -> Iterator[Metric]:
    yield _counter("model_calls", "Calls of models that have ended.", ("model", "ended"), measured.model_calls)
    text = "Tokens sent to models, and made by them."
    yield _counter("model_tokens", text, ("model", "way"), measured.model_tokens)
    yield _counter("model_usd", "US dollars that models have cost.", ("model",), measured.model_usd)


def _depths(depths: Depths) -> Iterator[Metric]:
    yield _gauge("updates_pending", "Updates that are not handled yet.", (), {(): depths.updates_pending})
    yield _gauge("dead_updates", "Updates that were set aside.", (), {(): depths.updates_dead})
    yield _gauge("occurrences_due", "Occurrences whose time has come.", (), {(): depths.due})
    yield _gauge("schema_version", "Version of the database.", (), {(): depths.schema_version})
    yield _gauge("database_bytes", "Size of the database file, without its log.", (), {(): depths.bytes})


def _budgets(policies: list[Spent]) -> Iterator[Metric]:
    budgets = {(_label(budget.scope), _label(budget.target_id)): budget for budget in policies}
    limits = {labels: budget.limit_usd for labels, budget in budgets.items()}
    spent = {labels: budget.spent_usd for labels, budget in budgets.items()}
    yield _gauge("budget_limit_usd", "What a budget allows.", ("scope", "target"), limits)
    yield _gauge("budget_spent_usd", "What of a budget is spent in its current interval.", ("scope", "target"), spent)


def _counter(name: str, text: str, labels: tuple[str, ...], counts: LabelledCounts) -> Metric:
    family = CounterMetricFamily(f"polar_{name}", text, labels=labels)
    for values, count in fold(counts).items():
        family.add_metric(values, count)
    return family


def _gauge(
    name: str,
    text: str,
    labels: tuple[str, ...],
    values: Mapping[tuple[str, str], float] | Mapping[tuple[()], float] | LabelledCounts,
) -> Metric:
    family = GaugeMetricFamily(f"polar_{name}", text, labels=labels)
    for labelled, value in values.items():
        family.add_metric(labelled, value)
    return family


def _by_outcome(measured: Measured) -> LabelledCounts:
    counts: LabelledCounts = defaultdict(int)
    for bucket in measured.turns:
        counts[bucket.kind, bucket.outcome] += bucket.count
    return counts


def _durations(turns: list[TurnBucket]) -> Metric:
    """The stored buckets are apart from each other; those of a histogram hold all the smaller ones too."""
    family = HistogramMetricFamily("polar_turn_duration_seconds", "How long tries of turns took.", labels=("kind",))
    buckets, sums = _folded_durations(turns)
    for kind, total_ms in sums.items():
        counts = accumulate(buckets[kind, le] for le in BOUNDS)
        family.add_metric((kind,), list(zip(BOUNDS, counts, strict=True)), total_ms / 1000)
    return family


def _folded_durations(turns: list[TurnBucket]) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    kinds = _kept(bucket.kind for bucket in turns)
    buckets: dict[tuple[str, str], int] = defaultdict(int)
    sums: dict[str, int] = defaultdict(int)
    for bucket in turns:
        kind = _label(bucket.kind) if bucket.kind in kinds else OTHER
        buckets[kind, bucket.le] += bucket.count
        sums[kind] += bucket.duration_ms
    return buckets, sums


def fold(counts: LabelledCounts) -> LabelledCounts:
    """The counts with MAX_VALUES of each label kept, those known longest; all others are added up as OTHER."""
    kept = [_kept(column) for column in zip(*counts, strict=True)]
    folded: LabelledCounts = defaultdict(int)
    for values, count in counts.items():
        folded[tuple(_label(v) if v in known else OTHER for v, known in zip(values, kept, strict=True))] += count
    return folded


def _label(value: str) -> str:
    """A value without what ends a line, or everything, for one parser or another."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in value[:MAX_LABEL])


def _kept(values: Iterable[str]) -> set[str]:
    return set(list(dict.fromkeys(values))[:MAX_VALUES])


async def page(request: Request) -> Response:
    """All metrics; a scraper that asks for OpenMetrics gets that."""
    measured = await measure(request.app.state.readers, now_ms=now_ms())
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Snapshot(measured))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"Content-Type": content_type})
