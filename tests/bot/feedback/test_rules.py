"""From what people did to the files: the rules that nobody may break unseen, each by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.feedback.labels import write_labels
from bot.feedback.pseudonyms import Pseudonyms
from bot.feedback.reading import Labels
from storage.database import Database
from storage.tables.messages import Messages
from teaching.forms import FORMS
from teaching.splits import LEAST_PEOPLE
from tests.bot.feedback.sharing import Talk, read_lines

GROUP = -1_009_900_112_233


@pytest.fixture
async def talk(database: Database, tmp_path: Path) -> Talk:
    """Nobody has said anything yet, and one person shares."""
    talk = Talk(database, tmp_path)
    await talk.share("7")
    return talk


async def rows(talk: Talk) -> list[dict[str, Any]]:
    """The labels without texts; and there is an example for each."""
    out = talk.folder / "labels.jsonl"
    await write_labels(Labels(talk.database, 0, False), Pseudonyms("key"), out)
    found = read_lines(out)
    await talk.make("kto")
    assert [line["label"] for line in talk.lines("kto-train.jsonl")] == [row["score"] > 0 for row in found]
    return found


async def test_liked_then_disliked_then_taken_back_is_no_row(talk: Talk) -> None:
    """Nothing of it stands, and silence is no label."""
    answer = await talk.ask()
    chat = talk.chat()
    for emoji, taken_back in (("👍", False), ("👍", True), ("👎", False)):
        await chat.rate(answer, emoji, taken_back=taken_back)
    assert [row["score"] for row in await rows(talk)] == [-1]
    await chat.rate(answer, "👎", taken_back=True)
    assert await rows(talk) == []


async def test_a_button_and_a_reaction_are_one_label(talk: Talk) -> None:
    """Of one person on one answer, however often they say the same."""
    answer = await talk.ask()
    chat = talk.chat()
    await chat.rate(answer, "👍")
    press = {"actor": "7", "via": "button", "place": [chat.at_ms, 0]}
    await chat.note(answer, "reaction_added", emoji="👍", payload=press)
    assert [(row["score"], row["via"]) for row in await rows(talk)] == [(1, "button")]


async def test_an_answer_that_is_rewritten_loses_its_label(talk: Talk) -> None:
    """What was said of it was said of another text; what is said from then on counts."""
    answer = await talk.ask(answer="The old one.")
    chat = talk.chat()
    await chat.rate(answer, "👍")
    assert len(await rows(talk)) == 1
    delivery = f"{chat.session_id}:{answer}:0:0"
    said: dict[str, Any] = {"session_id": chat.session_id, "thread_key": chat.thread_key, "now_ms": chat.at_ms}
    origin = await talk.origin(7)
    await talk.database.commit(
        Messages.keep_former(delivery, text="The new one.", now_ms=chat.at_ms),
        Messages.rewrite(delivery, **said, text="The new one.", origin=origin, answers=answer - 1),
    )
    assert await rows(talk) == []
    talk.at_ms = chat.at_ms + 1
    await talk.chat().rate(answer, "👎")
    assert [row["score"] for row in await rows(talk)] == [-1]


async def test_no_file_holds_an_id_of_telegrams(talk: Talk) -> None:
    """Neither of a chat nor of a person, a message or a job, in whichever form, and not in the manifest either."""
    people = {"8800155": 8_800_155, "8800266": 8_800_266}
    await talk.share(*people)
    for person, chat_id in people.items():
        for chat in (chat_id, GROUP):
            first = await talk.ask(chat=chat, person=person, answer="No.")
            await talk.rate(first, "👎", chat=chat, person=person)
            another: dict[str, Any] = {"alternative_of": f"msg_a_{first}", "responder": "openai"}
            second = await talk.answer("Yes.", first - 1, chat=chat, **another)
            await talk.rate(second, chat=chat, person=person)
    made = await talk.make(*FORMS)
    assert all(splits["train"] for splits in made.lines.values())
    await write_labels(Labels(talk.database, 0, False), Pseudonyms("key"), talk.folder / "out" / "labels.jsonl")
    told = talk.written()
    raw = [*people, str(GROUP), str(-GROUP), str(GROUP)[4:], "msg_a_", "telegram:chat"]
    assert [name for name in raw if name.encode() in told] == []


async def test_no_person_and_no_prompt_is_in_both_splits(talk: Talk) -> None:
    """Though many ask the same, and some of them write in two chats."""
    people = [str(number) for number in range(100, 100 + 4 * LEAST_PEOPLE)]
    await talk.share(*people)
    for number, person in enumerate(people):
        for text in (f"I am {person}", f"common {number % 7}"):
            answer = await talk.ask(text, chat=int(person), person=person, answer=f"Hello {person}.")
            await talk.rate(answer, chat=int(person), person=person)
    await talk.rate(await talk.ask("both", chat=GROUP, person=people[0]), chat=GROUP, person=people[0])
    await talk.make("kto")
    train, test = (talk.lines(f"kto-{split}.jsonl") for split in ("train", "test"))
    assert test
    for told in ("person", "prompt"):
        assert not {str(line[told]) for line in train} & {str(line[told]) for line in test}
