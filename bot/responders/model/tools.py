"""The one tool of the model: it may propose an automation, and a person decides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bot.errors import BotError
from bot.responders.model.calls import ToolCall
from middleware.responder import NotProposed, Propose
from middleware.turn import Reply, Turn

NAME = "propose_automation"
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": NAME,
        "description": "Propose to do something later or regularly: a reminder, or anything that you could be asked. "
        "The person is shown the proposal with two buttons; nothing is set up unless they press Create.",
        "parameters": {
            "type": "object",
            "properties": {
                "schedule": {
                    "type": "string",
                    "description": "When, by the person's clock, in one of these forms: in 20 minutes; "
                    "once 2026-12-24 08:00; every 2 hours; daily 18:00; weekdays 09:00; weekly Mon,Thu 07:00; "
                    "monthly 1 09:00; monthly last 09:00; or five cron fields. The person's own words do as well: "
                    "every other monday at 9; tomorrow at 18:00; on 24 December at 8.",
                },
                "prompt": {"type": "string", "description": "What you are to be asked then, in the person's words."},
            },
            "required": ["schedule", "prompt"],
        },
    },
}


class Unusable(BotError):
    """The call cannot be carried out; the message says why, for the model and for the person."""


async def propose(call: ToolCall, turn: Turn, door: Propose) -> Reply:
    """The proposal that a call asks for. Raises Unusable."""
    try:
        given = json.loads(call.arguments)
        schedule, prompt = given["schedule"], given["prompt"]
    except (ValueError, KeyError, TypeError):
        raise Unusable("expected an object with `schedule` and `prompt`") from None
    if call.name != NAME or not (isinstance(schedule, str) and isinstance(prompt, str)):
        raise Unusable(f"expected a call of {NAME} with two texts")
    try:
        proposal = await door.automation(turn, schedule=schedule, prompt=prompt)
    except NotProposed as error:
        raise Unusable(str(error)) from None
    return replace(proposal, asks=bool(proposal.buttons))
