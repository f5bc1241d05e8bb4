"""What the bot says by itself is no Markdown: it is shown as it stands, whatever a person's words in it are made of."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator

from emulator.model import Answer
from tests.house import CHECKOUT, House
from tests.looking import tell
from tests.model import talking

PROMPT = "water **all** the_plants_ at $5 `each` [1](x) \\(now\\)"
PROPOSAL = ("propose_automation", json.dumps({"schedule": "daily 18:00", "prompt": PROMPT}))


async def test_a_proposal_shows_a_persons_words_as_they_are(house: House) -> None:
    """Also behind words of the model, which are Markdown."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(text="A **good** idea.", tool=PROPOSAL))
        await tell(house, chat, ann, "/timezone Europe/Berlin")
        said, proposal = (await tell(house, chat, ann, "remind me"))[-2:]
    assert said == "A good idea."
    assert PROMPT in proposal
    assert "Europe/Berlin" in proposal
    assert "entities" not in house.world.sent(chat)[-1]


def marked() -> Iterator[tuple[str, str]]:
    """The calls in the code that say that something is Markdown, each with its file."""
    for path in sorted([*(CHECKOUT / "bot").rglob("*.py"), *(CHECKOUT / "middleware").rglob("*.py")]):
        code = path.read_text(encoding="utf-8")
        calls = ast.walk(ast.parse(code)) if "markdown=True" in code else ()
        for call in calls:
            if isinstance(call, ast.Call) and "markdown=True" in map(ast.unparse, call.keywords):
                yield str(path.relative_to(CHECKOUT)), ast.unparse(call)


def test_only_what_a_responder_said_is_taken_for_markdown() -> None:
    """None of what stands in middleware/languages/ is."""
    found = list(marked())
    assert {path for path, _ in found} == {"bot/responders/model/responder.py", "middleware/respond.py"}
    assert [path for path, call in found if "say(" in call] == []
