"""Rows as they are found in use, written as a second program would write them."""

from __future__ import annotations

import json
import random
import sqlite3
from typing import Any

from storage import memory_entries, memory_index
from storage.origin import Origin
from storage.tables.answer_totals import AnswerTotals
from teaching.assignment import Variant, assigned

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
ANN, BOB, GROUP, FORUM = (
    "telegram:chat:1001",
    "telegram:chat:1002",
    "telegram:chat:-1003001",
    "telegram:chat:-1003002",
)
SESSIONS = (ANN, BOB, GROUP, FORUM)
REACTIONS = (
    *(("👍", "positive"),) * 9,
    *(("❤", "positive"), ("🔥", "positive"), ("🎉", "positive")) * 2,
    *(("👎", "negative"), ("💩", "negative"), ("🤔", "neutral"), ("👀", "neutral")),
)
JOBS = (
    ("job-tea", "RRULE:FREQ=DAILY;BYHOUR=18;BYMINUTE=0", "Remind me to make tea", 1),
    ("job-news", "0 7 * * 1-5 Europe/Berlin", "Summarise what was said in this group yesterday", 1),
    ("job-stretch", "RRULE:FREQ=MINUTELY;INTERVAL=90", "Time to stand up and stretch", 1),
    ("job-review", "0 16 * * 5 Europe/Berlin", "What did we get done this week, and what is next?", 1),
    ("job-rent", "0 9 1 * * Europe/Berlin", "The rent is due", 0),
)
PROFILES = ("profile.default", "personality:global", "personality:user:1001")
ENDS = ((("executed", None),) * 6) + (("skipped", "quiet_hours"), ("failed", "the responder took too long"))
QUESTIONS = (
    "When does the library close?",
    "Remember that the garden gate sticks",
    "What did I want to buy?",
    "Translate “Feierabend”",
    "Please sum this up for me",
)
REPLIES = (
    "It closes at eight, on Saturdays at four.",
    "I have remembered that.",
    "Flour, two lemons and a light bulb.",
    "The end of the working day, and the rest that follows it.",
    "In short: the gate needs oil, and someone has to buy it.",
)


class Rows:
    """Writes rows as they are found in use; the same ones each time, but for the instants."""

    def __init__(self, connection: sqlite3.Connection, now_ms: int) -> None:
        self._connection = connection
        self.now_ms = now_ms
        self._random = random.Random(7)
        self._update = 0
        self._message = 0

    def add(self, table: str, **columns: Any) -> None:
        """One row; a dict or list becomes JSON."""
        values = [json.dumps(value) if isinstance(value, dict | list) else value for value in columns.values()]
        places = ", ".join("?" * len(values))
        self._connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", values)

    def add_talk(self, pairs_a_day: int) -> None:
        """Questions, answers and what people thought of them, 60 days of it."""
        for day in range(59, -1, -1):
            busy = 0.4 + 0.6 * self._random.random()
            for _ in range(max(1, round(pairs_a_day * busy))):
                at = self.now_ms - day * DAY_MS - self._random.randrange(20 * HOUR_MS if day else HOUR_MS) - MINUTE_MS
                choice = self._random.randrange(len(QUESTIONS))
                self.add_exchange(at, self._random.choice(SESSIONS), QUESTIONS[choice], REPLIES[choice])

    def add_exchange(self, at: int, session: str, question: str, reply: str, job: str | None = None) -> str:
        """A question with its answer; gives the answer's message id."""
        self._update += 1
        self._message += 2
        took = round(self._random.lognormvariate(7, 0.9))
        turn = f"update:{self._update}:{at}"
        delivery, root = f"{turn}:0:0", f"root:{session.removeprefix('telegram:chat:')}"
        origin = {"responder": "local", "profileId": self._random.choice(PROFILES)}
        job = job or (self._random.choice(JOBS)[0] if self._random.random() < 0.25 else None)
        if job:
            origin["automationId"] = job
        self.add(
            "polar_updates",
            updateId=self._update,
            sequence=self._update,
            status="done",
            kind="message",
            lane=session,
            sessionId=session,
            attempts=1,
            receivedAtMs=at,
            finishedAtMs=at + took,
        )
        for role, text, more in (
            ("user", question, {"userId": "1001", "telegramMessageId": self._message - 1, "createdAtMs": at}),
            ("assistant", reply, {"deliveryId": delivery, "origin": origin, "telegramMessageId": self._message}),
        ):
            number = more["telegramMessageId"]
            columns = {"messageId": f"msg_{role[0]}_{number}", "createdAtMs": at + took, **more}
            self.add("polar_messages", sessionId=session, role=role, threadKey=root, text=text, **columns)
        self.add_delivery(delivery, session, "pending", at + took, at + took, {"method": "sendMessage", "text": reply})
        self._connection.execute(
            "UPDATE polar_delivery_queue SET status = 'sent', attempts = 1, updatedAtMs = ? WHERE deliveryId = ?",
            (at + took + 120, delivery),
        )
        self.add_audit(turn, session, "message", "answered", took, at + took)
        message = f"msg_a_{self._message}"
        if self._random.random() < 0.35:
            self.add_reaction(at + took + 5_000, session, message, origin)
        return message

    def add_audit(self, turn: str, session: str, kind: str, outcome: str, took: int, at: int) -> None:
        """A turn."""
        self.add(
            "polar_audit",
            turnId=turn,
            attempt=1,
            kind=kind,
            sessionId=session,
            userId="1001",
            outcome=outcome,
            durationMs=took,
            createdAtMs=at,
        )

    def add_delivery(
        self, key: str, session: str, status: str, at: int, changed: int, payload: Any, **more: Any
    ) -> None:
        """A row of the queue."""
        self.add(
            "polar_delivery_queue",
            deliveryId=key,
            sessionId=session,
            channel="telegram",
            payload=payload,
            status=status,
            createdAtMs=at,
            updatedAtMs=changed,
            sequence=self._connection.execute(
                "SELECT coalesce(max(sequence), 0) + 1 FROM polar_delivery_queue"
            ).fetchone()[0],
            replyId=key.rpartition(":")[0],
            **more,
        )

    def add_reaction(self, at: int, session: str, message: str, origin: dict[str, str]) -> None:
        """A reaction, now and then taken back."""
        emoji, polarity = self._random.choice(REACTIONS)
        for kind, later in (("reaction_added", 0), ("reaction_removed", 60_000))[: 1 + (self._random.random() < 0.1)]:
            self.add_event(kind, at + later, session, message, emoji, polarity, {"actor": "1001", "producedBy": origin})

    def add_event(
        self, kind: str, at: int, session: str, message: str, emoji: str, polarity: str, payload: Any, **more: Any
    ) -> None:
        """A row of the feedback ledger."""
        self.add(
            "polar_feedback_events",
            id=f"event-{self._random.getrandbits(64):x}",
            type=kind,
            sessionId=session,
            messageId=message,
            emoji=emoji,
            polarity=polarity,
            payload=payload,
            createdAtMs=at,
            **more,
        )

    def add_opinions(self, people: int = 24) -> None:
        """Two models that these people have rated both, in private and in a group, with the answers that each made."""
        random_ = random.Random(3)
        for person in range(people):
            for number in range(8):
                model = ("gpt-4o-mini", "claude-sonnet")[number % 2]
                session = GROUP if number > 5 and person % 2 else f"telegram:chat:{2001 + person}"
                emoji = ("👍", "👎")[random_.random() > (0.45, 0.85)[number % 2]]
                at = self.now_ms - (1 + (person + number) % 27) * DAY_MS
                self.add_rated(
                    at, session, str(2001 + person), emoji, {"model": model, "usd": 0.002 * (1 + number % 2)}
                )

    def add_experiments(self, people: int = 80) -> None:
        """One that is over, of which these people have rated two answers each; one that runs, and one that was void."""
        variants = [Variant(name="control", weight=50), Variant(name="short", weight=50, personality="Be brief.")]
        day = self.now_ms - self.now_ms % DAY_MS
        self.add_experiment(
            "terse", variants, day - 20 * DAY_MS, day - 6 * DAY_MS, "end", (people // 2 + 2, people // 2)
        )
        larger = [variants[0], Variant(name="larger", weight=50, model="gpt-4o")]
        self.add_experiment("models", larger, day - 40 * DAY_MS, day - 30 * DAY_MS, "budget", (180, 90))
        self.add_experiment("kinder", variants, day - 2 * DAY_MS, day + 9 * DAY_MS, None, (31, 29))
        random_ = random.Random(5)
        for number in range(people):
            session = f"telegram:chat:{5001 + number}"
            variant = assigned("terse", "terse", session, variants).name
            for _ in range(2):
                emoji = ("👍", "👎")[random_.random() > (0.5 if variant == "control" else 0.9)]
                made_of = {"model": "gpt-4o-mini", "experiment": "terse", "variant": variant, "usd": 0.001}
                self.add_rated(day - 10 * DAY_MS, session, str(5001 + number), emoji, made_of)

    def add_experiment(
        self,
        name: str,
        variants: list[Variant],
        started: int,
        ended: int,
        because: str | None,
        units: tuple[int, ...],
    ) -> None:
        """What was tried, and how many took part with each variant."""
        described = [
            {"name": one.name, "weight": one.weight, "personality": one.personality, "model": one.model}
            for one in variants
        ]
        self.add(
            "polar_experiments",
            name=name,
            salt=name,
            unit="person",
            variants=described,
            untilMs=ended,
            people=200,
            budgetUsd=5.0,
            status="running" if because is None else "ended",
            endedBecause=because,
            startedAtMs=started,
            endedAtMs=None if because is None else ended,
        )
        for one, count in zip(variants, units, strict=True):
            counts = {"units": count, "rated": count - 1, "answers": 3 * count, "failures": 1, "usd": 0.003 * count}
            self.add("polar_experiment_variants", experiment=name, variant=one.name, **counts)

    def add_rated(self, at: int, session: str, person: str, emoji: str, made_of: dict[str, Any]) -> None:
        """An answer that was counted as it was made, and what somebody said of it."""
        self._message += 1
        origin = {"responder": "openai", **made_of}
        message_id = f"msg_a_{self._message}"
        self.add(
            "polar_messages",
            sessionId=session,
            role="assistant",
            threadKey="root",
            text=REPLIES[0],
            deliveryId=f"rated:{self._message}:0:0",
            origin=origin,
            messageId=message_id,
            telegramMessageId=self._message,
            createdAtMs=at,
        )
        counted = AnswerTotals.count(
            Origin.from_json(json.dumps(origin)),
            is_private=session != GROUP,
            milliseconds=900 + self._message % 700,
            now_ms=at,
        )
        self._connection.execute(counted.sql, counted.params)
        payload = {"actor": person, "producedBy": origin}
        polarity = "positive" if emoji == "👍" else "negative"
        self.add_event("reaction_added", at + 5_000, session, message_id, emoji, polarity, payload)

    def add_queues(self) -> None:
        """What waits, what has failed, and what was set aside."""
        now = self.now_ms
        for number in range(3):
            self.add_open_update(now - (3 - number) * 1_000, "pending", None)
        for number in range(2):
            reason = "ValueError: it has neither chat nor user"
            self.add_open_update(now - (number + 1) * DAY_MS, "dead", reason, finishedAtMs=now - DAY_MS, attempts=3)
        text = {"method": "sendMessage", "text": "A reply that waits for its turn"}
        self.add_delivery("wait:1:0", ANN, "pending", now - 90_000, now - 90_000, text)
        self.add_delivery("wait:2:0", GROUP, "sending", now - 2_000, now - 1_000, text, attempts=1)
        blocked = "Forbidden: bot was blocked by the user"
        self.add_delivery(
            "fail:1:0", BOB, "failed", now - 5 * HOUR_MS, now - 4 * HOUR_MS, text, attempts=1, reason=blocked
        )

    def add_open_update(self, at: int, status: str, reason: str | None, **more: Any) -> None:
        """An update that was received and is not done."""
        self._update += 1
        self.add(
            "polar_updates",
            **{
                "updateId": self._update,
                "sequence": self._update,
                "status": status,
                "kind": "message",
                "lane": ANN,
                "sessionId": ANN,
                "body": json.dumps({"update_id": self._update}).encode(),
                "reason": reason,
                "receivedAtMs": at,
                **more,
            },
        )

    def rename_last_update(self, kind: str) -> None:
        """Let it be of another kind."""
        self._connection.execute("UPDATE polar_updates SET kind = ? WHERE updateId = ?", (kind, self._update))

    def add_runs(self) -> None:
        """A month of automations and heartbeats, and when they are due next."""
        for day in range(29, -1, -1):
            for number, (job, *_) in enumerate(JOBS[:4]):
                at = self.now_ms - day * DAY_MS - (4 - number) * HOUR_MS
                self.add_run("automation", job, at, *self._random.choice(ENDS))
            at = self.now_ms - day * DAY_MS - HOUR_MS // 2
            self.add_run(
                "heartbeat", "watch", at, *(("executed", "nothing to report") if day % 5 else ("skipped", "missed"))
            )
        for number, (job, *_) in enumerate(JOBS[:4]):
            due = self.now_ms + (number * 3 - 1) * HOUR_MS  # the first is overdue
            self.add_due(f"automation:{job}", "automation", job, due)
        self.add_due("heartbeat:watch", "heartbeat", "watch", self.now_ms + 20 * MINUTE_MS)

    def add_run(self, source: str, subject: str, at: int, status: str, reason: str | None) -> None:
        """A row of the run ledger, and its try."""
        run = f"{'run' if source == 'automation' else 'beat'}:{subject}:{at}"
        self.add(
            "polar_run_events",
            source=source,
            id=subject,
            runId=run,
            profileId="profile.default",
            trigger="schedule" if source == "automation" else "heartbeat",
            output={"status": status} | ({"reason": reason} if reason else {}),
            metadata={"sessionId": ANN, "scheduledAtMs": at},
            createdAtMs=at,
        )
        self.add(
            "polar_scheduler_run_log",
            runId=f"{run}#1",
            eventId=f"{source}:{subject}",
            traceId=run,
            status=status,
            startedAtMs=at,
            completedAtMs=at + 900,
            metadata={},
        )

    def add_due(self, key: str, source: str, subject: str, at: int, queue: str = "scheduled") -> None:
        """The next occurrence."""
        payload = {"source": source, "id": subject, "atMs": at, "trigger": "schedule", "attempts": 0, "extra": False}
        self.add(
            "polar_scheduler_events", eventId=key, queue=queue, sequence=at, payload=payload, createdAtMs=self.now_ms
        )

    def add_settings(self) -> None:
        """Jobs, policies, profiles, people and what they may spend."""
        now = self.now_ms
        stamps = {"createdAtMs": now - 40 * DAY_MS, "updatedAtMs": now - 3 * DAY_MS}
        for job, schedule, prompt, enabled in JOBS:
            self.add_job(job, schedule, prompt, enabled, **stamps)
        self.add_policy(
            "watch", {"failed_runs": {}, "database_health": {"megabytes": 100}}, "*/30 * * * * UTC", **stamps
        )
        self.add("polar_budget_policies", scope="global", targetId="", maxLimitUsd=20.0, resetIntervalMs=30 * DAY_MS)
        self.add("polar_budget_policies", scope="user", targetId="1001", maxLimitUsd=2.5, resetIntervalMs=DAY_MS)
        self.add("polar_budget_policies", scope="session", targetId=GROUP, maxLimitUsd=1.0, enforceBlocking=0)
        self.add_usage("global", "", 7.43)
        self.add_usage("user", "1001", 2.31)
        self.add_usage("session", GROUP, 1.2)
        self.add_profile(
            "personality:global", "global", None, None, "House style", "Answer briefly and warmly.", **stamps
        )
        self.add_profile("personality:user:1001", "user", "1001", None, "Ann", "Use plain words.", **stamps)
        for day in range(40):
            self.add_call("gpt-4o-mini", "1001", ANN, 0.0004, now - day * DAY_MS)
            self.add_call("claude-sonnet", "1002", GROUP, 0.012, now - day * DAY_MS - 1)
        self.add("polar_properties", name="bot_id", value="1000000001")
        self.add("polar_properties", name="last_poll_ms", value=str(now - 4_000))
        self.add("polar_users", userId="1001", timezone="Europe/Berlin", updatedAtMs=now)
        self.add("polar_access", subject="1001", role="owner", createdAtMs=now)

    def add_call(
        self, model: str, user_id: str, session: str, usd: float | None, at: int, outcome: str = "answered"
    ) -> None:
        """A call of a model that has ended."""
        turn = f"turn:{at}:{model}:{user_id}"
        self.add(
            "polar_calls",
            turnId=turn,
            attempt=1,
            number=1,
            sessionId=session,
            userId=user_id,
            model=model,
            inputTokens=900,
            outputTokens=120,
            usd=usd,
            latencyMs=1_400,
            outcome="open",
            createdAtMs=at,
        )
        self._connection.execute("UPDATE polar_calls SET outcome = ? WHERE turnId = ?", (outcome, turn))

    def add_job(self, job: str, schedule: str, prompt: str, enabled: int, **stamps: int) -> None:
        """An automation."""
        quiet = {"start": "22:00", "end": "07:00", "timezone": "Europe/Berlin"}
        self.add(
            "polar_automation_jobs",
            id=job,
            ownerUserId="1001",
            sessionId=ANN,
            schedule=schedule,
            promptTemplate=prompt,
            enabled=enabled,
            quietHoursJson=quiet,
            **stamps,
        )

    def add_policy(self, policy: str, checks: Any, schedule: str = "*/30 * * * * UTC", **stamps: Any) -> None:
        """A heartbeat policy."""
        self.add(
            "polar_heartbeat_policies",
            policyId=policy,
            sessionId=ANN,
            schedule=schedule,
            checksJson=checks,
            enabled=1,
            **stamps,
        )

    def add_usage(self, scope: str, target: str, spent: float) -> None:
        """What a budget's scope has spent."""
        reset = self.now_ms - HOUR_MS
        columns = {"accumulatedUsd": spent, "lastResetAtMs": reset, "updatedAtMs": self.now_ms}
        self.add("polar_budget_usage", scope=scope, targetId=target, **columns)

    def add_profile(
        self, profile: str, scope: str, user: str | None, session: str | None, name: str, prompt: str, **stamps: int
    ) -> None:
        """A personality."""
        columns = {"profileId": profile, "scope": scope, "userId": user, "sessionId": session}
        self.add("polar_personality_profiles", **columns, name=name, prompt=prompt, **stamps)

    def add_memories(self, count: int) -> None:
        """Facts of two people."""
        things = ("the garden gate", "the blue bicycle", "the spare key", "the green teapot", "the old radio")
        for number in reversed(range(count)):
            fact = f"{things[number % len(things)]} is at place {number}"
            self.add_memory(f"memory-{number:05}", SESSIONS[number % 2], fact, self.now_ms - number * HOUR_MS)

    def add_memory(self, key: str, session: str, fact: str, at: int, **more: Any) -> None:
        """A memory, and its entry in the index."""
        columns = {"userId": session.rpartition(":")[2], "scope": "session", "type": "fact", "metadata": {}} | more
        record = columns.pop("record", {"fact": fact})
        stamps = {"createdAtMs": at, "updatedAtMs": at}
        self.add("polar_memory", memoryId=key, sessionId=session, record=record, **columns, **stamps)
        self._connection.execute(memory_index.ADD, memory_entries.entry(key, session, columns["userId"], fact))
