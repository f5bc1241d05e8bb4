"""Whether anybody has given or taken back leave, or was erased, while something else was read."""

from __future__ import annotations

from storage.readers import Readers
from storage.tables.properties import ERASURES

_MARK = f"""
SELECT (SELECT count(*) FROM polar_shares), (SELECT sum(isShared) FROM polar_shares),
  (SELECT max(updatedAtMs) FROM polar_shares), (SELECT value FROM polar_properties WHERE name = '{ERASURES}')
"""


async def mark_of_leave(readers: Readers) -> tuple[object, ...]:
    """Another one after each change of anybody's leave, and after each erasure."""
    row = await readers.look_up_one(_MARK)
    return () if row is None else tuple(row)
