"""`python -m demo.verify DATABASE LOG REQUESTS [WIDTH]`: what a second process finds; status 0 when all is right.

LOG is what the embedded Telegram wrote, REQUESTS what the model was asked.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from demo.screen import WIDTH
from storage.engines import snapshot
from storage.location import parse
from storage.statement import Parameters

Finding = tuple[bool, str]
Found = dict[str, Any]
Reading = Callable[..., list[tuple[Any, ...]]]
"""Asks the database: the rows of a query."""
THUMBS = {"fb:+": "👍", "fb:-": "👎"}


def main() -> int:
    """Print the rows, then each claim with a tick or a cross."""
    location, log, requests, *width = sys.argv[1:]
    lines = [json.loads(line) for line in Path(log).read_text(encoding="utf-8").splitlines()]
    exchanges = json.loads(Path(requests).read_text(encoding="utf-8"))
    console = Console(width=int(width[0]) if width else WIDTH, force_terminal=True, highlight=False)
    with snapshot(parse(location, Path.cwd())) as database:

        def read(sql: str, params: Parameters = ()) -> list[tuple[Any, ...]]:
            return list(database.rows(sql, params))

        _show(console, read)
        findings = [*_findings(read, lines), *_of_model(read, lines, exchanges)]
    for true, claim in findings:
        console.print(Text("✔ " if true else "✘ ", style="green" if true else "red").append(claim, style="default"))
    return 0 if all(true for true, _ in findings) else 1


def _show(console: Console, read: Reading) -> None:
    on = Column("on", no_wrap=True)
    ledger = Table("event", "emoji", "polarity", on, "via", title="polar_feedback_events", title_justify="left")
    for row in read(
        "SELECT e.type, coalesce(e.emoji, ''), e.polarity, substr(coalesce(m.text, e.messageId), 1, 28), "
        "coalesce(json_extract(e.payload, '$.via'), '') FROM polar_feedback_events AS e "
        "LEFT JOIN polar_messages AS m ON m.sessionId = e.sessionId AND m.messageId = e.messageId "
        "WHERE e.emoji IS NOT NULL ORDER BY e.rowid"
    ):
        ledger.add_row(*(" ".join(cell.split()) for cell in row))
    console.print(ledger)
    runs = Table("run", "trigger", "status", title="polar_run_events", title_justify="left")
    for row in read("SELECT runId, trigger, json_extract(output, '$.status') FROM polar_run_events"):
        runs.add_row(*row)
    console.print(runs)


def _findings(read: Reading, lines: Sequence[Found]) -> Iterator[Finding]:
    yield _updates(read, lines)
    yield _replies(read, lines)
    yield _ledger(read, lines)
    runs = read("SELECT json_extract(output, '$.status') FROM polar_run_events")
    yield runs == [("executed",)] * 2, "two automations were due, each ran once"


def _updates(read: Reading, lines: Sequence[Found]) -> Finding:
    made = {line["update_id"] for line in lines if line["log"] == "update"}
    done = Counter(row[0] for row in read("SELECT updateId FROM polar_updates WHERE status = 'done'"))
    [(turns,)] = read("SELECT count(DISTINCT turnId) = count(*) FROM polar_audit WHERE turnId LIKE 'update:%'")
    return set(done) == made and turns == 1, f"{len(made)} updates were made, each was handled once"


def _replies(read: Reading, lines: Sequence[Found]) -> Finding:
    sent = [line for line in lines if line["log"] == "call" and line["method"] == "sendMessage"]
    arrived = sorted(line["message_id"] for line in sent if line["status"] == 200)
    stored = [row[0] for row in read(
        "SELECT telegramMessageId FROM polar_messages WHERE role = 'assistant' ORDER BY telegramMessageId"
    )]  # fmt: skip
    [(waiting,)] = read("SELECT count(*) FROM polar_delivery_queue WHERE status <> 'sent'")
    return arrived == stored and waiting == 0, f"{len(stored)} replies were sent, each once, with its receipt"


def _ledger(read: Reading, lines: Sequence[Found]) -> Finding:
    expected: list[tuple[str, str, str]] = []
    for line in lines:
        if line["log"] != "update":
            continue
        if change := line["update"].get("message_reaction"):
            old, new = ([r["emoji"] for r in change[f"{age}_reaction"]] for age in ("old", "new"))
            expected += [("reaction_removed", emoji, "reaction") for emoji in old if emoji not in new]
            expected += [("reaction_added", emoji, "reaction") for emoji in new if emoji not in old]
        elif (press := line["update"].get("callback_query")) and press["data"] in THUMBS:
            expected.append(("reaction_added", THUMBS[press["data"]], "button"))
    recorded = read(
        "SELECT type, emoji, json_extract(payload, '$.via') FROM polar_feedback_events WHERE emoji IS NOT NULL "
        "AND json_extract(payload, '$.unresolved') IS NULL ORDER BY rowid"
    )
    return recorded == expected, f"{len(expected)} changes of reactions are in the ledger, in order, nothing else"


def _of_model(read: Reading, lines: Sequence[Found], exchanges: Sequence[Found]) -> Iterator[Finding]:
    yield _answers(read, exchanges)
    yield _unfinished(read, lines, exchanges)
    yield _memory(read, exchanges)
    yield _proposal(read, lines)
    yield _budget(read, exchanges)


def _answers(read: Reading, exchanges: Sequence[Found]) -> Finding:
    ended = Counter(exchange["ended"] for exchange in exchanges)
    [(answers,)] = read(
        "SELECT (SELECT count(*) FROM polar_messages WHERE role = 'assistant' "
        "AND json_extract(origin, '$.responder') = 'openai' AND messageId IS NOT NULL) "
        "+ (SELECT count(*) FROM polar_proposals)"  # those are told by the bot itself
    )
    whole = ended == {"whole": answers, "abandoned": 1}
    return whole, f"{len(exchanges)} calls of the model: one died with the bot, each other answer arrived once"


def _unfinished(read: Reading, lines: Sequence[Found], exchanges: Sequence[Found]) -> Finding:
    drafts = [line["params"] for line in lines if line["log"] == "call" and line["method"] == "sendMessageDraft"]
    cut = [_contents(exchange, "user")[-1] for exchange in exchanges if exchange["ended"] == "abandoned"]
    question = json.loads(cut[0].splitlines()[-1])["text"] if cut else None
    answers = read(
        "SELECT answer.text FROM polar_messages AS question JOIN polar_messages AS answer "
        "ON answer.sessionId = question.sessionId AND answer.answersMessageId = question.telegramMessageId "
        "WHERE question.role = 'user' AND answer.role = 'assistant' AND question.text = ?",
        (question,),
    )
    # On a slow machine other answers are seen growing too.
    growing = [draft for draft in drafts for (text,) in answers if text.startswith(draft["text"].strip())]
    true = len(answers) == 1 and len({draft["draft_id"] for draft in growing}) == 1
    return true, f"the answer that died had been seen growing, in {len(growing)} drafts in all; it is one message now"


def _memory(read: Reading, exchanges: Sequence[Found]) -> Finding:
    facts = [row[0] for row in read("SELECT json_extract(record, '$.fact') FROM polar_memory")]
    told = "\n".join(text for exchange in exchanges for text in _contents(exchange, "system"))
    return facts != [] and all(fact in told for fact in facts), "the model was told what Ann had remembered before"


def _proposal(read: Reading, lines: Sequence[Found]) -> Finding:
    approved = read(
        "SELECT proposal.proposalId FROM polar_proposals AS proposal JOIN polar_automation_jobs AS job "
        "ON job.promptTemplate = json_extract(proposal.payload, '$.prompt') WHERE proposal.status = 'approved'"
    )
    pressed = [line["update"].get("callback_query", {}).get("data") for line in lines if line["log"] == "update"]
    true = len(approved) == 1 and pressed.count(f"pr:{approved[0][0]}:y") == 1
    return true, "what it proposed is an automation since Ann pressed Create"


def _budget(read: Reading, exchanges: Sequence[Found]) -> Finding:
    """A question that was refused is found in no request."""
    refused = read(
        "SELECT message.text FROM polar_audit AS turn "
        "JOIN polar_updates AS source ON turn.turnId = 'update:' || source.updateId || ':' || source.sequence "
        "JOIN polar_messages AS message ON message.role = 'user' AND message.sessionId = source.sessionId "
        "AND message.telegramMessageId = source.telegramMessageId "
        "WHERE turn.outcome = 'blocked' AND turn.reason = 'budget_exceeded'"
    )
    asked = "\n".join(text for exchange in exchanges for text in _contents(exchange, "user"))
    true = len(refused) == 1 and refused[0][0] not in asked
    return true, "the question over budget was refused, and the model never saw it"


def _contents(exchange: Found, role: str) -> list[str]:
    return [str(message["content"]) for message in exchange["request"]["messages"] if message["role"] == role]


if __name__ == "__main__":
    sys.exit(main())
