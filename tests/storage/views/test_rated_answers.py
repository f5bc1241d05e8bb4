"""The walk over rated answers: each once, with all that was said of its parts, and a count of what is left out."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.location import Location
from storage.views.rated_answers import RatedAnswer, RatedAnswers
from teaching.labels import Label, stances
from tests.second import program
from tests.storage import ON_SQLITE
from tests.storage.plans import plan, recorded, scans
from tests.storage.rating import BOT, RatedChat


async def walked(database: Database, **options: Any) -> tuple[list[RatedAnswer], dict[str, int]]:
    """All rated answers, and what was left out."""
    walk = RatedAnswers(database, **options)
    found = [answer async for answer in walk.read()]
    return found, {reason: count for reason, count in walk.dropped.items() if count}


def labels(answers: list[RatedAnswer]) -> list[Label]:
    """Of all of them, in order."""
    return [label for each in answers for label in stances(each.ratings, each.answer.edited_at_ms)]


async def test_an_answer_comes_with_what_is_known_of_it(database: Database) -> None:
    """Who had asked, who spoke, as whom, and what it cost."""
    chat = RatedChat(database)
    question = await chat.ask(person="7")
    asked_ms = chat.at_ms
    origin = replace(BOT, experiment="terse", variant="short", ended="cut")
    [number] = await chat.say("So.", answers=question, origin=origin)
    await chat.rate(number, "👍", person="9")
    [found], dropped = await walked(database)
    answer = found.answer
    assert (answer.id, answer.asker, answer.is_private) == ("telegram:chat:7 msg_a_2", "7", True)
    assert (answer.model, answer.personality, answer.usd, answer.automation) == ("m", "p", 0.5, "")
    assert (answer.experiment, answer.variant, answer.is_whole) == ("terse", "short", False)
    assert (answer.at_ms, answer.edited_at_ms, found.question, found.alternative_of) == (asked_ms, None, question, "")
    assert [(each.person, each.score) for each in labels([found])] == [("9", 1)]
    assert dropped == {}


async def test_what_nobody_rated_does_not_come(database: Database) -> None:
    """Silence is no label, and no row either."""
    await RatedChat(database).answered()
    assert await walked(database) == ([], {})


@pytest.mark.parametrize("page", [1, 2, 200])
async def test_the_parts_of_an_answer_are_one_answer(database: Database, page: int) -> None:
    """It is named after its first part, whichever was rated, and comes once; wherever a page ends."""
    chat = RatedChat(database)
    numbers = await chat.say(*"abcdefghijk", answers=await chat.ask())
    for number in numbers[1:]:
        await chat.rate(number, "👍")
    await chat.rate(numbers[-1], "👎", person="8")
    [found], _ = await walked(database, page=page)
    assert found.answer.id == f"{chat.session_id} msg_a_{numbers[0]}"
    assert len(found.parts) == len(numbers)
    assert [(each.person, each.score) for each in labels([found])] == [("7", 1), ("8", -1)]


async def test_the_parts_of_what_a_run_said_are_one_answer(database: Database) -> None:
    """They answer no message; another run of the same automation is another answer."""
    chat = RatedChat(database)
    run = replace(BOT, automation_id="j", run_id="run:j:1")
    first, second = await chat.say("a", "b", origin=run)
    [other] = await chat.say("c", origin=replace(run, run_id="run:j:2"))
    for number in (first, second, other):
        await chat.rate(number, "👍")
    found, _ = await walked(database)
    assert [(each.answer.id, each.answer.automation, each.answer.asker) for each in found] == [
        (f"{chat.session_id} msg_a_{first}", "j", None),
        (f"{chat.session_id} msg_a_{other}", "j", None),
    ]


async def test_what_is_said_beside_an_answer_is_no_part_of_it(database: Database) -> None:
    """Nor is a part that was taken back: only what a responder has said, and is kept."""
    chat = RatedChat(database)
    question = await chat.ask()
    [aside] = await chat.say("It comes late.", answers=question, origin=BOT.aside())
    _, kept = await chat.say("", "b", answers=question)
    await chat.rate(kept, "👍")
    await chat.rate(aside, "👎")
    [found], dropped = await walked(database)
    assert (found.answer.id, len(found.parts)) == (f"{chat.session_id} msg_a_{kept}", 1)
    assert (len(found.ratings), dropped) == (1, {"no_responder": 1})


async def test_another_answer_to_the_same_question_is_another_answer(database: Database) -> None:
    """It says in place of which one it stands."""
    chat = RatedChat(database)
    question = await chat.ask()
    [first] = await chat.say("a", answers=question)
    [second] = await chat.say("b", answers=question, origin=replace(BOT, alternative_of=f"msg_a_{first}"))
    await chat.rate(first, "👎")
    await chat.rate(second, "👍")
    found, _ = await walked(database)
    assert [(each.answer.id, each.alternative_of) for each in found] == [
        (f"{chat.session_id} msg_a_{first}", ""),
        (f"{chat.session_id} msg_a_{second}", f"{chat.session_id} msg_a_{first}"),
    ]


async def test_what_is_left_out_is_counted_by_reason(database: Database) -> None:
    """Totals, what is not stored, what no responder made, whose text is gone, and whoever is nobody."""
    chat = RatedChat(database, chat_id=-5)
    number = await chat.answered()
    [gone] = await chat.say("", answers=await chat.ask())
    [command] = await chat.say("Help.", origin=replace(BOT, responder=None))
    question = await chat.ask()
    await chat.note(number, "reaction_count", emoji=None, payload={"totals": []})
    await chat.rate(999, "👍")
    await chat.rate(command, "👍")
    await chat.rate(question, "👍")
    await chat.rate(gone, "👍")
    await chat.rate(number, "👍", person="chat:-5")
    await chat.rate(number, "👎", person=None)
    found, dropped = await walked(database)
    assert labels(found) == []
    assert dropped == {"totals": 1, "unresolved": 1, "no_responder": 2, "emptied": 1, "anonymous": 2}
    assert await walked(database, since_ms=chat.at_ms) == ([], {})


async def test_answers_from_an_instant_on(database: Database) -> None:
    """It is the answer's instant that counts, not the reaction's."""
    chat = RatedChat(database)
    early = await chat.answered()
    since_ms = chat.at_ms
    late = await chat.answered()
    for number in (early, late):
        await chat.rate(number, "👍")
    found, _ = await walked(database, since_ms=since_ms)
    assert [each.answer.id for each in found] == [f"{chat.session_id} msg_a_{late}"]


async def test_an_edit_is_known(database: Database, location: Location) -> None:
    """What was said before it judged another text."""
    chat = RatedChat(database)
    number = await chat.answered()
    await chat.rate(number, "👎")
    with program(location) as connection:
        connection.execute("UPDATE polar_messages SET editedAtMs = ? WHERE role = 'assistant'", (chat.at_ms,))
    [found], _ = await walked(database)
    assert (found.answer.edited_at_ms, labels([found])) == (chat.at_ms, [])


async def test_what_comes_in_meanwhile_is_for_the_next_walk(database: Database) -> None:
    """An answer is not lost because a part of it is rated that has been passed already."""
    chat = RatedChat(database)
    question = await chat.ask()
    [early] = await chat.say("a", answers=question)
    between = await chat.ask()
    [other] = await chat.say("x", answers=between)
    [late] = await chat.say("b", answers=question)
    for number in (other, late):
        await chat.rate(number, "👍")
    found = []
    async for each in RatedAnswers(database, page=1).read():
        found.append(each.answer.id.split()[1])
        await chat.rate(early, "👎", person="8")
    assert found == [f"msg_a_{other}", f"msg_a_{early}"]


EARLIER = """
INSERT INTO polar_feedback_events VALUES
  ('f1', 'reaction_added', 'telegram:chat:7', 'msg_a_2', '👎', 'negative', '{"actor": "7"}', 6),
  ('f2', 'reaction_removed', 'telegram:chat:7', 'msg_a_2', '👎', 'negative', '{"actor": "7", "via": "x"}', 7),
  ('f3', 'reaction_added', 'telegram:chat:7', 'msg_a_2', '👍', 'positive', '{"actor": "7", "place": "?"}', 7),
  ('f4', 'reaction_added', 'telegram:chat:7', 'msg_a_2', '👍', 'positive', '{"targetMessageText": "So."}', 8),
  ('f5', 'reaction_added', 'telegram:chat:7', 'msg_a_2', '👍', NULL, 'no', 9),
  ('f6', 'reaction_added', 'telegram:chat:7', 'msg_a_50', '👍', 'positive', '{"targetMessageText": "?"}', 9),
  ('f7', 'reaction_added', 'telegram:chat:7', NULL, '👍', 'positive', '{}', 9),
  ('f8', 'reaction_added', 'session-1', 'x', '👍', 'positive', '[1]', 9)
"""


async def test_rows_of_the_earlier_runtime_are_read_as_they_are(database: Database, location: Location) -> None:
    """By their instants, where they have no place; who is not told in them is nobody."""
    chat = RatedChat(database)
    await chat.answered()
    with program(location) as connection:
        connection.execute(EARLIER)
    [found], dropped = await walked(database)
    assert [(each.emoji, each.change, each.via) for each in found.ratings] == [
        ("👎", 1, "reaction"),
        ("👎", -1, "reaction"),
        ("👍", 1, "reaction"),
    ]
    assert dropped == {"anonymous": 2, "unresolved": 2, "no_responder": 1}


ACTS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["👍", "👎", "👀"]), st.sampled_from(["7", "8"]), st.booleans()),
    max_size=12,
)


COUNTER = count(10)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(acts=ACTS)
async def test_any_page_gives_the_same_answers_and_labels(
    database: Database, acts: list[tuple[int, str, str, bool]]
) -> None:
    """However the stream is cut, between the parts of an answer and between what was said of one."""
    number = next(COUNTER)
    chat = RatedChat(database, chat_id=number, at_ms=number * 1_000_000)
    since_ms = chat.at_ms
    numbers = [*await chat.say("a", "b", "c", answers=await chat.ask()), await chat.answered()]
    for place, emoji, person, taken_back in acts:
        await chat.rate(numbers[place], emoji, person=person, taken_back=taken_back)
    whole, dropped = await walked(database, since_ms=since_ms)
    assert sum(len(each.ratings) for each in whole) == len(acts)
    for page in (1, 2, 3):
        assert await walked(database, page=page, since_ms=since_ms) == (whole, dropped)


WALKED = "SCAN polar_feedback_events USING INDEX polar_feedback_message"
"""Once, for rows that name no message."""


@ON_SQLITE
async def test_each_query_of_a_page_goes_by_an_index(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a page costs the same however much is stored before and behind it; only the names given are walked."""
    chat = RatedChat(database)
    await chat.rate(await chat.answered(), "👍")
    [number] = await chat.say("a", origin=replace(BOT, automation_id="j", run_id="r"))
    await chat.rate(number, "👍")
    queries = recorded(database, monkeypatch)
    await walked(database)
    for query in {query.sql: query for query in queries}.values():
        steps = plan(path, query.sql, query.params)
        assert [step for step in scans(steps) if not step.startswith(WALKED)] == [], query.sql
    steps = [step for query in queries for step in plan(path, query.sql, query.params)]
    assert any("COVERING INDEX polar_feedback_message ((sessionId,messageId)>(?,?))" in step for step in steps), steps


async def test_a_page_asks_the_same_number_of_questions_however_much_is_on_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four a page, one more for its end and two to begin with: a million events take memory for one page."""
    chat = RatedChat(database)
    for _ in range(6):
        await chat.rate(await chat.answered(), "👍")
    queries = recorded(database, monkeypatch)
    await walked(database, page=3)
    assert len(queries) == 2 + 2 * 4 + 1
