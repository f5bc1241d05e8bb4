"""/export and /forget: a person's own data, to have and to have erased."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.files.own_data import SUBJECT
from middleware.commands import Command
from middleware.incoming import Invocation, Press
from middleware.presses import stale, with_toast
from middleware.texts import say
from middleware.turn import Clock, LaterDocument, Level, Outcome, Turn
from middleware.usage import UsageError, only_in_private
from storage.erasure import Erasure
from storage.payloads import Button
from storage.tables.messages import Messages
from storage.views.own_data import SECTIONS, Fit, OwnData

PREFIX = ME = "me"
VALID_MS = 600_000
"""The time for which the buttons of a confirmation work."""
MINUTE_MS = 60_000

SectionCounts = Mapping[str, int]
"""The numbers of rows, by section."""


@dataclass(frozen=True, slots=True)
class ErasurePress:
    """The answer to whether a user's data is to be erased, which was asked at `asked_s` seconds since the epoch."""

    user_id: str
    asked_s: int
    erases: bool

    @property
    def data(self) -> str:
        """`me:y:<user id>:<seconds>`, or `me:n:…`."""
        return f"{PREFIX}:{'y' if self.erases else 'n'}:{self.user_id}:{self.asked_s}"

    @classmethod
    def parse(cls, data: str) -> ErasurePress | None:
        """The press that the data stands for; None for what no button of ours says."""
        answer, _, ticket = data.removeprefix(f"{PREFIX}:").partition(":")
        user_id, _, asked = ticket.rpartition(":")
        return cls(user_id, int(asked), answer == "y") if answer in ("y", "n") and asked.isdecimal() else None


@dataclass(frozen=True, slots=True)
class OwnDataCommands:
    """The same is given and erased; both only in the chat with them alone."""

    own: OwnData
    erasure: Erasure
    messages: Messages
    clock: Clock

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (
            Command(name="export", handler=self.export, level=Level.STRANGER, is_bare=True, is_personal=True),
            Command(name="forget", handler=self.forget, level=Level.STRANGER, is_personal=True),
        )

    async def is_right(self, turn: Turn) -> bool:
        """True if a turn asks for these, of a person of whom there is something here."""
        return _asks(turn) and await self.own.is_known(turn.user_id)

    async def export(self, turn: Turn, argument: str) -> Outcome:
        """A file of everything; one at a time, so that nobody fills the disk with files that wait."""
        if not turn.place.is_private:
            return only_in_private(say("own_data.private"))
        if await self.own.has_file_waiting(turn.user_id):
            return Outcome.answer(say("own_data.waiting"))
        sections = await self.own.fit(turn.user_id)
        counts = _told({section: fit.there for section, fit in sections.items()}, sections)
        is_cut = any(fit.left_out for fit in sections.values())
        text = say("own_data.file_cut" if is_cut else "own_data.file", counts=counts)
        return Outcome.answer(text, document=LaterDocument(f"polar-{turn.user_id}.json", SUBJECT))

    async def forget(self, turn: Turn, argument: str) -> Outcome:
        """The question, with what would be erased and what stays; nothing is done before the button is pressed."""
        if argument.lower() != ME:
            raise UsageError(say("own_data.what"))
        if not turn.place.is_private:
            return only_in_private(say("own_data.private"))
        counts = _told(await self._counts(turn.user_id))
        text = say("own_data.sure", counts=counts, minutes=VALID_MS // MINUTE_MS)
        erases = ErasurePress(turn.user_id, self.clock() // 1000, erases=True)
        erase = Button(say("own_data.erase"), erases.data)
        keep = Button(say("own_data.keep"), replace(erases, erases=False).data)
        return Outcome.answer(text, buttons=((erase, keep),))

    async def press(self, turn: Turn, data: str) -> Outcome:
        """By whoever asked, for ten minutes, once."""
        assert turn.press is not None
        pressed = ErasurePress.parse(data)
        if pressed is None or not await self._is_open(turn, turn.press, pressed):
            return stale(turn.press)
        if not pressed.erases:
            return with_toast(turn, say("own_data.kept"))
        turn.record(*self.erasure.of(turn.user_id, now_ms=self.clock(), asked_by=turn.update_id))
        return with_toast(turn, "", Outcome.answer(say("own_data.erased")))

    async def _is_open(self, turn: Turn, press: Press, pressed: ErasurePress) -> bool:
        if not turn.place.is_private or pressed.user_id != turn.user_id:
            return False
        if not 0 <= self.clock() - pressed.asked_s * 1000 <= VALID_MS:
            return False
        asked = await self.messages.find(turn.session_id, press.telegram_message_id or 0)
        return asked is not None and asked.text != ""  # else it was answered: the question is erased too

    async def _counts(self, user_id: str) -> SectionCounts:
        return {section: await self.own.count(user_id, section) for section in SECTIONS}


def _asks(turn: Turn) -> bool:
    if turn.press is not None:
        return turn.press.data.startswith(f"{PREFIX}:")
    match turn.command:
        case Invocation("export", ""):
            return True
        case Invocation("forget", argument):
            return argument.lower() == ME
    return False


def _told(there: SectionCounts, given: Mapping[str, Fit] | None = None) -> str:
    """The amount that there is, and that is given where it is less."""
    told = []
    for section, count in there.items():
        name, number = say(f"own_data.section.{section}"), count if given is None else given[section].given
        if number < count:
            told.append(say("own_data.of_total", name=name, count=number, total=count))
        elif count:
            told.append(say("own_data.count", name=name, count=count))
    return ", ".join(told) or say("own_data.nothing")
