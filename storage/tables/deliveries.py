"""`polar_delivery_queue`: every call to Telegram that must not be lost, a row each."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from storage.delivery import COLUMNS, TOLD, Delivery, Queuing
from storage.json_text import encode
from storage.payloads import WITHOUT_WORDS, NewMessage, Payload
from storage.readers import Readers
from storage.sequences import following, highest
from storage.statement import Bulk, Order, Rows, Statement, Value

_NEXT = following("polar_delivery_queue")
APART = 100
"""The calls that a further reply to somebody stands behind the last one of theirs that still waits in a chat."""
_FIRST = f"{_NEXT} - :part"
"""The sequence of the reply's first part."""
_IF_ALONE = """CASE WHEN EXISTS (
  SELECT 1 FROM polar_delivery_queue INDEXED BY polar_delivery_open
  WHERE sessionId = :session AND status IN ('pending', 'sending')) THEN {1} ELSE {0} END"""


_INSERT = """
INSERT INTO polar_delivery_queue
  (deliveryId, sessionId, channel, payload, status, begun, attempts, createdAtMs, updatedAtMs, sequence, replyId,
   askedBy, taskId, rank)
"""


def _rank(first: str, of: str) -> str:
    """As SQL: the rank of a reply with this first sequence; `of` stands before the name of each value that is given."""
    last_asked = f"""SELECT rank FROM polar_delivery_queue INDEXED BY polar_delivery_asked
WHERE sessionId = {of}session AND askedBy = {of}asked AND status IN ('pending', 'sending') ORDER BY rank DESC LIMIT 1
"""
    return f"{first} - max(0, min({of}start, coalesce({first} - ({last_asked}) - {of}apart, {of}start)))"


def _add(status: str, begun: str) -> str:
    """The SQL that queues a call, in this status; `begun` is 1 where that is what a claim leaves, else 0."""
    return f"""{_INSERT}
VALUES (:delivery, :session, 'telegram', :payload, {status}, {begun}, {begun}, :now, :now, {_NEXT}, :reply,
  :asked, :task, {_rank(_FIRST, ":")})
"""


_ADD_PENDING = _add("'pending'", "0")
_ADD_SOME = Bulk(
    "WITH given (delivery, session, payload, now, reply, part, start, apart, asked, task) AS (VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    f"""), found AS (SELECT *, {_NEXT} - 1 + row_number() OVER () - part AS first FROM given) {_INSERT}
SELECT delivery, session, 'telegram', payload, 'pending', 0, 0, now, now, first + part, reply, asked, task,
  {_rank("first", "found.")}
FROM found""",
    order=Order.QUEUE,
    told=f"SELECT json_group_array(json_array({TOLD})) FROM polar_delivery_queue "
    f"WHERE sequence > {highest('polar_delivery_queue')} - ?",
)
"""As many of `_ADD_ALWAYS`, each of another session, by the parameters of that in their order."""
_ADD_ALWAYS = f"{_ADD_PENDING}RETURNING {TOLD}"
_ADD_CLAIMED = _add(_IF_ALONE.format("'sending'", "'pending'"), _IF_ALONE.format(1, 0)) + f"RETURNING {TOLD}"
_ADD_ONCE = f"{_ADD_PENDING}ON CONFLICT (deliveryId) DO NOTHING RETURNING {TOLD}"
# What the parts of one reply have in common.
_SHARED = "sessionId, channel, replyId, rank, begun, askedBy, taskId"
_CLAIM = Bulk.update(
    "UPDATE polar_delivery_queue SET status = 'sending', begun = 1, attempts = attempts + 1, updatedAtMs = ? "
    "WHERE deliveryId = ? AND status = 'pending' AND sessionId = ? AND payload = ?",
    order=Order.CLAIM,
)
_FINISH = Bulk.update(
    f"UPDATE polar_delivery_queue SET status = 'sent', reason = ?, updatedAtMs = ?, payload = {WITHOUT_WORDS} "
    "WHERE deliveryId = ? AND status = 'sending'",
    order=Order.SENT,
)
_FAIL = """
UPDATE polar_delivery_queue
SET status = 'failed', reason = ?, traceback = ?, ambiguous = max(ambiguous, ?), failures = failures + ?,
  updatedAtMs = ?
WHERE deliveryId = ? AND (status = 'sending' OR status = 'pending' AND ? = 1)
"""
# By the key of the index of what is open; its chat may have moved since the row was read.
_SAME_REPLY = """
sessionId = (SELECT sessionId FROM polar_delivery_queue WHERE deliveryId = ?) AND begun IN (0, 1) AND rank = ?
  AND sequence > ? AND replyId = ? AND status IN ('pending', 'sending')
"""
_FAIL_REST = f"""
UPDATE polar_delivery_queue INDEXED BY polar_delivery_open
SET status = 'failed', reason = 'an earlier part failed', updatedAtMs = ? WHERE {_SAME_REPLY}
"""
_BEGIN_REST = f"UPDATE polar_delivery_queue INDEXED BY polar_delivery_open SET begun = 1 WHERE {_SAME_REPLY}"
_RETRY = f"""
UPDATE polar_delivery_queue
SET status = 'pending', sequence = {_NEXT}, rank = {_NEXT} - ?, begun = 0, askedBy = NULL, attempts = 0, failures = 0,
  ambiguous = min(ambiguous, 1), reason = NULL, traceback = NULL, updatedAtMs = ?
WHERE deliveryId = ? AND status = 'failed' AND payload = ?
"""


class Deliveries:
    """The queue. Within a session rows go out one at a time: the rest of a reply that has begun, then by rank."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def add(
        *,
        delivery_id: str,
        session_id: str,
        payload: Payload,
        reply_id: str,
        head_start: int,
        part: int = 0,
        asked_by: str | None = None,
        task_id: str | None = None,
        now_ms: int,
        once: bool = False,
    ) -> Statement:
        """Queue a call. Rows of one `reply_id` are parts of one reply, numbered, and queued one after the other.

        A reply that goes on numbering where the one before it ended has the same rank, and so goes right behind it.

        It goes before what was queued up to `head_start` calls earlier without one, so that nothing waits for ever.
        As long as an earlier one for `asked_by` waits in the chat, the head start is smaller: it stands APART behind
        that. `task_id` is the run's whose it is.
        With `once` a row that is there already stays as it is, instead of voiding the unit.
        """
        params: dict[str, Value] = {
            "delivery": delivery_id,
            "session": session_id,
            "payload": encode(payload.to_json()),
            "now": now_ms,
            "reply": reply_id,
            "part": part,
            "start": head_start,
            "apart": 0 if part else APART,
            "asked": asked_by,
            "task": task_id,
        }
        queuing = Queuing(payload, params)
        return Statement(_ADD_ONCE, queuing) if once else Statement(_ADD_ALWAYS, queuing, None, _ADD_SOME, session_id)

    @staticmethod
    def is_queuing(statements: Sequence[Statement]) -> bool:
        """True if any of these queues a call by `add`; whatever is merely recorded asks it."""
        return Queuing in [type(statement.params) for statement in statements]

    @staticmethod
    def queued(statements: Sequence[Statement], answers: Sequence[Rows]) -> list[Delivery]:
        """The calls that these statements have queued by `add`, by what their commit gave back for each."""
        return [
            statement.params.queued(row)
            for statement, rows in zip(statements, answers, strict=True)
            if isinstance(statement.params, Queuing)
            for row in rows
        ]

    @staticmethod
    def only_message(statements: Sequence[Statement]) -> str | None:
        """The session of the one call that these queue by `add`, where it is one and a new message; else None."""
        match [statement for statement in statements if isinstance(statement.params, Queuing)]:
            case [Statement(sql=sql, params=Queuing() as params)] if isinstance(params.payload, NewMessage):
                return str(params["session"]) if sql is _ADD_ALWAYS else None
        return None

    @staticmethod
    def claiming(statements: Sequence[Statement]) -> list[Statement]:
        """The same, but that call is claimed by them where nothing else of its session waits, or is in flight."""
        return [
            Statement(_ADD_CLAIMED, statement.params) if statement.sql is _ADD_ALWAYS else statement
            for statement in statements
        ]

    @staticmethod
    def add_beside(other_id: str, delivery_id: str, payload: Payload, *, now_ms: int) -> Statement:
        """Queue one more part of the reply that another delivery is a part of."""
        return Statement(
            "INSERT INTO polar_delivery_queue "
            f"(deliveryId, payload, status, createdAtMs, updatedAtMs, sequence, {_SHARED}) "
            f"SELECT ?, ?, 'pending', ?, ?, {_NEXT}, {_SHARED} FROM polar_delivery_queue WHERE deliveryId = ?",
            (delivery_id, encode(payload.to_json()), now_ms, now_ms, other_id),
        )

    @staticmethod
    def claim(delivery: Delivery, *, now_ms: int) -> Statement:
        """From `pending` to `sending`: from here on the call may have taken effect.

        Voids its unit where what is said, or where, was changed since the row was read: what was erased is not sent.
        """
        about = delivery.session_id, delivery.delivery_id
        return _CLAIM.of(now_ms, delivery.delivery_id, delivery.session_id, delivery.stored, about=about, expect=1)

    @staticmethod
    def claimed(delivery: Delivery) -> Delivery:
        """The call as its claim leaves it."""
        return replace(delivery, status="sending", begun=True, attempts=delivery.attempts + 1)

    @staticmethod
    def unclaim(delivery: Delivery, *, now_ms: int) -> Statement:
        """From `sending` back to what it was before it was claimed: the call was not begun."""
        return Statement(
            "UPDATE polar_delivery_queue SET status = 'pending', begun = ?, attempts = attempts - 1, updatedAtMs = ? "
            "WHERE deliveryId = ? AND status = 'sending'",
            (int(delivery.begun), now_ms, delivery.delivery_id),
        )

    @staticmethod
    def begin(delivery: Delivery) -> Statement:
        """Goes with a reply's first claim: from here on nothing of its chat goes before its later parts."""
        return Statement(_BEGIN_REST, _same_reply(delivery))

    @staticmethod
    def finish(delivery: Delivery, *, reason: str | None, now_ms: int) -> Statement:
        """From `sending` to `sent`; what it said is not kept here."""
        about = delivery.session_id, delivery.delivery_id
        return _FINISH.of(reason, now_ms, delivery.delivery_id, about=about, expect=1)

    @staticmethod
    def fail(
        delivery: Delivery,
        *,
        reason: str,
        now_ms: int,
        ambiguous: bool = False,
        by_fault: bool = False,
        traceback: str | None = None,
    ) -> tuple[Statement, ...]:
        """From `sending` to `failed`, and with it the later parts of the same reply; all stay whole, to be retried.

        By a fault of ours it fails also before it was claimed.
        """
        params = (reason, traceback, int(ambiguous), int(by_fault), now_ms, delivery.delivery_id, int(by_fault))
        rest = Statement(_FAIL_REST, (now_ms, *_same_reply(delivery)))
        return Statement(_FAIL, params, expect=1), rest

    @staticmethod
    def put_back(delivery: Delivery, *, reason: str, now_ms: int, ambiguous: bool = False) -> Statement:
        """From `sending` back to `pending`, to be tried again."""
        return Statement(
            "UPDATE polar_delivery_queue SET status = 'pending', reason = ?, ambiguous = ambiguous + ?, "
            "updatedAtMs = ? WHERE deliveryId = ? AND status = 'sending'",
            (reason, int(ambiguous), now_ms, delivery.delivery_id),
            expect=1,
        )

    @staticmethod
    def count_failure(delivery: Delivery, *, reason: str, now_ms: int) -> Statement:
        """One more try that failed by a fault of ours; from `sending`, where nothing was sent, back to `pending`."""
        return Statement(
            "UPDATE polar_delivery_queue SET status = 'pending', reason = ?, failures = failures + 1, "
            "updatedAtMs = ? WHERE deliveryId = ? AND status IN ('pending', 'sending')",
            (reason, now_ms, delivery.delivery_id),
            expect=1,
        )

    @staticmethod
    def spare(delivery_id: str, *, now_ms: int) -> Statement:
        """From `pending` to `sent` without a call, where what would be said in its place is queued as well."""
        return Statement(
            "UPDATE polar_delivery_queue SET status = 'sent', reason = 'the answer itself was there', updatedAtMs = ?, "
            f"payload = {WITHOUT_WORDS} WHERE deliveryId = ? AND status = 'pending'",
            (now_ms, delivery_id),
        )

    @staticmethod
    def stop(delivery_id: str, *, now_ms: int) -> Statement:
        """From `pending` to `sent` without a call, and without its text; gives its id back.

        None where it does not wait any more, or may have arrived.
        """
        return Statement(
            "UPDATE polar_delivery_queue SET status = 'sent', reason = 'stopped', updatedAtMs = ?, "
            f"payload = {WITHOUT_WORDS} "
            "WHERE deliveryId = ? AND status = 'pending' AND ambiguous = 0 RETURNING deliveryId",
            (now_ms, delivery_id),
        )

    @staticmethod
    def retry(delivery: Delivery, *, part: int = 0, now_ms: int) -> Statement:
        """From `failed` back to `pending`, as the last of the queue and tried never; what was unclear stays so.

        Parts of one reply are retried one after the other, and numbered from the first of them.
        """
        return Statement(_RETRY, (part, now_ms, delivery.delivery_id, delivery.stored), expect=1)

    @staticmethod
    def rewrite(delivery: Delivery, payload: Payload) -> Statement:
        """Give a queued call other parameters, unless it was changed since it was read: what was erased stays so.

        Another method is another call, of which no try is unclear yet.
        """
        is_another = type(payload) is not type(delivery.payload)
        return Statement(
            f"UPDATE polar_delivery_queue SET payload = ?{', ambiguous = 0' if is_another else ''} "
            "WHERE deliveryId = ? AND payload = ?",
            (encode(payload.to_json()), delivery.delivery_id, delivery.stored),
        )

    async def find(self, delivery_id: str) -> Delivery | None:
        """The call with this id, whatever became of it, or None."""
        row = await self._readers.look_up_one(
            f"SELECT {COLUMNS} FROM polar_delivery_queue WHERE deliveryId = ?", (delivery_id,)
        )
        return Delivery.from_row(row) if row else None

    async def later_parts(self, delivery: Delivery) -> list[Delivery]:
        """The parts of the same reply that failed with this one, in order."""
        rows = await self._readers.fetch(
            f"SELECT {COLUMNS} FROM polar_delivery_queue INDEXED BY polar_delivery_session "
            "WHERE sessionId = ? AND replyId = ? AND status = 'failed' AND sequence > ? ORDER BY sequence",
            (delivery.session_id, delivery.reply_id, delivery.sequence),
        )
        return [Delivery.from_row(row) for row in rows]

    async def last_sequence(self) -> int:
        """The highest sequence, 0 of an empty queue."""
        row = await self._readers.look_up_one("SELECT coalesce(max(sequence), 0) FROM polar_delivery_queue")
        return int(row[0]) if row else 0

    @staticmethod
    def look_behind(sequence: int, *, limit: int) -> Statement:
        """Sequence and session of what was queued behind a sequence, whatever has become of it, in order.

        A statement, as the writer takes it after all that was handed over before: who did that knows of it by then.
        """
        return Statement(
            "SELECT sequence, sessionId FROM polar_delivery_queue WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (sequence, limit),
        )

    async def sessions_waiting(self) -> list[str]:
        """The sessions that have rows to send."""
        rows = await self._readers.fetch(
            "SELECT DISTINCT sessionId FROM polar_delivery_queue INDEXED BY polar_delivery_open "
            "WHERE status IN ('pending', 'sending')"
        )
        return [row[0] for row in rows]

    async def list_next(self, session_id: str, *, limit: int = 1) -> list[Delivery]:
        """The rows of a session in the order in which they are to be sent, that in flight among them: by the index."""
        rows = await self._readers.look_up(
            f"SELECT {COLUMNS} FROM polar_delivery_queue INDEXED BY polar_delivery_open "
            "WHERE sessionId = ? AND status IN ('pending', 'sending') "
            "ORDER BY begun DESC, rank, sequence LIMIT ?",
            (session_id, limit),
        )
        return [Delivery.from_row(row) for row in rows]


def _same_reply(delivery: Delivery) -> tuple[str, int, int, str]:
    """The parameters of _SAME_REPLY: the parts behind this one."""
    return delivery.delivery_id, delivery.rank, delivery.sequence, delivery.reply_id
