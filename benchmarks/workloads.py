"""The four workloads, and the bots beside each other in them: in turn within a round, every second round backwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from benchmarks import kept, machine
from benchmarks.bots import BARE, BOTS, POLAR, STORING, UNLIMITED, Command, peer, polar
from benchmarks.page import Section
from benchmarks.peers.task import Task
from benchmarks.stage import Stage
from benchmarks.telegram import CHATS, Feed
from storage.location import Location

CONVERSATIONS, SEND_MS = 64, 30
IDLE_TURNS, IDLE_WARM, IDLE_GAP_S = 90, 10, 0.04
QUESTION = "What did I tell you about the garden last week?"
Speeds = dict[str, list[float]]
"""What was measured of each bot, a value a round."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workload:
    """What comes, what is done with it, and what Polar is to reach beside the peers."""

    name: str
    title: str
    words: str
    feed: Feed = field(default_factory=Feed)
    settings: Mapping[str, Any]
    """Of Polar, beyond its defaults."""
    at_once: int = 1
    goals: Mapping[str, float]
    is_idle: bool = False
    """Texts come one at a time, and the median time until the answer counts, in milliseconds."""

    @property
    def is_answered(self) -> bool:
        """True if each text gets an answer."""
        return bool(self.settings["responder"] != "none")

    @property
    def texts(self) -> int:
        """Those of the feed."""
        return self.feed.updates * self.feed.texts_percent // 100


REACTIONS = Workload(
    name="reactions",
    title="Reactions recorded",
    words=f"20,000 reactions, over {CHATS} chats in turn.",
    feed=Feed(updates=20_000),
    settings={"responder": "none"},
    goals={BARE: 0.55},
)
TEXTS = Workload(
    name="texts",
    title="Texts recorded, not answered",
    words=f"10,000 texts, over {CHATS} chats in turn; a listener, as POLAR_RESPONDER=none makes one.",
    feed=Feed(updates=10_000, texts_percent=100),
    # So many texts of an hour come in some seconds.
    settings={"responder": "none", "rate_limit_per_minute": UNLIMITED},
    goals={BARE: 0.7},
)
ANSWERED = Workload(
    name="answered",
    title="Texts answered",
    words=f"2,000 texts in {CONVERSATIONS} conversations, all there at once; each call of sendMessage takes {SEND_MS} "
    f"ms, so that no bot with {CONVERSATIONS} calls at a time comes above "
    f"{CONVERSATIONS / SEND_MS * 1000:,.0f}. Polar answers by its embedded responder, in the order of each "
    "conversation, until every receipt is kept; the others handle 64 updates at a time, in no order.",
    feed=Feed(updates=2_000, texts_percent=100, chats=CONVERSATIONS, send_ms=SEND_MS),
    settings={
        "responder": "local",
        "rate_limit_per_minute": UNLIMITED,
        "send_rate_per_second": UNLIMITED,
        "chat_send_rate_per_second": UNLIMITED,
    },
    at_once=CONVERSATIONS,
    goals={BARE: 7},
)
IDLE = Workload(
    name="idle",
    title="An answer while nothing else happens",
    words=f"{IDLE_TURNS} texts, one at a time, each from somebody else: milliseconds from the moment in which Telegram "
    "gives the text until the answer's sendMessage is there; the median of a round. Polar has committed the update, "
    "and the turn with the claim of the call by then, two times an fsync. Lower is better.",
    settings={"responder": "local"},
    goals={BARE: 1.4},
    is_idle=True,
)
WORKLOADS = (REACTIONS, TEXTS, ANSWERED, IDLE)


def compare(
    stage: Stage, workloads: Sequence[Workload], rounds: int, tell: Callable[[str], None]
) -> dict[Workload, tuple[Speeds, float]]:
    """What was measured of each workload, and the fsync beside it, in milliseconds."""
    found: dict[str, Speeds] = {workload.name: {bot: [] for bot in BOTS} for workload in workloads}
    fsyncs: dict[str, list[float]] = {workload.name: [] for workload in workloads}
    for number in range(rounds):
        for workload in workloads:
            fsyncs[workload.name].append(machine.fsync_ms(stage.folder, IDLE_GAP_S))
            for bot in BOTS if number % 2 == 0 else reversed(BOTS):
                value = measure(stage, workload, bot)
                found[workload.name][bot].append(value)
                tell(f"round {number + 1} of {rounds}, {workload.name}, {bot}: {value:,.1f}")
    return {workload: (found[workload.name], median(fsyncs[workload.name])) for workload in workloads}


def measure(stage: Stage, workload: Workload, bot: str) -> float:
    """Of one bot, in processes of its own: updates a second, or milliseconds where it is idle."""
    return _idle_ms(stage, workload, bot) if workload.is_idle else speed(stage, workload, bot)


def speed(stage: Stage, workload: Workload, bot: str) -> float:
    """Updates a second, from the first that is given until the last is handled; Polar's, until all is committed."""
    database = stage.database()
    reached = speed_on(stage, workload, bot, database)
    stage.discard(database)
    return reached


def speed_on(stage: Stage, workload: Workload, bot: str, database: Location) -> float:
    """The same, on a database that is there already, or that the bot makes there."""
    first = stage.first_of(workload.feed.updates)
    feed = replace(workload.feed, first=first)
    with (
        stage.telegram(feed) as (api, server),
        stage.bot(_command(workload, bot, api, database, feed.updates)) as running,
    ):
        began_ns = server.expect("began", running)
        if bot == POLAR:
            ended_ns = kept.finished_ns(database, first + feed.updates - 1, running)
        elif workload.is_answered:
            ended_ns = server.expect("answered", running)
        else:
            ended_ns = running.expect("handled", server)
    if bot == POLAR:
        answers = workload.texts if workload.is_answered else 0
        kept.check(database, reactions=feed.updates - workload.texts, texts=workload.texts, answers=answers)
    return float(feed.updates / (ended_ns - began_ns) * 1e9)


def _idle_ms(stage: Stage, workload: Workload, bot: str) -> float:
    database = stage.database()
    with (
        stage.telegram(Feed(first=stage.first_of(IDLE_TURNS))) as (api, server),
        stage.bot(_command(workload, bot, api, database, IDLE_TURNS)) as running,
    ):
        server.expect("polled", running)
        took: list[float] = []
        for number in range(IDLE_TURNS):
            time.sleep(IDLE_GAP_S)
            server.tell({"text": QUESTION, "chat": number + 1})
            given_ns = server.expect("given", running)
            took.append((server.expect("reply", running) - given_ns) / 1e6)
    stage.discard(database)
    return median(took[IDLE_WARM:])


def _command(workload: Workload, bot: str, api: str, database: Location, updates: int) -> Command:
    if bot == POLAR:
        return polar(api, database, workload.settings)
    task = Task(
        api=api,
        updates=updates,
        is_answering=workload.is_answered,
        at_once=workload.at_once,
        database=str(database) if bot == STORING else "",
    )
    return peer(bot, task)


def section(workload: Workload, speeds: Speeds, fsync_ms: float) -> Section:
    """A row a bot: what it reached, and what Polar is beside it, by the median of the rounds' ratios."""
    digits = 2 if workload.is_idle else 0
    rows = []
    for bot, values in speeds.items():
        cells = [f"{pick(values):,.{digits}f}" for pick in (median, min, max)]
        rows.append([f"{bot}: {BOTS[bot]}", *cells, *_beside(workload, speeds, bot)])
    if workload.is_idle:
        rows.append(["an fsync of the same disk", f"{fsync_ms:.2f}", "", "", "", ""])
    unit = "ms" if workload.is_idle else "a second"
    headings = ["bot", f"{unit}, median", "least", "most", "Polar / it", "goal"]
    return Section(words=workload.words, headings=headings, rows=rows)


def _beside(workload: Workload, speeds: Speeds, bot: str) -> tuple[str, str]:
    if bot == POLAR:
        return "", ""
    ratio = median(own / other for own, other in zip(speeds[POLAR], speeds[bot], strict=True))
    if bot not in workload.goals:
        return f"{ratio:.2f}", ""
    goal = workload.goals[bot]
    is_met = ratio <= goal if workload.is_idle else ratio >= goal
    words = f"{'at most' if workload.is_idle else 'at least'} {goal:g}"
    return f"**{ratio:.2f}**", f"{words}, {'met' if is_met else 'not met'}"
