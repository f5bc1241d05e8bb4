"""Queries of every turn go by an index: their cost does not grow with what was ever stored."""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from storage import indexed
from storage.balances import Payer
from storage.database import Database
from storage.delivery import Delivery
from storage.origin import UNKNOWN
from storage.payloads import SendMessage
from storage.statement import Statement
from storage.tables.access import Permissions
from storage.tables.answer_totals import AnswerTotals
from storage.tables.audit import AuditTrail
from storage.tables.budgets import Budgets
from storage.tables.chats import Chats
from storage.tables.custom_emoji import CustomEmoji
from storage.tables.deliveries import Deliveries
from storage.tables.experiments import Experiments
from storage.tables.feedback import FeedbackLedger
from storage.tables.heartbeats import HeartbeatPolicies
from storage.tables.jobs import Jobs
from storage.tables.keys import Keys
from storage.tables.memories import Memories
from storage.tables.message_parts import MessageParts
from storage.tables.messages import Message, Messages
from storage.tables.model_calls import ModelCalls
from storage.tables.occurrences import Occurrence, Occurrences
from storage.tables.personalities import Personalities
from storage.tables.properties import Properties
from storage.tables.proposals import Proposals
from storage.tables.run_deliveries import RunDeliveries
from storage.tables.runs import Runs
from storage.tables.shares import Shares
from storage.tables.stop_marks import StopMarks
from storage.tables.updates import Entry, Updates
from storage.tables.users import Users
from storage.views.chat_feedback import ChatFeedback
from storage.views.due_jobs import DueJobs
from storage.views.tasks import TaskBoard
from storage.views.waiting_answers import waiting_answers
from tests.storage.files import CHECKOUT, plain
from tests.storage.plans import asked, plan, scans

S = "telegram:chat:1"
PAYER = Payer(turn_id="t", attempt=1, user_id="7", session_id=S)
DELIVERY = Delivery(
    delivery_id="d",
    session_id=S,
    stored="{}",
    payload=SendMessage(text=""),
    status="sending",
    sequence=1,
    reply_id="r",
    rank=0,
    attempts=0,
    ambiguous=0,
    created_at_ms=1,
)
ENTRY = Entry(
    update_id=1,
    sequence=1,
    kind="message",
    lane="1::answer",
    session_id=S,
    telegram_message_id=1,
    body=b"",
    attempts=0,
    received_at_ms=1,
)
MESSAGE = Message(
    sequence=1,
    session_id=S,
    message_id="msg_u_1",
    role="user",
    telegram_message_id=1,
    thread_key="root:1",
    user_id="7",
    kind="text",
    text="",
    attachment=None,
    origin=UNKNOWN,
    created_at_ms=1,
)
READS: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "access._read_role": lambda db: Permissions(db).role_of("7"),
    "access.owner": lambda db: Permissions(db).owner(),
    "access.is_owner_code": lambda db: Permissions(db).is_owner_code("c"),
    "access.age_of_code": lambda db: Permissions(db).age_of_code("7", now_ms=1),
    "access.user_of_code": lambda db: Permissions(db).user_of_code("c", now_ms=1),
    "budgets.balances": lambda db: Budgets(db).balances(user_id="7", session_id=S, now_ms=1),
    "chats.session_now": lambda db: Chats(db).session_now(S),
    "custom_emoji.find": lambda db: CustomEmoji(db).find("e", now_ms=1),
    "personalities._read_effective": lambda db: Personalities(db).effective(user_id="7", session_id=S),
    "keys.find": lambda db: Keys(db).find("p"),
    "properties.find": lambda db: Properties(db).find("n"),
    "properties.list_named": lambda db: Properties(db).list_named("n:"),
    "stop_marks.has": lambda db: StopMarks(db).has("t"),
    "heartbeats.find": lambda db: HeartbeatPolicies(db).find("p"),
    "heartbeats.exists": lambda db: HeartbeatPolicies(db).exists("p"),
    "updates.last_sequence": lambda db: Updates(db).last_sequence(),
    "updates.first_pending": lambda db: Updates(db).first_pending(),
    "updates.list_pending": lambda db: Updates(db).list_pending("control", after=5, limit=10),
    "updates.list_next": lambda db: Updates(db).list_next([("1::answer", 5)]),
    "updates.list_behind": lambda db: Updates(db).list_behind(ENTRY, limit=9),
    "waiting_answers": lambda db: waiting_answers(db, S, None, before=9),
    "deliveries.list_next": lambda db: Deliveries(db).list_next(S),
    "deliveries.last_sequence": lambda db: Deliveries(db).last_sequence(),
    "deliveries.find": lambda db: Deliveries(db).find("d"),
    "messages.find_delivered": lambda db: Messages(db).find_delivered("d"),
    "messages.has_written": lambda db: Messages(db).has_written("7", S),
    "messages.have_others_written": lambda db: Messages(db).have_others_written(S, "7", after=1),
    "messages.list_thread": lambda db: Messages(db).list_thread(S, "root:1", limit=5, without=(1, 2)),
    "messages.list_thread of a private reply": lambda db: Messages(db).list_thread(S, "reply:1:7", limit=5),
    "messages.list_turn": lambda db: Messages(db).list_turn(MESSAGE),
    "messages.list_answers": lambda db: Messages(db).list_answers(S, 1),
    "message_parts.of": lambda db: MessageParts(db).of(S, (1, 2)),
    "messages.find": lambda db: Messages(db).find(S, 1),
    "feedback.list_chosen": lambda db: FeedbackLedger(db).list_chosen(S, 1, "7"),
    "feedback.has_newer": lambda db: FeedbackLedger(db).has_newer(S, 1, "7", 1),
    "feedback.has_disapproved": lambda db: FeedbackLedger(db).has_disapproved(S, "msg_a_1", "7"),
    "chat_feedback.totals": lambda db: ChatFeedback(db).totals(S),
    "chat_feedback.totals_by day": lambda db: ChatFeedback(db).totals_by(S, "day", limit=10),
    "chat_feedback.totals_by automation": lambda db: ChatFeedback(db).totals_by(S, "automation", limit=10),
    "chat_feedback.totals_of_automation": lambda db: ChatFeedback(db).totals_of_automation("j"),
    "occurrences.list_due": lambda db: Occurrences(db).list_due(now_ms=1, limit=10),
    "runs.failures_in_a_row": lambda db: Runs(db).failures_in_a_row("automation", "j", limit=3),
    "runs.failures_in_a_row before one": lambda db: Runs(db).failures_in_a_row("automation", "j", limit=3, before="r"),
    "run_deliveries.unheard": lambda db: RunDeliveries(db).unheard("t", delivery_id="d", reply_id="r"),
    "occurrences._find": lambda db: Occurrences(db).find_set_aside("r"),
    "runs.find": lambda db: Runs(db).find("automation", "j", "r"),
    "runs.last": lambda db: Runs(db).last("automation", "j"),
    "tasks.list_of": lambda db: TaskBoard(db).list_of(S, "7", limit=10),
    "proposals._one by id": lambda db: Proposals(db).find("p"),
    "proposals._one that waits": lambda db: Proposals(db).awaited("7", S, "k", since_ms=1),
    "experiments.running": lambda db: Experiments(db).running(),
    "experiments.find": lambda db: Experiments(db).find("e"),
    "experiments.first_ratings": lambda db: Experiments(db).first_ratings("e", after=0, limit=1),
    "shares.find": lambda db: Shares(db).find("7"),
    "shares.of": lambda db: Shares(db).of(["7", "8"]),
    "users.timezone_of": lambda db: Users(db).timezone_of("7"),
    "messages.count_of_automation": lambda db: Messages(db).count_of_automation("j", since_ms=1),
    "jobs.find": lambda db: Jobs(db).find("j"),
    "jobs.list_in": lambda db: Jobs(db).list_in(S),
    "jobs.list_of": lambda db: Jobs(db).list_of(S, "7"),
    "due_jobs.list_of": lambda db: DueJobs(db).list_of(S, "7", now_ms=1),
    "jobs.count_of": lambda db: Jobs(db).count_of("7"),
    "jobs.list_unplanned": lambda db: Jobs(db).list_unplanned(),
    "memories.list_recent": lambda db: Memories(db).list_recent(session_id=S, user_id="7", limit=10),
    "memories._is_there": lambda db: Memories(db).search("w", session_id=S, user_id="7", limit=10),
    "memories.find": lambda db: Memories(db).find("m", session_id=S, user_id="7"),
    "memories.find_exactly": lambda db: Memories(db).find_exactly("m", session_id=S, user_id="7"),
    "memories.has": lambda db: Memories(db).has("tea", session_id=S, user_id="7"),
    "memories.list_told_in": lambda db: Memories(db).list_told_in("msg_u_1", session_id=S, user_id="7"),
    "memories.count": lambda db: Memories(db).count(session_id=S, user_id="7"),
}
SORTED = {"budgets.balances", "personalities._read_effective"}
"""Three rows, one a scope."""
WRITES: dict[str, Callable[[Database], tuple[Statement, ...]]] = {
    "updates.claim": lambda db: (Updates(db).claim(ENTRY),),
    "updates.finish": lambda db: (Updates(db).finish(1, 1, now_ms=1),),
    "deliveries.add": lambda db: (
        Deliveries(db).add(
            delivery_id="d", session_id=S, payload=SendMessage(text=""), reply_id="r", head_start=0, now_ms=1
        ),
    ),
    "deliveries.claim": lambda db: (Deliveries(db).claim(DELIVERY, now_ms=1),),
    "deliveries.finish": lambda db: (Deliveries(db).finish(DELIVERY, reason=None, now_ms=1),),
    "deliveries.fail": lambda db: Deliveries(db).fail(DELIVERY, reason="x", now_ms=1),
    "deliveries.begin": lambda db: (Deliveries(db).begin(DELIVERY),),
    "run_deliveries.enter": lambda db: (RunDeliveries.enter("t", reason="x", now_ms=1),),
    "messages.add_received": lambda db: (
        Messages(db).add_received(
            session_id=S,
            telegram_message_id=1,
            turn_id="t",
            thread_key="r",
            user_id="7",
            kind="text",
            text="x",
            attachment=None,
            now_ms=1,
        ),
    ),
    "messages.add_queued": lambda db: (
        Messages.add_queued(session_id=S, thread_key="r", text="x", origin=UNKNOWN, delivery_id="d", now_ms=1),
    ),
    "answer_totals.count": lambda db: (AnswerTotals.count(UNKNOWN, is_private=True, milliseconds=1, now_ms=1),),
    "audit.append": lambda db: (
        AuditTrail.append(
            turn_id="t",
            attempt=1,
            kind="message",
            session_id=S,
            user_id="7",
            outcome="recorded",
            reason=None,
            duration_ms=1,
            now_ms=1,
        ),
    ),
    "messages.add_receipt": lambda db: Messages(db).add_receipt("d", 1, session_id=S),
    "messages.rewrite": lambda db: (
        Messages(db).rewrite("d", session_id=S, thread_key="t", text="x", origin=UNKNOWN, answers=1, now_ms=1),
    ),
    "messages.take_back": lambda db: (Messages(db).take_back("d"),),
    "messages.take_back_unsent": lambda db: Messages(db).take_back_unsent("d", now_ms=1),
    "messages.keep_former": lambda db: (Messages(db).keep_former("d", text="t", now_ms=1),),
    "messages.add_beside": lambda db: (Messages(db).add_beside("d", "e", "t", is_aside=True),),
    "messages.revise": lambda db: Messages(db).revise(
        session_id=S, telegram_message_id=1, text="x", attachment=None, now_ms=1
    ),
    "feedback.append_on_message": lambda db: (
        FeedbackLedger(db).append_on_message(
            event_id="f",
            event_type="reaction_added",
            session_id=S,
            telegram_message_id=1,
            chat_id=1,
            emoji="👍",
            polarity="positive",
            payload={},
            now_ms=1,
        ),
    ),
    "runs.append": lambda db: Runs(db).append(
        source="automation",
        subject_id="j",
        run_id="r",
        profile_id="p",
        trigger="schedule",
        output={"status": "executed"},
        metadata={},
        now_ms=1,
    ),
    "occurrences.take": lambda db: (
        Occurrences(db).take(Occurrence(source="automation", subject_id="j", at_ms=1, due_ms=1)),
    ),
    "model_calls.open": lambda db: (ModelCalls.open(PAYER, model="m", estimate_usd=1, now_ms=1),),
    "model_calls.settle": lambda db: (
        ModelCalls.settle(PAYER, input_tokens=1, output_tokens=1, usd=1, latency_ms=1, outcome="answered"),
    ),
    "model_calls.take_back": lambda db: (ModelCalls.take_back(PAYER),),
    "model_calls.interrupt_left": lambda db: (ModelCalls.interrupt_left(),),
    "jobs.expect_at_most": lambda db: (Jobs(db).expect_at_most(100, "7"),),
    "jobs.pause_session": lambda db: Jobs(db).pause_session(S, now_ms=1),
}


@pytest.mark.parametrize("name", READS)
async def test_a_read_scans_no_table(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each step is a search."""
    query = await asked(database, READS[name], monkeypatch)
    steps = plan(path, query.sql, query.params)
    assert scans(steps) == []
    assert any(step.startswith("SEARCH") for step in steps)


@cache
def looked_up() -> frozenset[str]:
    """The reads of tables that are declared to be quick, each as `file.method`."""
    found = set()
    for path in (CHECKOUT / "storage" / "tables").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AsyncFunctionDef) and ".look_up" in ast.unparse(node):
                found.add(f"{path.stem}.{node.name}")
    return frozenset(found)


def test_what_is_looked_up_is_among_these() -> None:
    """Whoever declares a read to be quick has its plan looked at."""
    assert looked_up() - {name.split()[0] for name in READS} == set()


@pytest.mark.parametrize("name", [name for name in READS if name.split()[0] in looked_up() - SORTED])
async def test_what_is_looked_up_sorts_nothing(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A limit ends the walk over its index: one that sorts reads all that there is before it gives the first row."""
    query = await asked(database, READS[name], monkeypatch)
    assert [step for step in plan(path, query.sql, query.params) if "TEMP B-TREE" in step] == []


@pytest.mark.parametrize("name", WRITES)
async def test_a_write_scans_no_table(database: Database, path: Path, name: str) -> None:
    """Nor do the queries inside it."""
    for statement in WRITES[name](database):
        assert scans(plan(path, statement.sql, statement.params)) == []


AS_ONE = (
    *("updates.finish", "messages.add_received", "feedback.append_on_message", "audit.append", "answer_totals.count"),
    *("deliveries.add", "messages.add_queued", "deliveries.claim", "deliveries.finish", "messages.add_receipt"),
)


@pytest.mark.parametrize("name", AS_ONE)
async def test_several_writes_as_one_scan_no_table(database: Database, path: Path, name: str) -> None:
    """Each row of theirs is a search of its own."""
    for statement in WRITES[name](database):
        assert statement.bulk is not None
        params = statement.params
        values = (*params.values(),) if isinstance(params, Mapping) else params
        assert scans(plan(path, statement.bulk.sql(4), values * 4)) == []


async def test_feedback_looks_its_message_up_by_indexes(database: Database, path: Path) -> None:
    """In the messages and among the pending updates, by session and id in both."""
    [statement] = WRITES["feedback.append_on_message"](database)
    steps = "\n".join(plan(path, statement.sql, statement.params))
    assert "SEARCH polar_messages USING INDEX polar_messages_telegram (sessionId=? AND telegramMessageId=?)" in steps
    assert "SEARCH polar_updates USING INDEX polar_updates_message (sessionId=? AND telegramMessageId=?)" in steps


async def test_what_is_due_comes_out_of_the_index_in_order(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sorted, and the limit ends the walk."""
    query = await asked(database, READS["occurrences.list_due"], monkeypatch)
    assert plan(path, query.sql, query.params) == [
        "SEARCH polar_scheduler_events USING INDEX polar_scheduler_due (queue=? AND sequence<?)"
    ]


@pytest.mark.parametrize(("call", "index"), [("first_pending", "pending"), ("list_next", "pending")])
async def test_the_journal_finds_what_is_pending_in_an_index_of_the_pending(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch, call: str, index: str
) -> None:
    """However many updates were finished."""
    query = await asked(database, READS[f"updates.{call}"], monkeypatch)
    assert f"INDEX polar_updates_{index}" in "".join(plan(path, query.sql, query.params))


async def test_sessions_that_wait_are_found_among_the_open_rows(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk goes over the index of what is not sent yet."""
    query = await asked(database, lambda db: Deliveries(db).sessions_waiting(), monkeypatch)
    [step] = plan(path, query.sql, query.params)
    assert step.endswith("INDEX polar_delivery_open")


async def test_the_plan_of_a_bad_query_would_be_noticed(database: Database, path: Path) -> None:
    """The check itself works."""
    assert scans(plan(path, "SELECT * FROM polar_messages WHERE text = ?", ("x",))) == ["SCAN polar_messages"]


@pytest.mark.parametrize(
    ("index", "expression"),
    [
        ("polar_feedback_actor", indexed.EVENT_ACTOR),
        ("polar_feedback_message", indexed.EVENT_ACTOR),
        ("polar_run_failed", indexed.RUN_STATUS),
        ("polar_messages_automation", indexed.MESSAGE_AUTOMATION),
        ("polar_messages_thread", indexed.MESSAGE_TOLD_IN),
        ("polar_scheduler_owner", indexed.RUN_OWNER),
        ("polar_automation_counted", indexed.JOB_COUNTS),
    ],
)
async def test_an_expression_is_the_one_of_its_index(
    database: Database, path: Path, index: str, expression: str
) -> None:
    """Word for word: in any other form the planner walks over the table."""
    with plain(path) as connection:
        [made] = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()
    assert expression in made
