"""`/metrics`, read as a monitoring system reads it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from storage.sqlite import opening
from storage.views import metrics
from tests.storage.files import DAY_MS, NOW_MS
from tests.web.house import SECRET, Web, serving
from tests.web.rows import ANN, BOB, Rows
from web.pages.metrics import MAX_LABEL, MAX_VALUES, OTHER, fold

Samples = dict[tuple[str, ...], float]


def write(path: Path) -> None:
    """Some of everything that is counted, on two days."""
    connection, _ = opening.prepare(path, NOW_MS)
    with closing(connection):
        made = Rows(connection, NOW_MS)
        for at in (NOW_MS, NOW_MS - DAY_MS):
            for took, outcome in ((8, "answered"), (40, "answered"), (700, "failed"), (70_000, "answered")):
                made.add_audit("turn", ANN, "message", outcome, took, at)
            made.add_audit("turn", ANN, "command", "answered", 50, at)
        made.add_event("reaction_added", NOW_MS, ANN, "msg_a_1", "👍", "positive", {})
        made.add_event("reaction_added", NOW_MS - DAY_MS, ANN, "msg_a_1", "🔥", "positive", {})
        made.add_event("reaction_removed", NOW_MS, ANN, "msg_a_1", "👍", "positive", {})
        made.add_event("command_executed", NOW_MS, ANN, "msg_u_1", "", "neutral", {})
        made.add_run("automation", "job", NOW_MS, "executed", None)
        made.add_run("automation", "job", NOW_MS + 1, "failed", "a reason")
        made.add_run("heartbeat", "watch", NOW_MS, "executed", None)
        made.add_queues()
        made.add_due("automation:job", "automation", "job", NOW_MS)
        made.add_due("automation:later", "automation", "later", NOW_MS * 2)
        made.add("polar_budget_policies", scope="global", targetId="", maxLimitUsd=20.0)
        made.add_usage("global", "", 7.5)
        made.add("polar_budget_policies", scope="user", targetId="7", maxLimitUsd=1.0, resetIntervalMs=1)
        made.add_usage("user", "7", 0.9)
        made.add_call("large", "7", ANN, 0.25, NOW_MS)
        made.add_call("large", "7", ANN, 0.5, NOW_MS - DAY_MS, outcome="failed")
        made.add("polar_messages", sessionId=BOB, role="user", threadKey="root:1", text="", createdAtMs=NOW_MS)
        made.add("polar_properties", name="last_poll_ms", value="1795000000500")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database."""
    path = tmp_path_factory.mktemp("metrics") / "polar.db"
    write(path)
    return path


def families(text: str) -> dict[str, Metric]:
    """The families of an answer, by name."""
    return {family.name: family for family in parse(text)}


def samples(web: Web, family: str) -> Samples:
    """The values of a family by the values of its labels, in the order of the labels' names."""
    found = families(web.page("/metrics"))[family].samples
    return {tuple(sample.labels.values()): sample.value for sample in found}


def test_turns_are_counted_over_all_days(web: Web) -> None:
    """By kind and outcome."""
    assert samples(web, "polar_turns") == {
        ("command", "answered"): 2,
        ("message", "answered"): 6,
        ("message", "failed"): 2,
    }


def test_the_buckets_of_durations_hold_all_the_smaller_ones(web: Web) -> None:
    """As Prometheus wants them, though they are stored apart; with sum and count."""
    found = families(web.page("/metrics"))["polar_turn_duration_seconds"]
    assert found.type == "histogram"
    of_messages = [sample for sample in found.samples if sample.labels["kind"] == "message"]
    buckets = {sample.labels["le"]: sample.value for sample in of_messages if "le" in sample.labels}
    assert buckets == {
        "0.01": 2, "0.05": 4, "0.1": 4, "0.5": 4, "1": 6, "5": 6, "15": 6, "60": 6, "+Inf": 8,
    }  # fmt: skip
    others = {sample.name.rpartition("_")[2]: sample.value for sample in of_messages if "le" not in sample.labels}
    assert others == {"count": 8, "sum": pytest.approx(2 * 70.748)}


def test_reactions_messages_and_runs_are_counted(web: Web) -> None:
    """A reaction that was taken back stays one that was added."""
    assert samples(web, "polar_reactions") == {("added", "positive"): 2, ("removed", "positive"): 1}
    assert samples(web, "polar_messages") == {("user",): 1}
    assert samples(web, "polar_runs") == {
        ("automation", "executed"): 1,
        ("automation", "failed"): 1,
        ("heartbeat", "executed"): 1,
    }


def test_sends_are_counted_by_what_came_of_them(tmp_path: Path) -> None:
    """A try that goes back into the queue is one too."""
    path = tmp_path / "polar.db"
    connection, _ = opening.prepare(path, NOW_MS)
    with closing(connection):
        Rows(connection, NOW_MS).add_delivery("d:0", ANN, "pending", NOW_MS, NOW_MS, {})
        for status in ("sending", "pending", "sending", "sent"):
            connection.execute("UPDATE polar_delivery_queue SET status = ?", (status,))
    with serving(path) as served:
        assert samples(served, "polar_sends") == {("retried",): 1, ("sent",): 1}


def test_queues_show_how_much_waits(web: Web) -> None:
    """What is due is counted, what comes later is not."""
    assert samples(web, "polar_deliveries") == {("pending",): 1, ("sending",): 1, ("failed",): 1}
    assert samples(web, "polar_updates_pending") == {(): 3}
    assert samples(web, "polar_dead_updates") == {(): 2}
    assert samples(web, "polar_occurrences_due") == {(): 1}


def test_budgets_show_what_is_spent_in_this_interval(web: Web) -> None:
    """One whose interval has ended has nothing spent."""
    assert samples(web, "polar_budget_limit_usd") == {("global", ""): 20, ("user", "7"): 1}
    assert samples(web, "polar_budget_spent_usd") == {("global", ""): 7.5, ("user", "7"): 0}


def test_what_models_cost_is_told_by_model(web: Web) -> None:
    """All that were ever asked, with their tokens."""
    assert samples(web, "polar_model_usd") == {("large",): 0.75}
    assert samples(web, "polar_model_calls") == {("answered", "large"): 1, ("unanswered", "large"): 1}
    assert samples(web, "polar_model_tokens") == {("large", "in"): 1_800, ("large", "out"): 240}


def test_the_database_is_described(web: Web) -> None:
    """Its version and size, and when Telegram last answered."""
    assert samples(web, "polar_last_poll_timestamp_seconds") == {(): 1795000000.5}
    assert samples(web, "polar_schema_version")[()] >= 4
    assert samples(web, "polar_database_bytes")[()] > 4096


def test_before_a_poll_is_noted_the_newest_update_tells_when_it_was(tmp_path: Path) -> None:
    """And a bot that never received anything has no such metric, rather than a wrong one."""
    path = tmp_path / "polar.db"
    connection, _ = opening.prepare(path, NOW_MS)
    with closing(connection), serving(path) as served:
        assert "polar_last_poll_timestamp_seconds" not in families(served.page("/metrics"))
        Rows(connection, NOW_MS).add_open_update(NOW_MS, "done", None)
        assert samples(served, "polar_last_poll_timestamp_seconds") == {(): NOW_MS / 1000}


def test_an_empty_database_has_metrics_too(tmp_path: Path) -> None:
    """So that a new bot can be watched from its first minute."""
    opening.prepare(tmp_path / "polar.db", 1)[0].close()
    with serving(tmp_path / "polar.db") as served:
        assert samples(served, "polar_updates_pending") == {(): 0}
        assert samples(served, "polar_turns") == {}


def test_both_formats_are_spoken(web: Web) -> None:
    """The text format to whoever asks for nothing else; no browser takes it for a page."""
    plain = web.get("/metrics", Accept="*/*")
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert plain.headers["x-content-type-options"] == "nosniff"
    modern = web.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    named = {family.name for family in parse_openmetrics(modern.text)}  # type: ignore[no-untyped-call]
    assert named == set(families(plain.text))


def test_nothing_in_a_row_breaks_the_format(harmed_web: Web) -> None:
    """Each line is a comment or a sample, each series is there once, and no label is longer than MAX_LABEL."""
    text = harmed_web.page("/metrics")
    found = [sample for family in families(text).values() for sample in family.samples]
    series = [(sample.name, *sorted(sample.labels.items())) for sample in found]
    assert len(series) == len(set(series)) == sum(not line.startswith("#") for line in text.splitlines())
    labels = [value for sample in found for value in sample.labels.values()]
    assert "<script>alert(1)</script>" in labels
    assert all(len(value) <= MAX_LABEL and value.isprintable() for value in labels)


def test_further_values_of_a_label_are_added_up(tmp_path: Path) -> None:
    """Those known longest keep their own series, so that no counter steps back."""
    path = tmp_path / "polar.db"
    connection, _ = opening.prepare(path, NOW_MS)
    with closing(connection):
        made = Rows(connection, NOW_MS)
        for number in range(MAX_VALUES + 10):
            made.add_audit("turn", ANN, f"kind-{99 - number}", "answered", 20_000, NOW_MS + number * DAY_MS)
    with serving(path) as served:
        found = samples(served, "polar_turns")
        durations = families(served.page("/metrics"))["polar_turn_duration_seconds"].samples
    assert len(found) == MAX_VALUES + 1
    assert found["kind-99", "answered"] == 1
    assert found[OTHER, "answered"] == 10
    assert [s.value for s in durations if s.labels == {"kind": OTHER, "le": "60"}] == [10]
    assert [s.value for s in durations if s.labels == {"kind": OTHER, "le": "15"}] == [0]


def test_folding_keeps_the_sum() -> None:
    """Each label by itself."""
    counts: metrics.LabelledCounts = {
        (f"a{i}", f"b{j}"): 1 for i in range(MAX_VALUES + 3) for j in range(MAX_VALUES + 3)
    }
    folded = fold(counts)
    assert sum(folded.values()) == len(counts)
    assert len(folded) == (MAX_VALUES + 1) ** 2
    assert folded[OTHER, OTHER] == 9


@pytest.mark.parametrize("query", [metrics.DEPTHS, metrics.DELIVERIES, metrics.TURNS, metrics.REACTIONS, metrics.RUNS])
def test_no_large_table_is_read(tmp_path: Path, query: str) -> None:
    """Totals and partial indexes alone."""
    opening.prepare(tmp_path / "polar.db", 1)[0].close()
    with opening.reading(tmp_path / "polar.db") as connection:
        plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", {"now": 1})]
    allowed = ("SCAN polar_daily_", "SCAN pragma_", "SCAN CONSTANT")
    scans = [step for step in plan if step.startswith("SCAN") and not step.startswith(allowed) and "INDEX" not in step]
    assert scans == []


@pytest.mark.slow
def test_metrics_are_behind_the_secret_like_all_pages(tmp_path: Path) -> None:
    """A scraper gives it as a bearer token."""
    opening.prepare(tmp_path / "polar.db", 1)[0].close()
    with serving(tmp_path / "polar.db", secret=SECRET) as served:
        assert served.get("/metrics", Accept="text/plain").status == 401
        assert served.get("/metrics", Accept="text/plain", Authorization=f"Bearer {SECRET}").status == 200
