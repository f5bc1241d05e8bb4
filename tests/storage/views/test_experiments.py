"""The verdict is over units, each by what was said of their own answers until the end, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from storage.database import Database
from storage.ids import session_id_of
from storage.origin import Origin
from storage.statement import Statement
from storage.tables.experiments import Experiment, Experiments
from storage.tables.shares import Shares
from storage.views.experiments import judge, judge_ended, look_at, survey
from teaching.assignment import unit_of
from teaching.verdicts import Arm, Judgement
from tests.storage.rating import BOT, RatedChat
from tests.storage.trying import experiment

END = 10_000_000
DAY_MS = 86_400_000


async def begun(database: Database, **changes: Any) -> Experiment:
    """One that has started before everything."""
    tried = experiment(started_at_ms=0, until_ms=END, **changes)
    await database.commit(*Experiments.start(tried))
    return tried


async def judged(database: Database) -> Judgement:
    """The verdict at the end."""
    surveyed = await look_at(database, "terse")
    assert surveyed is not None
    return await judge(database, surveyed, ended_at_ms=END)


async def counts(database: Database) -> dict[str, tuple[int, int, int]]:
    """Of each variant: the units that have rated, and their labels."""
    arms: tuple[Arm, ...] = (await judged(database)).arms
    return {arm.variant: (arm.rated, arm.positive, arm.negative) for arm in arms}


def produced(tried: Experiment, unit: str) -> Origin:
    """The origin of an answer to a unit."""
    return replace(BOT, experiment=tried.name, variant=tried.variant_of(unit).name)


def chats(tried: Experiment, variant: str, *, sign: int = 1) -> Iterator[int]:
    """The ids of chats that have a variant; of groups with the sign -1."""
    numbers = (sign * number for number in count(1))
    return (number for number in numbers if tried.variant_of(session_id_of(number)).name == variant)


async def answered(database: Database, tried: Experiment, chat_id: int, *emoji: str, **more: Any) -> RatedChat:
    """A chat in which somebody was answered, and reacted to that answer."""
    chat = RatedChat(database, chat_id=chat_id, at_ms=more.pop("at_ms", 1_000_000))
    number = await chat.answered(origin=produced(tried, chat.session_id))
    for each in emoji:
        await chat.rate(number, each, **more)
    return chat


async def test_each_person_counts_once_for_their_variant(database: Database) -> None:
    """Whoever says nothing counts for neither side, and what was taken back is not said."""
    tried = await begun(database)
    control, short = chats(tried, "control"), chats(tried, "short")
    for chat_id, emoji in ((next(control), "👍"), (next(control), "👎"), (next(short), "👍")):
        await answered(database, tried, chat_id, emoji)
    await answered(database, tried, next(short))
    chat = RatedChat(database, chat_id=next(short))
    number = await chat.answered(origin=produced(tried, chat.session_id))
    await chat.rate(number, "👎")
    await chat.rate(number, "👎", taken_back=True)

    assert await counts(database) == {"control": (2, 1, 1), "short": (1, 1, 0)}


async def test_a_group_counts_as_one(database: Database) -> None:
    """Whatever people in it say there counts for the group alone, and not for their private chats."""
    tried = await begun(database)
    group = RatedChat(database, chat_id=next(chats(tried, "short", sign=-1)))
    number = await group.answered(origin=produced(tried, group.session_id))
    for person, emoji in (("1", "👍"), ("2", "👍"), ("3", "👎")):
        await group.rate(number, emoji, person=person)

    assert await counts(database) == {"control": (0, 0, 0), "short": (1, 2, 1)}


async def test_what_was_said_after_the_end_changes_nothing(database: Database) -> None:
    """So that a verdict stays what it is, however often one looks."""
    tried = await begun(database)
    chat_id = next(chats(tried, "short"))
    await answered(database, tried, chat_id, "👍")
    await answered(database, tried, next(chats(tried, "control")), "👍", at_ms=END + 1)
    before = await judged(database)
    chat = RatedChat(database, chat_id=chat_id, at_ms=END + 1)
    await chat.rate(2, "👍", taken_back=True)
    await chat.rate(2, "👎")

    assert await judged(database) == before
    assert await counts(database) == {"control": (0, 0, 0), "short": (1, 1, 0)}


async def test_other_answers_are_no_part_of_it(database: Database) -> None:
    """Those of no experiment, of another one, and of a variant that the unit does not have."""
    tried = await begun(database)
    chat = RatedChat(database, chat_id=next(chats(tried, "short")))
    for name, variant in ((None, None), ("other", "short"), ("terse", "control")):
        number = await chat.answered(origin=replace(BOT, experiment=name, variant=variant))
        await chat.rate(number, "👍")

    assert await counts(database) == {"control": (0, 0, 0), "short": (0, 0, 0)}


async def test_who_wants_no_part_is_left_out(database: Database) -> None:
    """Of what they said before, too; who has said nothing about it, or yes, is in."""
    tried = await begun(database)
    short = chats(tried, "short")
    for person, is_shared in (("7", False), ("8", True), ("9", None)):
        await answered(database, tried, next(short), "👍", person=person)
        if is_shared is not None:
            await database.commit(Shares.set(person, is_shared, now_ms=1))

    assert (await counts(database))["short"] == (2, 2, 0)


async def test_a_topic_is_a_conversation_of_its_own(database: Database) -> None:
    """Two topics of a forum count as two, where conversations are what is given a variant."""
    tried = await begun(database, unit="conversation")
    rated = {"control": 0, "short": 0}
    chat = Topic(database, chat_id=-5)
    for topic in range(1, 9):
        chat.topic = topic
        number = await chat.answered(origin=produced(tried, chat.thread_key))
        await chat.rate(number, "👍")
        rated[tried.variant_of(chat.thread_key).name] += 1

    assert {name: arm[0] for name, arm in (await counts(database)).items()} == rated


class Topic(RatedChat):
    """A topic of a forum, whose messages have numbers of their own here."""

    topic = 1

    @property
    def thread_key(self) -> str:
        """Of the topic."""
        return f"topic:{self.chat_id}:{self.topic}"


async def test_days_may_be_what_is_given_a_variant(database: Database) -> None:
    """All people of a day count as one."""
    tried = await begun(database, unit="day")
    for number in (1, 2):
        chat = RatedChat(database, chat_id=number)
        day = unit_of("day", chat="", conversation="", at_ms=chat.at_ms)
        answer = await chat.answered(origin=produced(tried, day))
        await chat.rate(answer, "👍")

    assert sum(arm[0] for arm in (await counts(database)).values()) == 1


async def test_how_many_took_part_decides_whether_it_was_fair(database: Database) -> None:
    """Those who were silent as well: an allocation is by all who were given a variant."""
    tried = await begun(database)
    for number in range(60):
        done: dict[str, Any] = {"is_answer": True, "is_failure": False, "usd": 0.0, "now_ms": 1}
        await database.commit(*Experiments.count("terse", "short" if number % 6 else "control", f"u{number}", **done))

    assert (await judged(database)).is_void
    [surveyed], damaged = await survey(database)
    assert damaged == []
    assert surveyed.experiment == tried
    assert [(one.variant, one.units) for one in surveyed.counts] == [("control", 10), ("short", 50)]


async def test_the_newest_experiment_comes_first(database: Database) -> None:
    """And what is not there is not found."""
    for number, name in enumerate(("terse", "kind")):
        await database.commit(*Experiments.start(experiment(name, started_at_ms=number)))
        await database.commit(Experiments.end(name, "stopped", now_ms=number))

    found, _ = await survey(database)
    assert [one.experiment.name for one in found] == ["kind", "terse"]
    assert await look_at(database, "x") is None


async def test_a_damaged_one_hides_no_other(database: Database) -> None:
    """It is named, so that somebody can look."""
    await begun(database)
    await database.commit(Experiments.end("terse", "stopped", now_ms=1))
    await database.commit(*Experiments.start(experiment("kind")))
    await database.commit(Statement("UPDATE polar_experiments SET variants = 'x' WHERE name = 'terse'"))

    found, damaged = await survey(database)
    assert [one.experiment.name for one in found] == ["kind"]
    assert damaged == ["terse"]


async def test_all_that_are_over_are_judged_as_each_by_itself(database: Database) -> None:
    """In one walk; one that runs, that is damaged, or that nobody asked for has no verdict here."""
    taken: set[int] = set()
    for number, name in enumerate(("terse", "kind", "torn", "unasked")):
        tried = experiment(name, started_at_ms=0, until_ms=END)
        await database.commit(*Experiments.start(tried))
        for variant, emoji in (("control", "👍"), ("short", "👎")):
            chat_id = next(number for number in chats(tried, variant) if number not in taken)
            taken.add(chat_id)
            await answered(database, tried, chat_id, emoji)
        await database.commit(Experiments.end(name, "budget", now_ms=END - number))
    await database.commit(*Experiments.start(experiment("runs", started_at_ms=0, until_ms=END)))
    await database.commit(Statement("UPDATE polar_experiments SET variants = 'x' WHERE name = 'torn'"))

    found = await judge_ended(database, ["terse", "kind", "torn", "runs", "nothing"], now_ms=END - 1)
    assert sorted(found) == ["kind", "terse"]
    for name, ended in found.items():
        surveyed = await look_at(database, name)
        assert surveyed is not None
        assert surveyed.experiment.ended_at_ms is not None
        verdict = await judge(database, surveyed, ended_at_ms=surveyed.experiment.ended_at_ms)
        assert (ended.because, ended.verdict) == ("budget", verdict)
        assert [arm.rated for arm in verdict.arms] == [1, 1]
