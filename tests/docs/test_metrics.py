"""The reference page of metrics says what the code says, and the how-to names none that is not there."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from prometheus_client import Metric

from middleware.turn import Kind, OutcomeStatus
from storage.views.health import Spent
from storage.views.metrics import MAX_BUDGETS, Depths, Measured, TurnBucket
from tests.docs.pages import DOCS, blocks, prose
from web.pages.metrics import BOUNDS, MAX_LABEL, MAX_VALUES, OTHER, Snapshot

REFERENCE = DOCS / "reference" / "metrics.md"
HOW_TO = DOCS / "how-to" / "scrape-metrics.md"
EVERYTHING = Measured(
    turns=[TurnBucket(kind="message", outcome="answered", le="1", count=1, duration_ms=900)],
    messages={("user",): 1},
    sends={("sent",): 1},
    runs={("automation", "executed"): 1},
    reactions={("positive", "added"): 1},
    model_calls={("m", "answered"): 1},
    model_tokens={("m", "in"): 1},
    model_usd={("m",): 0.5},
    deliveries={("pending",): 1},
    depths=Depths(updates_pending=0, updates_dead=0, due=0, schema_version=1, bytes=1),
    budgets=[Spent(scope="global", target_id="", limit_usd=1, spent_usd=0)],
    last_poll_ms=1,
)


@pytest.fixture(scope="module")
def families() -> list[Metric]:
    """One of each, in order."""
    return list(Snapshot(EVERYTHING).collect())


def exposed(family: Metric) -> str:
    """The name that a series of it has."""
    return f"{family.name}_total" if family.type == "counter" else family.name


def test_every_metric_is_explained(families: list[Metric]) -> None:
    """Name, type, labels and meaning, in the order in which they are told."""
    written = re.findall(r"^\| (polar_\w+) \| (\w+) \| (.+?) \| (.+) \|$", prose(REFERENCE), re.MULTILINE)
    labels = [sorted({name for sample in family.samples for name in sample.labels} - {"le"}) for family in families]
    assert [(name, kind, meaning) for name, kind, _, meaning in written] == [
        (exposed(family), family.type, family.documentation) for family in families
    ]
    assert [sorted(re.findall(r"`(\w+)`", named)) for _, _, named, _ in written] == labels


def test_the_values_of_labels_are_those_of_the_code() -> None:
    """Kinds and outcomes of turns, and the limits that keep series few."""
    values = dict(re.findall(r"^\| `(kind|outcome)` \| (.+) \|$", prose(REFERENCE), re.MULTILINE))
    assert re.findall(r"`(\w+)`", values["kind"]) == list(get_args(Kind))
    assert re.findall(r"`(\w+)`", values["outcome"]) == list(get_args(OutcomeStatus))
    bounds = f"{', '.join(BOUNDS[:-2])} and {BOUNDS[-2]} seconds"
    for said in (
        bounds,
        f"{MAX_VALUES} values at most",
        f"as `{OTHER}`",
        f"first {MAX_BUDGETS}",
        f"at {MAX_LABEL} char",
    ):
        assert said in " ".join(prose(REFERENCE).split())


def test_a_metric_that_is_used_exists(families: list[Metric]) -> None:
    """In the expressions of the how-to."""
    known = {sample.name for family in families for sample in family.samples}
    for block in (*blocks(HOW_TO, "yaml"), *blocks(HOW_TO, "promql")):
        assert set(re.findall(r"\bpolar_\w+", block)) <= known
