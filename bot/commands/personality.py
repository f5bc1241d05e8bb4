"""/personality: how the bot is to speak; to somebody, to somebody in a chat, or to everybody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from middleware.commands import Command
from middleware.texts import say
from middleware.turn import Clock, Level, Outcome, Turn
from middleware.usage import UsageError, not_allowed, nothing_behind, unknown_form
from storage.tables.personalities import MAX_PROMPT, Personalities, ProfileScope, ProfileTarget, PromptRefused

# Phones make one long dash of two.
_OPTION = re.compile(r"(?:--|[–—])(\w+)(?:\s+|$)")
_SCOPES = ("session", "global")


@dataclass(frozen=True, slots=True)
class PersonalityCommands:
    """One's own profiles; everybody's is the operators'."""

    personalities: Personalities
    clock: Clock

    def commands(self) -> tuple[Command, ...]:
        """In the order of the menu."""
        return (Command(name="personality", handler=self.run, is_personal=True),)

    async def run(self, turn: Turn, argument: str) -> Outcome:
        """Dispatch to one of the forms."""
        verb, _, rest = argument.partition(" ")
        match verb.lower():
            case "" | "show":
                if rest.strip():
                    raise nothing_behind(rest.strip())
                return await self._show(turn)
            case "set" | "reset":
                scope, text = _scope(rest.strip())
                if scope == "global" and turn.level < Level.OPERATOR:
                    return not_allowed(Level.OPERATOR)
                change = self._set if verb.lower() == "set" else self._reset
                return change(turn, scope, text)
            case _:
                raise unknown_form(verb)

    async def _show(self, turn: Turn) -> Outcome:
        profile = await self.personalities.effective(user_id=turn.user_id, session_id=turn.session_id)
        if profile is None:
            return Outcome.answer(say("personality.neutral"))
        where = say(f"personality.where.{profile.scope}")
        return Outcome.answer(say("personality.shown", where=where, prompt=profile.prompt))

    def _set(self, turn: Turn, scope: ProfileScope, text: str) -> Outcome:
        try:
            turn.record(*self.personalities.set(_target(turn, scope), text, now_ms=self.clock()))
        except PromptRefused:
            raise UsageError(_refusal(text)) from None
        return Outcome.answer(say("personality.set", where=say(f"personality.to.{scope}")))

    def _reset(self, turn: Turn, scope: ProfileScope, text: str) -> Outcome:
        if text:
            raise nothing_behind(text)
        turn.record(self.personalities.reset(_target(turn, scope)))
        return Outcome.answer(say("personality.reset", where=say(f"personality.where.{scope}")))


def _scope(written: str) -> tuple[ProfileScope, str]:
    """The scope that the option in front asks for, and the text behind it; raises UsageError."""
    option = _OPTION.match(written)
    if option is None:
        return "user", written
    rest = written[option.end() :]
    if option[1].lower() not in _SCOPES or _OPTION.match(rest):
        raise UsageError(say("personality.options"))
    return cast(ProfileScope, option[1].lower()), rest


def _refusal(text: str) -> str:
    if not text:
        return say("personality.no_text", most=MAX_PROMPT)
    return say("personality.too_long", most=MAX_PROMPT, found=len(text))


def _target(turn: Turn, scope: ProfileScope) -> ProfileTarget:
    return ProfileTarget(
        scope=scope,
        user_id=None if scope == "global" else turn.user_id,
        session_id=turn.session_id if scope == "session" else None,
    )
