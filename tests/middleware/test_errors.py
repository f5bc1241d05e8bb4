"""The outermost layer ends a turn with a commit, and lets go of it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from pathlib import Path

from middleware.audit import Audit
from middleware.chain import compose
from middleware.commands import Registry
from middleware.errors import Errors
from middleware.replies.outbox import Outbox
from middleware.turn import Place, Source, Turn
from storage.database import Database
from storage.statement import Rows
from storage.tables.deliveries import Deliveries
from storage.tables.messages import Messages


async def test_a_turn_that_has_ended_is_gone_without_the_garbage_collector(tmp_path: Path) -> None:
    """What bears witness knows its turn; if the turn knew that for ever, each would be left to be collected."""
    database = await Database.open(tmp_path / "ended.db", now_ms=0)
    outbox = Outbox(Deliveries(database), Messages(database), lambda: 0, "never")
    chain = compose([Errors(database.commit, outbox, lambda turn: None), Audit(lambda: 0, float, Registry())])

    def opened(rows: Sequence[Rows]) -> None:
        """Of this turn alone."""

    told = weakref.ref(opened)
    source = Source(opening=(), failing=lambda error: (), is_last_try=True, opened=opened)
    place = Place(chat_id=7, chat_type="private")
    turn = Turn(id="u", kind="reaction", place=place, user_id="7", received_at_ms=1, source=source)
    gc.disable()
    try:
        await chain(turn)
        del turn, source, opened
        assert told() is None
    finally:
        gc.enable()
        await database.close()
