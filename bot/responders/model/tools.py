"""The tools of the model: it may propose an automation, have a fact kept, and propose to forget one.

Whatever calls them is a stranger: arguments may be anything, and nothing but a person's press removes or sets up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.errors import BotError
from bot.responders.model.calls import ToolCall
from bot.responders.model.dialect import ChatMessage, Tool
from bot.responders.model.tokens import encode
from middleware.kept import noted, shall_i_forget
from middleware.responder import KeptFact, NotKept, NotProposed, Propose, Remember
from middleware.texts import say
from middleware.turn import Reply, Turn
from storage.tables.memories import Memory
from storage.text import clean

MOST_KEPT = 3
"""Facts of one turn."""
ASKED = "the person is asked"


def _tool(name: str, description: str, **texts: str) -> Tool:
    """A tool that takes texts, all of them required, each with what it is."""
    properties = {text: {"type": "string", "description": meaning} for text, meaning in texts.items()}
    parameters = {"type": "object", "properties": properties, "required": list(texts)}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


PROPOSE = _tool(
    "propose_automation",
    "Propose to do something later or regularly: a reminder, or anything that you could be asked. "
    "The person is shown the proposal with two buttons; nothing is set up unless they press Create.",
    schedule="When, by the person's clock, in one of these forms: in 20 minutes; "
    "once 2026-12-24 08:00; every 2 hours; daily 18:00; weekdays 09:00; weekly Mon,Thu 07:00; "
    "monthly 1 09:00; monthly last 09:00; or five cron fields. The person's own words do as well: "
    "every other monday at 9; tomorrow at 18:00; on 24 December at 8.",
    prompt="What you are to be asked then, in the person's words.",
)
REMEMBER = _tool(
    "remember",
    "Keep a fact that the person has just told about themselves, and that will matter on another day. "
    f"Sparingly, {MOST_KEPT} at most; no passwords or other keys, and nothing that stands in `memories`. "
    "The person is shown it with a button that removes it; answer them all the same.",
    fact="One short sentence, by which it is understood without the conversation, in the person's language.",
)
FORGET = _tool(
    "forget",
    "Propose to forget something of `memories`, when the person wishes that. They are asked by a button; nothing is "
    "removed unless they press it.",
    fact="What is to be forgotten, as it stands there, or in the person's words.",
)


class Unusable(BotError):
    """The call cannot be carried out; the message says why, for the model."""


def offered(turn: Turn, remember: Remember) -> tuple[Tool, ...]:
    """The tools that may be called in a turn: none where nobody is there to decide."""
    if turn.run is not None or not turn.has_rights:
        return ()
    return (PROPOSE, REMEMBER, FORGET) if remember.may_keep(turn) else (PROPOSE, FORGET)


@dataclass(slots=True)
class Bench:
    """The calls of one turn, carried out, and what they come to."""

    turn: Turn
    propose: Propose
    remember: Remember
    unusable: tuple[Reply, ...] = ()
    """What is to be said of the last answer's calls that could not be carried out, if the model has no more say."""
    _kept: tuple[KeptFact, ...] = ()
    _named: tuple[Memory, ...] = ()
    _proposal: Reply | None = None

    @property
    def is_done(self) -> bool:
        """True once a person has to decide."""
        return self._proposal is not None or bool(self._named)

    @property
    def replies(self) -> tuple[Reply, ...]:
        """What goes out behind the answer: what was kept, then what the person decides."""
        kept = (noted(self.turn, self._kept),) if self._kept else ()
        named = (shall_i_forget(self._named),) if self._named else ()
        return (*kept, *named, *((self._proposal,) if self._proposal is not None else ()))

    async def work(self, calls: Iterable[ToolCall]) -> tuple[ChatMessage, ...]:
        """Carry out the calls of an answer; they, and what became of them, as the model is told."""
        self.unusable = ()
        made: list[ChatMessage] = []
        results: list[ChatMessage] = []
        for place, call in enumerate(calls):
            number = call.id or f"call_{place}"
            try:
                told = {"result": await self._carry_out(call)}
            except Unusable as error:
                told = {"error": str(error)}
                self._note(call.name, str(error))
            function = {"name": call.name, "arguments": call.arguments}
            made.append({"id": number, "type": "function", "function": function})
            results.append({"role": "tool", "tool_call_id": number, "content": encode(told)})
        return {"role": "assistant", "tool_calls": made}, *results

    def _note(self, name: str, why: str) -> None:
        """For the person, in our own words; of a tool that there is not there is nothing to say."""
        match name:
            case "propose_automation":
                said = say("model.unscheduled", why=why)
            case "remember":
                said = say("model.unkept")
            case "forget":
                said = say("memory.not_found")
            case _:
                return
        reply = Reply(text=said, by="polar")
        if reply not in self.unusable:
            self.unusable += (reply,)

    async def _carry_out(self, call: ToolCall) -> str:
        tools = {tool["function"]["name"]: tool["function"] for tool in offered(self.turn, self.remember)}
        if call.name not in tools:
            raise Unusable(f"there is no such tool; there are: {', '.join(tools)}")
        given = _texts(call, tools[call.name]["parameters"]["required"])
        match call.name:
            case "remember":
                return await self._keep(*given)
            case "forget":
                return await self._forget(*given)
        return await self._ask(*given)

    async def _ask(self, schedule: str, prompt: str) -> str:
        if self._proposal is not None:
            return "not asked: one proposal at a time"
        try:
            proposal = await self.propose.automation(self.turn, schedule=schedule, prompt=prompt)
        except NotProposed as error:
            raise Unusable(str(error)) from None
        self._proposal = replace(proposal, asks=bool(proposal.buttons))
        return ASKED

    async def _keep(self, fact: str) -> str:
        if len(self._kept) >= MOST_KEPT:
            return f"not kept: {MOST_KEPT} facts at most"
        try:
            kept = await self.remember.keep(self.turn, fact, besides=self._kept)
        except NotKept as error:
            raise Unusable(str(error)) from None
        if kept is None:
            return "it was known"
        self._kept += (kept,)
        return "it is kept, and the person is shown it"

    async def _forget(self, fact: str) -> str:
        if self._named:
            return "not asked: one proposal at a time"
        self._named = tuple(await self.remember.find(self.turn, fact))
        if not self._named:
            raise Unusable("nothing like that is kept")
        return ASKED


def _texts(call: ToolCall, names: Sequence[str]) -> list[str]:
    """The arguments of these names, which have to be texts. Raises Unusable."""
    try:
        given = json.loads(call.arguments)
        texts = [given[name] for name in names]
    except (ValueError, KeyError, TypeError, RecursionError):
        texts = []
    if not texts or not all(isinstance(text, str) for text in texts):
        raise Unusable(f"{call.name} takes an object with {' and '.join(f'`{name}`' for name in names)}, as texts")
    return [clean(text) for text in texts]
