"""A person's own data as a file: one JSON object, a section after another, a row a line."""

from __future__ import annotations

from dataclasses import dataclass

from bot import VERSION
from bot.clock import moment
from bot.files.spool import Write
from middleware.turn import Clock
from storage.json_text import encode
from storage.views.own_data import OwnData

SUBJECT = "own_data"


@dataclass(frozen=True, slots=True)
class OwnDataFile:
    """What there is of somebody, as far as it has room."""

    own: OwnData
    clock: Clock

    async def make(self, chat_id: int, write: Write) -> None:
        """Write the file of the person whose private chat this is."""
        user_id = str(chat_id)
        sections = await self.own.fit(user_id)
        made_at = f"{moment(self.clock()):%Y-%m-%dT%H:%M:%SZ}"
        left_out = {section: fit.left_out for section, fit in sections.items() if fit.left_out}
        head = encode({"userId": user_id, "madeAt": made_at, "version": VERSION, "leftOut": left_out}) or ""
        await write(head[:-1])
        for section, fit in sections.items():
            await write(f',\n"{section}": [')
            await self._rows(user_id, section, fit.start, fit.given, write)
            await write("\n]" if fit.given else "]")
        await write("}\n")

    async def _rows(self, user_id: str, section: str, start: int, given: int, write: Write) -> None:
        """As many as had room; what has come since is for the next file."""
        if not given:
            return
        comma = ""
        async for rows in self.own.pages(user_id, section, start=start):
            await write((comma, ",".join(f"\n{row}" for row in rows[:given])))
            comma, given = ",", given - len(rows)
            if given <= 0:
                return
