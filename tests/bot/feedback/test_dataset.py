"""Files of rated answers: what stands in them, and above all what does not."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import CannotRun
from storage.database import Database
from storage.parts import CONTACT, FORWARDED, LINK, MENTION, QUOTE, REPLIED_TO, Part
from storage.tables.experiments import Experiments
from storage.tables.message_parts import MessageParts
from storage.tables.messages import Messages
from teaching.splits import LEAST_PEOPLE
from tests.bot.feedback.sharing import Talk
from tests.storage.trying import VARIANTS, experiment

SECRET = "the word is quetzal"
GROUP = -5


@pytest.fixture
def talk(database: Database, tmp_path: Path) -> Talk:
    """Nobody has said anything yet."""
    return Talk(database, tmp_path)


def left_out(counts: dict[str, int], *reasons: str) -> bool:
    """True if just these were counted, one each."""
    return {reason: count for reason, count in counts.items() if count} == dict.fromkeys(reasons, 1)


async def test_a_rated_answer_is_a_line_with_its_prompt(talk: Talk) -> None:
    """What was said before, what was asked, what was answered, and what was thought of it."""
    await talk.share("7")
    hello = await talk.ask("hi", answer="hello")
    answer = await talk.ask("what is it?", answer="a book", before=(hello - 1, hello))
    await talk.rate(answer, "👎")
    made = await talk.make()
    [line] = talk.lines("kto-train.jsonl")
    assert line | {"id": "", "person": ""} == {
        "prompt": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "hello"},
            {"role": "user", "content": "what is it?"},
        ],
        "completion": [{"role": "assistant", "content": "a book"}],
        "label": False,
        "id": "",
        "person": "",
        "model": "m",
        "at_ms": line["at_ms"],
    }
    assert (made.lines, made.people) == ({"kto": {"train": 1, "test": 0}}, 1)
    assert left_out(made.dropped)


async def test_the_folder_holds_a_card_a_manifest_and_files_of_its_owner_alone(talk: Talk) -> None:
    """The manifest has the digest of each line; the card has what tools load the files by."""
    await talk.share("7")
    await talk.rate(await talk.ask())
    await talk.make("kto", "sft")
    folder = talk.folder / "out"
    names = ["README.md", "kto-train.jsonl", "manifest.json", "sft-train.jsonl"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in talk.folder.iterdir() if path.is_dir()) == ["out"]
    listed = talk.manifest()["lines"]
    [kto] = talk.lines("kto-train.jsonl")
    lines = {name: (folder / f"{name}-train.jsonl").read_bytes().strip() for name in ("kto", "sft")}
    assert listed == {f"{name}/{kto['id']}": hashlib.sha256(line).hexdigest() for name, line in lines.items()}
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nconfigs:\n- config_name: kto\n  data_files:\n  - split: train\n    path: kto-train")
    assert "rebuilt, not as sent" in card
    assert f"fewer than {LEAST_PEOPLE}" in card


async def test_without_any_example_there_is_an_empty_file_that_no_tool_is_told_of(talk: Talk) -> None:
    """Tools refuse empty files; whoever looks sees why there is nothing."""
    await talk.rate(await talk.ask())
    made = await talk.make()
    assert left_out(made.dropped, "no_leave")
    assert talk.lines("kto-train.jsonl") == []
    card = (talk.folder / "out" / "README.md").read_text()
    assert "configs: []" in card
    assert "1 answers with words of somebody who has not said /feedback share on" in card


@pytest.mark.parametrize("without", ["7", "8", "9"])
@pytest.mark.parametrize("is_off", [True, False])
async def test_without_the_leave_of_all_nothing_is_told(talk: Talk, without: str, is_off: bool) -> None:
    """Of who asked, of who wrote before, of who was answered before: unset is not on."""
    people = {"7", "8", "9"}
    await talk.share(*people - {without})
    if is_off:
        await talk.share(without, is_shared=False)
    first = await talk.chat(GROUP).ask("hi all", person="8")
    second = await talk.ask("and me?", chat=GROUP, person="9", answer=f"Sure: {SECRET}")
    answer = await talk.ask(SECRET, chat=GROUP, before=(first, second))
    await talk.rate(answer, chat=GROUP)
    made = await talk.make()
    assert left_out(made.dropped, "not_shared" if (without, is_off) == ("7", True) else "no_leave")
    assert b"quetzal" not in talk.written()
    await talk.share(without)
    await talk.make()
    [line] = talk.lines("kto-train.jsonl")
    assert line["prompt"][0]["content"] == "person 2: hi all"


async def test_what_somebody_says_of_an_answer_is_told_unless_they_have_said_off(talk: Talk) -> None:
    """A rating holds no text; it is theirs all the same."""
    await talk.share("7")
    answer = await talk.ask(chat=GROUP)
    await talk.rate(answer, "👎", chat=GROUP, person="8")
    assert (await talk.make()).lines["kto"]["train"] == 1
    await talk.share("8", is_shared=False)
    assert left_out((await talk.make()).dropped, "not_shared")


async def test_after_forget_me_no_byte_of_them_is_in_the_next_files(talk: Talk) -> None:
    """Not their words, nor what was answered to them, nor what they thought of it; the manifest says what went."""
    await talk.share("7", "8")
    theirs = await talk.ask(SECRET, chat=8, person="8")
    await talk.rate(theirs, chat=8, person="8")
    before = await talk.ask("it is me, Quetzal", chat=GROUP, person="8", answer="Hello, Quetzal.")
    in_group = await talk.ask("who was it?", chat=GROUP, before=(before - 1, before))
    await talk.rate(in_group, chat=GROUP)
    mine = await talk.ask("what?", answer="that")
    await talk.rate(mine)
    rated = await talk.ask("which?", chat=GROUP, answer="this")
    await talk.rate(rated, chat=GROUP, person="8")
    assert (await talk.make()).lines["kto"]["train"] == 4
    former = talk.manifest()["lines"]
    persons = {line["person"] for line in talk.lines("kto-train.jsonl")}
    await talk.forget("8")
    made = await talk.make()
    [line] = talk.lines("kto-train.jsonl")
    assert line["completion"][0]["content"] == "that"
    assert b"uetzal" not in talk.written()
    assert [person for person in persons if person.encode() in talk.written()] == [line["person"]]
    gone = talk.manifest()["withdrawn"]
    assert gone == {name: digest for name, digest in former.items() if line["id"] not in name}
    assert made.withdrawn == 3


async def test_what_was_withdrawn_stays_listed(talk: Talk) -> None:
    """Whoever has older files than the last ones must find it, too; what comes back is withdrawn no more."""
    await talk.share("7")
    await talk.rate(await talk.ask())
    await talk.make()
    first = talk.manifest()
    await talk.share("7", is_shared=False)
    for _ in range(2):
        await talk.make()
        assert (talk.manifest()["lines"], talk.manifest()["withdrawn"]) == ({}, first["lines"])
    await talk.share("7")
    await talk.make()
    assert talk.manifest() == first


OTHERS: dict[str, Part] = {
    "a quote": Part(kind=QUOTE, author_id="9", content={"from": "Cyd", "text": "so"}),
    "a quote of nobody known": Part(kind=QUOTE, content={"text": "so"}),
    "a message that is replied to": Part(kind=REPLIED_TO, author_id="9", content={"text": "so"}),
    "a file that is replied to": Part(kind=REPLIED_TO, author_id="7", content={"attachment": {"kind": "photo"}}),
    "a forward": Part(kind=FORWARDED, author_id="9", content={"from": "Cyd"}),
    "a contact": Part(kind=CONTACT, author_id="9", content={"number": "1"}),
    "a name": Part(kind=MENTION, author_id="9", content={"from": "Cyd", "text": "Cyd"}),
}
OWN: dict[str, Part] = {
    "a quote of ours": Part(kind=QUOTE, author_id="1", content={"yours": True, "text": "so"}),
    "a quote of their own": Part(kind=QUOTE, author_id="7", content={"text": "so"}),
    "a link": Part(kind=LINK, content={"url": "https://a.example"}),
}


@pytest.mark.parametrize("where", ["question", "history"])
@pytest.mark.parametrize("held", [*OTHERS, *OWN])
async def test_what_holds_somebody_elses_words_is_not_told(talk: Talk, held: str, where: str) -> None:
    """In the question, or anywhere before it; everybody's leave to share is no leave of whom they quote."""
    await talk.share("7", "9")
    before = await talk.chat().ask("before")
    answer = await talk.ask(before=(before,))
    await talk.rate(answer)
    number = before if where == "history" else answer - 1
    part = {**OTHERS, **OWN}[held]
    await talk.database.commit(*MessageParts.add(talk.chat().session_id, number, [part], sequence=1, now_ms=1))
    made = await talk.make()
    assert left_out(made.dropped, *(["others"] if held in OTHERS else []))
    assert made.lines["kto"]["train"] == int(held in OWN)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE polar_messages SET kind = 'voice', attachment = '{}' WHERE sequence = 1", "others"),
        ("UPDATE polar_messages SET kind = 'location' WHERE sequence = 2", "others"),
        ("UPDATE polar_messages SET attachment = '{}' WHERE sequence = 3", "others"),
        ("UPDATE polar_messages SET text = '' WHERE sequence = 1", "not_kept"),
        ("UPDATE polar_messages SET text = '' WHERE sequence = 2", "not_kept"),
        ("DELETE FROM polar_messages WHERE sequence = 1", "not_kept"),
        ("DELETE FROM polar_messages WHERE sequence = 2", "nobody_known"),
        ("UPDATE polar_messages SET origin = json_remove(origin, '$.history') WHERE sequence = 3", "no_history"),
        ("UPDATE polar_messages SET origin = json_remove(origin, '$.personality')", "other_personality"),
        (
            "UPDATE polar_messages SET origin = json_set(origin, '$.profileId', 'gone', '$.personality', 'abc')",
            "other_personality",
        ),
        ("DELETE FROM polar_keys WHERE purpose = 'personality'", "other_personality"),
    ],
)
async def test_what_cannot_be_told_whole_is_left_out_and_counted(talk: Talk, change: str, reason: str) -> None:
    """A file, a text that is gone, a row that is gone, a history that nobody knows, another personality."""
    await talk.share("7")
    before = await talk.chat().ask("before")
    await talk.rate(await talk.ask(before=(before,)))
    await talk.change(change)
    made = await talk.make()
    assert left_out(made.dropped, reason)
    assert talk.lines("kto-train.jsonl") == []


async def test_a_personality_is_told_as_long_as_it_is_the_same(talk: Talk) -> None:
    """By its fingerprint: a profile keeps its id when its text changes."""
    await talk.share("7")
    profile = "INSERT INTO polar_personality_profiles VALUES ('p', 'global', NULL, NULL, NULL, ?, 0, 0)"
    await talk.change(profile, "Be brief.")
    printed = await talk.print_of("Be brief.")
    answer = await talk.answer("Yes.", await talk.chat().ask(), profile_id="p", personality=printed)
    await talk.rate(answer)
    await talk.make()
    assert talk.lines("kto-train.jsonl")[0]["prompt"][0] == {"role": "system", "content": "Be brief."}
    await talk.change("UPDATE polar_personality_profiles SET prompt = 'Be long.'")
    assert left_out((await talk.make()).dropped, "other_personality")


async def test_a_variants_personality_is_told_though_it_is_no_profile(talk: Talk) -> None:
    """The experiment keeps its text, by whose fingerprint it is known; where its row is damaged, it is not."""
    await talk.share("7")
    await talk.database.commit(*Experiments.start(experiment("terse")))
    text = VARIANTS[1].personality
    known: dict[str, Any] = {"profile_id": "experiment:terse:short", "experiment": "terse", "variant": "short"}
    for personality in (text, "Be long."):
        printed = await talk.print_of(personality)
        await talk.rate(await talk.answer("Yes.", await talk.chat().ask(), personality=printed, **known))
    assert left_out((await talk.make()).dropped, "other_personality")
    assert [line["prompt"][0] for line in talk.lines("kto-train.jsonl")] == [{"role": "system", "content": text}]
    await talk.change("UPDATE polar_experiments SET variants = '[]'")
    assert (await talk.make()).lines["kto"]["train"] == 0


async def test_the_neutral_personality_is_known_by_its_text(talk: Talk) -> None:
    """Which has an id like any other, and no row."""
    await talk.share("7")
    await talk.rate(await talk.answer("Yes.", await talk.chat().ask(), profile_id="profile.default"))
    assert (await talk.make()).lines["kto"]["train"] == 1


async def test_edits_since_are_undone(talk: Talk) -> None:
    """Of what people wrote and of what we said; an edit of which no former text was kept leaves nothing."""
    await talk.share("7")
    hello = await talk.ask("hi", answer="hello")
    session = talk.chat().session_id
    answer = await talk.ask("what is it?", before=(hello - 1, hello))
    await talk.rate(answer)
    late: dict[str, Any] = {"session_id": session, "attachment": None, "now_ms": talk.chat().at_ms}
    await talk.database.commit(*Messages.revise(telegram_message_id=hello - 1, text="bye", **late))
    await talk.database.commit(*Messages.revise(telegram_message_id=answer - 1, text="who is it?", **late))
    delivery = f"{session}:{hello}:0:0"
    await talk.database.commit(Messages.keep_former(delivery, text="goodbye", now_ms=talk.chat().at_ms))
    await talk.change("UPDATE polar_messages SET text = 'goodbye' WHERE deliveryId = ?", delivery)
    await talk.make()
    [line] = talk.lines("kto-train.jsonl")
    assert [message["content"] for message in line["prompt"]] == ["hi", "hello", "what is it?"]
    lost = Messages.revise(
        telegram_message_id=answer - 1, text="where?", keeps_former=False, **late | {"now_ms": 10**10}
    )
    await talk.database.commit(*lost)
    await talk.make()
    assert [message["content"] for message in talk.lines("kto-train.jsonl")[0]["prompt"]][-1] == "what is it?"
    await talk.change("DELETE FROM polar_message_revisions WHERE telegramMessageId = ?", answer - 1)
    assert left_out((await talk.make()).dropped, "not_kept")


async def test_messages_of_one_turn_are_one_question(talk: Talk) -> None:
    """What was merged was answered together; the answer names the last of them."""
    await talk.share("7")
    first, second = await talk.chat().ask("one"), await talk.chat().ask("two")
    await talk.change("UPDATE polar_messages SET turnId = 'update:1:1'")
    await talk.rate(await talk.answer("both", second))
    assert first < second
    await talk.make()
    assert talk.lines("kto-train.jsonl")[0]["prompt"] == [{"role": "user", "content": "one\ntwo"}]


async def test_who_is_replied_to_must_be_in_the_prompt_or_the_writer(talk: Talk) -> None:
    """What is replied to was shown to the model, and is stored as a message of its own."""
    await talk.share("7", "8")
    other = await talk.chat(GROUP).ask("look at this", person="8")
    question = await talk.chat(GROUP).ask("what is it?")
    reply = "UPDATE polar_messages SET threadKey = ? WHERE telegramMessageId = ?"
    await talk.change(reply, f"reply:{GROUP}:{other}", question)
    await talk.rate(await talk.answer("a book", question, chat=GROUP), chat=GROUP)
    assert left_out((await talk.make()).dropped, "others")
    await talk.change(
        "UPDATE polar_messages SET origin = json_set(origin, '$.history', json('[1]')) WHERE role <> 'user'"
    )
    assert (await talk.make()).lines["kto"]["train"] == 1
    await talk.change(
        "UPDATE polar_messages SET origin = json_set(origin, '$.history', json('[]')) WHERE role <> 'user'"
    )
    await talk.change("UPDATE polar_messages SET userId = '7' WHERE telegramMessageId = ?", other)
    assert (await talk.make()).lines["kto"]["train"] == 1


async def test_the_same_data_gives_the_same_bytes(talk: Talk) -> None:
    """In whatever order it is read; another folder has the same."""
    await talk.share("7", "8")
    for chat in (8, 7):
        for number in range(3):
            await talk.rate(await talk.ask(f"q{number}", chat=chat, person=str(chat)), chat=chat, person=str(chat))
    await talk.make("kto", "sft")
    await talk.make("kto", "sft", out="again")
    assert talk.written() == talk.written("again")
    await talk.make("kto", "sft")
    assert talk.written() == talk.written("again")


async def test_fresh_ids_are_in_no_other_file(talk: Talk) -> None:
    """Nor are lines in the same order; what was withdrawn cannot be told then."""
    await talk.share("7")
    for number in range(8):
        await talk.rate(await talk.ask(f"q{number}"))
    await talk.make()
    known = talk.lines("kto-train.jsonl")
    fresh = [known]
    for key in ("a", "b"):
        await talk.make(fresh_key=key)
        fresh.append(talk.lines("kto-train.jsonl"))
        assert talk.manifest()["withdrawn"] == {}
    ids = [{line[name] for line in lines for name in ("id", "person")} for lines in fresh]
    assert not ids[0] & ids[1]
    assert not ids[1] & ids[2]
    asked = [[line["prompt"][0]["content"] for line in lines] for lines in fresh]
    assert asked[0] != asked[1] != asked[2]
    assert sorted(asked[0]) == sorted(asked[1]) == sorted(asked[2])


async def paired(talk: Talk, *, first: str = "👎", second: str = "👍", answer: str = "a book", **changes: Any) -> None:
    """Two answers to one question, each rated."""
    await talk.share("7")
    question = await talk.chat().ask("what is it?")
    worse = await talk.answer("a pen", question)
    better = await talk.answer(answer, question, **{"alternative_of": f"msg_a_{worse}", **changes})
    await talk.rate(worse, first)
    await talk.rate(better, second)


@pytest.mark.parametrize("form", ["dpo", "openai-dpo"])
async def test_two_answers_to_one_prompt_are_a_pair(talk: Talk, form: str) -> None:
    """The first was disliked, another one was asked for, and liked."""
    await paired(talk)
    await talk.make(form)
    [line] = talk.lines(f"{form}-train.jsonl")
    asked = [{"role": "user", "content": "what is it?"}]
    assert (line["prompt"] if form == "dpo" else line["input"]["messages"]) == asked
    chosen, rejected = ("chosen", "rejected") if form == "dpo" else ("preferred_output", "non_preferred_output")
    assert (line[chosen][0]["content"], line[rejected][0]["content"]) == ("a book", "a pen")


async def test_everybody_who_judged_one_of_two_answers_is_counted(talk: Talk) -> None:
    """Two people besides who asked: three."""
    await talk.share("7")
    question = await talk.chat(GROUP).ask("what is it?")
    worse = await talk.answer("a pen", question, chat=GROUP)
    better = await talk.answer("a book", question, chat=GROUP, alternative_of=f"msg_a_{worse}")
    await talk.rate(worse, "👎", chat=GROUP, person="8")
    await talk.rate(better, chat=GROUP, person="9")
    made = await talk.make("dpo")
    assert (made.lines["dpo"]["train"], made.people) == (1, 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"second": "👎"},
        {"first": "👍"},
        {"alternative_of": None},
        {"history": (1,)},
        {"answer": "a pen"},
    ],
)
async def test_what_is_not_disliked_then_liked_to_one_prompt_is_no_pair(talk: Talk, changes: dict[str, Any]) -> None:
    """Nor are two answers of which neither was asked for in place of the other, or which say the same."""
    await talk.chat().ask("before")
    await paired(talk, **changes)
    assert (await talk.make("dpo")).lines == {"dpo": {"train": 0, "test": 0}}


async def test_what_is_imitated_was_liked_and_is_whole(talk: Talk) -> None:
    """An answer that was cut is learnt from by its label, never by its words."""
    await talk.share("7")
    await talk.rate(await talk.ask("one", answer="liked"))
    await talk.rate(await talk.ask("two", answer="disliked"), "👎")
    await talk.rate(await talk.answer("cut", await talk.chat().ask("three"), ended="cut"))
    made = await talk.make("kto", "sft", "promptfoo")
    assert [line["messages"][-1]["content"] for line in talk.lines("sft-train.jsonl")] == ["liked"]
    assert [line["vars"]["disliked"] for line in talk.lines("promptfoo-train.jsonl")] == ["disliked"]
    assert made.lines["kto"]["train"] == 3


async def test_automations_come_where_they_are_asked_for(talk: Talk) -> None:
    """Their prompt is what was asked; one that has changed since is no longer kept. Leave is their owner's."""
    await talk.share("7")
    job = (
        "INSERT INTO polar_automation_jobs (id, ownerUserId, sessionId, schedule, promptTemplate, enabled, "
        "createdAtMs, updatedAtMs) VALUES ('j', '7', 'telegram:chat:-5', 's', 'Say good morning', 1, 0, 0)"
    )
    await talk.change(job)
    answer = await talk.answer("Good morning!", None, chat=GROUP, automation_id="j", run_id="r")
    await talk.rate(answer, chat=GROUP, person="8")
    assert left_out((await talk.make()).dropped, "automation")
    await talk.make(automations=True)
    [line] = talk.lines("kto-train.jsonl")
    assert line["prompt"] == [{"role": "user", "content": "person 1: Say good morning"}]
    await talk.change("UPDATE polar_automation_jobs SET updatedAtMs = ?", 10**13)
    assert left_out((await talk.make(automations=True)).dropped, "nobody_known")


async def test_with_twenty_people_some_are_the_test_and_nobody_is_in_both(talk: Talk) -> None:
    """People who write in one group hang together; each prompt is in one of the two."""
    people = [str(number) for number in range(100, 100 + 2 * LEAST_PEOPLE)]
    await talk.share(*people)
    for person in people:
        await talk.rate(
            await talk.ask(f"I am {person}", chat=int(person), person=person), chat=int(person), person=person
        )
    for person in people[:10]:
        answer = await talk.ask(f"here I am {person}", chat=GROUP, person=person)
        await talk.rate(answer, chat=GROUP, person=person)
    made = await talk.make("kto", "sft")
    train, test = (talk.lines(f"kto-{split}.jsonl") for split in ("train", "test"))
    assert len(train) + len(test) == len(people) + 10
    assert made.lines["sft"] == made.lines["kto"] == {"train": len(train), "test": len(test)}
    assert test
    assert not {line["person"] for line in train} & {line["person"] for line in test}
    in_group = [{line["person"] for line in lines if "here" in line["prompt"][0]["content"]} for lines in (train, test)]
    assert [] in [sorted(each) for each in in_group]
    assert "- split: test\n    path: kto-test.jsonl" in (talk.folder / "out" / "README.md").read_text()


async def test_the_same_question_with_the_same_answer_is_one_line(talk: Talk) -> None:
    """What was thought of it last counts."""
    await talk.share("7", "8")
    await talk.rate(await talk.ask("ping", answer="pong"))
    await talk.rate(await talk.ask("ping", answer="pong", chat=8, person="8"), "👎", chat=8, person="8")
    await talk.make()
    assert [line["label"] for line in talk.lines("kto-train.jsonl")] == [False]


async def test_who_changes_their_mind_while_it_is_read_is_heard(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The former files stay, and the next run goes by what was said."""
    await talk.share("7")
    await talk.rate(await talk.ask())
    await talk.make()
    before = talk.written()
    read = Database.look_up
    said: list[Callable[[], Awaitable[None]]] = [lambda: talk.share("7", is_shared=False)]

    async def looked(database: Database, sql: str, params: Any = ()) -> Any:
        if "polar_message_parts" in sql and said:
            await said.pop()()
        return await read(database, sql, params)

    monkeypatch.setattr(Database, "look_up", looked)
    with pytest.raises(CannotRun, match="run it again"):
        await talk.make()
    assert talk.written() == before
    assert (await talk.make()).lines["kto"]["train"] == 0


@pytest.mark.parametrize("manifest", ["", '{"name": "an extension"}', None])
async def test_a_folder_of_the_same_names_is_left_alone(talk: Talk, manifest: str | None) -> None:
    """Of a program that has a README.md and a manifest.json as well."""
    (out := talk.folder / "out").mkdir()
    (out / "README.md").write_text("mine")
    if manifest is not None:
        (out / "manifest.json").write_text(manifest)
    with pytest.raises(CannotRun, match=r"no manifest\.json of a dataset"):
        await talk.make()
    assert (out / "README.md").read_text() == "mine"


async def test_a_folder_that_holds_anything_else_is_left_alone(talk: Talk) -> None:
    """It would be gone; a file is no folder."""
    (talk.folder / "out").mkdir()
    (talk.folder / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(CannotRun, match=r"thesis\.txt"):
        await talk.make()
    (talk.folder / "file").write_text("mine")
    with pytest.raises(CannotRun, match="is a file"):
        await talk.make(out="file")
    assert talk.written() == b"mine"
