"""An experiment gives each unit its variant, and nothing to whoever takes no part; its limits end it for all."""

from __future__ import annotations

import pytest

from emulator import Chat, Person
from storage.statement import Statement
from storage.tables.experiments import FAILURES, Experiment, Experiments
from teaching.assignment import Variant
from tests.automating import HOUR, create, pass_time
from tests.bot.cli.terminal import polar
from tests.clocks import TestClock
from tests.house import House, until
from tests.killing import end, kill, start_asking
from tests.looking import awake, idle, reactions, tell
from tests.pressing import last, press
from tests.trying import (
    COST,
    COUNTS,
    OPTIONS,
    PLAIN,
    SHORT,
    STATUS,
    STYLED,
    begin,
    origins,
    variant_of,
    with_variant,
)

TERSE = f"{SHORT}, by the model of the settings"


async def both(house: House) -> tuple[tuple[Person, Chat], tuple[Person, Chat]]:
    """Somebody with the control, and somebody with the other variant."""
    [control], [short] = with_variant(house, "control"), with_variant(house, "short")
    return control, short


async def test_each_person_gets_their_variant_and_the_answer_bears_it(house: House) -> None:
    """As soon as the command line has started it; the control's answers bear its name as well."""
    async with house.bot(responder=STYLED):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello") == [PLAIN]
        begin(house)
        for person, place in await both(house):
            short = variant_of(house, f"telegram:chat:{place.id}") == "short"
            assert await tell(house, place, person, "hello") == [TERSE if short else PLAIN]
            [origin] = origins(house, place)
            assert (origin["experiment"], origin["variant"]) == ("terse", "short" if short else "control")
            assert origin["profileId"] == ("experiment:terse:short" if short else "profile.default")
    assert "experiment" not in origins(house, chat)[0]


async def test_the_ledger_says_which_variant_was_liked(house: House) -> None:
    """With the event, so that it is known whatever becomes of the message."""
    async with house.bot(responder=STYLED):
        await awake(house)
        begin(house)
        [(ann, chat)] = with_variant(house, "short")
        await tell(house, chat, ann, "hello")
        house.world.react(chat, ann, house.world.sent(chat)[-1]["message_id"], "👍")
        await until(lambda: len(reactions(house)) == 1)
    made = reactions(house)[0].payload["producedBy"]
    assert (made["experiment"], made["variant"]) == ("terse", "short")


async def test_a_press_of_a_thumb_rates_as_a_reaction_does(house: House) -> None:
    """The first one; to take it back is no second rating."""
    async with house.bot(responder=STYLED, feedback_buttons="private"):
        begin(house)
        [(ann, chat)] = with_variant(house, "short")
        await tell(house, chat, ann, "hello")
        answer = last(house, chat)
        for _ in range(2):
            await press(house, chat, ann, "👎", answer)
    assert house.rows("SELECT ratedAs, ratedPlace FROM polar_experiment_units") == [(-1, 1)]
    assert house.rows(COUNTS)[1][:3] == ("short", 1, 1)


async def test_a_running_bot_takes_up_a_stop(house: House) -> None:
    """The next answer is as ever, and is no part of it."""
    async with house.bot(responder=STYLED):
        begin(house)
        [(ann, chat)] = with_variant(house, "short")
        assert await tell(house, chat, ann, "hello") == [TERSE]
        assert polar("experiments", "stop", "terse", database=house.path).exit_code == 0
        assert await tell(house, chat, ann, "hello") == [PLAIN]
    assert "experiment" not in origins(house, chat)[1]
    assert house.rows(STATUS) == [("terse", "ended", "stopped")]


async def test_when_the_budget_is_gone_the_next_answer_is_the_controls(house: House) -> None:
    """The answer that uses it up is the last of the experiment."""
    async with house.bot(responder=STYLED):
        begin(house, *OPTIONS, "--budget", f"{2 * COST}")
        [(ann, chat)] = with_variant(house, "short")
        said = [answer for _ in range(3) for answer in await tell(house, chat, ann, "hello")]
    assert said == [TERSE, TERSE, PLAIN]
    assert ["experiment" in origin for origin in origins(house, chat)] == [True, True, False]
    assert house.rows(STATUS) == [("terse", "ended", "budget")]
    assert house.rows(COUNTS)[1] == ("short", 1, 0, 2, 0, 2 * COST)


async def test_a_variant_that_fails_again_and_again_is_ended(house: House) -> None:
    """Whoever asks after that is answered as ever."""
    async with house.bot(responder=STYLED):
        begin(house)
        [(ann, chat)] = with_variant(house, "short")
        for _ in range(FAILURES):
            assert await tell(house, chat, ann, "fail") == ["I cannot do that."]
        assert await tell(house, chat, ann, "fail") == [PLAIN]
    assert house.rows(STATUS) == [("terse", "ended", "failures")]
    assert house.rows(COUNTS)[1][3:5] == (0, FAILURES)


async def test_who_says_share_off_takes_no_part(house: House) -> None:
    """Answered as ever, uncounted, whatever variant they would have."""
    async with house.bot(responder=STYLED):
        begin(house)
        [(ann, chat)] = with_variant(house, "short")
        await tell(house, chat, ann, "/feedback share off")
        assert await tell(house, chat, ann, "hello") == [PLAIN]
        assert "experiment" not in origins(house, chat)[-1]
        await tell(house, chat, ann, "/feedback share on")
        assert await tell(house, chat, ann, "hello") == [TERSE]
    assert house.rows(COUNTS)[1][:4] == ("short", 1, 0, 1)


async def test_who_has_a_personality_of_their_own_keeps_it(house: House) -> None:
    """It is no part of an experiment on personality; that of everybody is replaced."""
    async with house.bot(responder=STYLED, operator_telegram_ids={1}):
        begin(house)
        [(ann, chat), (bob, other)] = with_variant(house, "short", 2)
        await tell(house, chat, ann, "/personality set Be loud.")
        house.write(
            "INSERT INTO polar_personality_profiles VALUES "
            "('personality:global', 'global', NULL, NULL, NULL, 'Be kind.', 0, 0)"
        )
        assert await tell(house, chat, ann, "hello") == ["Be loud., by the model of the settings"]
        assert await tell(house, other, bob, "hello") == [TERSE]
    assert "experiment" not in origins(house, chat)[-1]


async def test_a_group_counts_as_one(house: House) -> None:
    """All in it get the same, and what any of them says first is what the group says."""
    async with house.bot(responder=STYLED):
        await awake(house)
        begin(house)
        ann, bob = house.world.person("Ann"), house.world.person("Bob")
        group = house.world.group("Friends", [ann, bob])
        said = [await tell(house, group, person, f"@{house.world.bot.username} hello") for person in (ann, bob)]
        assert said[0] == said[1]
        for person, emoji in ((bob, "👎"), (ann, "👍")):
            house.world.react(group, person, house.world.sent(group)[-1]["message_id"], emoji)
            await idle(house)
    units = house.rows("SELECT unit, ratedAs, ratedPlace FROM polar_experiment_units")
    assert units == [(f"telegram:chat:{group.id}", -1, 1)]


async def test_an_anonymous_writer_takes_no_part(house: House) -> None:
    """Nobody knows who that is, and whether they have said anything about it."""
    async with house.bot(responder=STYLED):
        begin(house)
        group = house.world.group("Friends")
        house.world.say_as_chat(group, group, f"@{house.world.bot.username} hello")
        await idle(house)
    assert [message["text"] for message in house.world.sent(group)] == [PLAIN]
    assert house.rows("SELECT * FROM polar_experiment_units") == []


async def test_an_automation_takes_no_part(house: House) -> None:
    """What people say of one is often about its time."""
    clock = TestClock()
    async with house.bot(clock, responder=STYLED) as bot:
        begin(house)
        [(ann, chat)] = with_variant(house, "short")
        await create(house, chat, ann)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        assert house.world.sent(chat)[-1]["text"] == PLAIN
    assert house.rows("SELECT * FROM polar_experiment_units") == []


async def test_another_model_is_asked_for_and_paid_by_its_name(house: House) -> None:
    """By the variant alone; the calls of each count for the model that was called."""
    variants = (Variant(name="control", weight=1), Variant(name="large", weight=1, model="large-model"))
    async with house.bot(responder=STYLED) as bot:
        await bot.app.database.commit(*_started(variants))
        for variant, model in (("control", "the model of the settings"), ("large", "large-model")):
            [(person, chat)] = with_variant(house, variant)
            assert await tell(house, chat, person, "hello") == [f"plain, by {model}"]
    called = house.rows("SELECT model FROM polar_calls ORDER BY rowid")
    assert called == [(STYLED,), ("large-model",)]


async def test_what_whoever_answers_cannot_do_is_tried_with_nobody(house: House) -> None:
    """As after a start with another responder: neither variant would be what it is said to be."""
    variants = (Variant(name="control", weight=1), Variant(name="large", weight=1, model="large-model"))
    async with house.bot() as bot:
        await bot.app.database.commit(*_started(variants))
        for variant in ("control", "large"):
            [(person, chat)] = with_variant(house, variant)
            await tell(house, chat, person, "hello")
            assert "experiment" not in origins(house, chat)[-1]
    assert house.rows("SELECT * FROM polar_experiment_units") == []


async def test_harm_ends_it(house: House) -> None:
    """As soon as those who were asked say so; the answers after that are as ever."""
    async with house.bot(responder=STYLED):
        await awake(house)
        begin(house)
        _harmed(house, pairs=7)
        for (person, chat), emoji in zip(await both(house), ("👍", "👎"), strict=True):
            assert house.rows(STATUS) == [("terse", "running", None)]
            await tell(house, chat, person, "hello")
            house.world.react(chat, person, house.world.sent(chat)[-1]["message_id"], emoji)
            await idle(house)
        await until(lambda: house.rows(STATUS) == [("terse", "ended", "harm")])
        assert await tell(house, chat, person, "hello") == [PLAIN]


async def test_harm_that_was_done_while_nobody_looked_is_seen_at_the_next_start(house: House) -> None:
    """The bot was killed before it had ended the experiment."""
    async with house.bot(responder=STYLED):
        begin(house)
    _harmed(house, pairs=8)
    async with house.bot(responder=STYLED):
        await until(lambda: house.rows(STATUS) == [("terse", "ended", "harm")])


def _harmed(house: House, *, pairs: int) -> None:
    """As many have rated each variant, and all of them liked the control's answers only."""
    for number in range(2 * pairs):
        variant, score = ("control", 1) if number % 2 else ("short", -1)
        house.write(
            "INSERT INTO polar_experiment_units (unit, experiment, variant, ratedAs, ratedPlace) "
            "VALUES (?, 'terse', ?, ?, ?)",
            *(f"unit {number}", variant, score, number + 1),
        )
    house.write("UPDATE polar_experiment_variants SET units = ?, rated = ?", pairs, pairs)


async def test_feedback_says_that_one_runs(house: House) -> None:
    """To whoever asks what is known of reactions, with the way out; when it is over, no more."""
    async with house.bot(responder=STYLED):
        ann, chat = house.chat()
        begin(house)
        [told] = await tell(house, chat, ann, "/feedback")
        assert "“terse” runs" in told
        assert "/feedback share off" in told
        polar("experiments", "stop", "terse", database=house.path)
        assert await tell(house, chat, ann, "/feedback") == ["No reactions here yet."]


async def test_a_try_that_fails_counts_though_nothing_of_it_is_stored(house: House) -> None:
    """Its cost as well: the experiment has caused it."""
    async with house.bot(responder=STYLED):
        begin(house)
        [(ann, chat)] = with_variant(house, "short")
        house.world.say(chat, ann, "raise")
        await until(lambda: house.rows(COUNTS)[1][3:] == (0, 1, COST))
    assert house.rows("SELECT count(*) FROM polar_experiment_units") == [(1,)]


@pytest.mark.slow
async def test_a_killed_bot_goes_on_with_the_same_variants(house: House) -> None:
    """Real processes: nobody's variant is kept anywhere, and nobody's changes."""
    process = await start_asking(house, responder=STYLED)
    begin(house)
    people = [*with_variant(house, "control", 2), *with_variant(house, "short", 2)]
    before = [await tell(house, chat, person, "hello") for person, chat in people]
    await kill(process)
    process = await start_asking(house, responder=STYLED)
    after = [await tell(house, chat, person, "hello") for person, chat in people]
    assert await end(process) == 0
    assert before == after == [[PLAIN], [PLAIN], [TERSE], [TERSE]]
    assert [count[1:4] for count in house.rows(COUNTS)] == [(2, 0, 4), (2, 0, 4)]


def _started(variants: tuple[Variant, ...]) -> tuple[Statement, ...]:
    started = Experiment(
        name="terse",
        salt="0",
        unit="person",
        variants=variants,
        until_ms=4_000_000_000_000,
        people=None,
        budget_usd=None,
        started_at_ms=1,
    )
    return Experiments.start(started)
