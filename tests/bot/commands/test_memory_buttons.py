"""The buttons under memories: what they show, what they remove, and for whom."""

from __future__ import annotations

import pytest

from emulator import Chat, Person
from middleware.kept import MemoryPress, MemoryVerb
from middleware.texts import say
from tests.house import House
from tests.looking import commands, idle, tell, texts
from tests.pressing import buttons, forget_me, last, press, press_data
from tests.responders import ECHO

FACTS = "SELECT record ->> '$.fact' FROM polar_memory ORDER BY rowid"
SHOW, FORGET = say("memory.button.show"), say("memory.button.forget")
GONE = say("memory.toast.gone")


async def remembered(house: House, chat: Chat, person: Person, *facts: str) -> None:
    """By command."""
    for fact in facts:
        assert await tell(house, chat, person, f"/remember {fact}") == [say("memory.noted")]


@pytest.mark.parametrize("responder", ["local", ECHO])
@pytest.mark.parametrize("form", ["/remember {}", "remember that {}", "@polar_test_bot remember that {}"])
async def test_what_was_kept_can_be_taken_back_at_once(house: House, responder: str, form: str) -> None:
    """By whoever had it kept, whoever answers; a second press does nothing more."""
    async with house.bot(responder=responder):
        ann, bob = house.world.person("Ann"), house.world.person("Bob")
        group = house.world.group("Friends", [ann, bob])
        asked = form if form[0] in "/@" else f"@polar_test_bot {form}"
        await tell(house, group, ann, asked.format("my bike is green"))
        note = last(house, group)
        assert await press(house, group, bob, FORGET, note) == say("memory.toast.foreign")
        assert house.rows(FACTS) == [("my bike is green",)]
        assert await press(house, group, ann, FORGET, note) == say("memory.forgotten")
        assert await press(house, group, ann, FORGET, note) == GONE
    assert house.rows(FACTS) == house.rows("SELECT 1 FROM polar_memory_fts") == []


async def test_a_fact_beside_a_question_is_said_to_be_kept(house: House) -> None:
    """Behind the answer to what else was said in the same breath."""
    ann, chat = house.chat()
    for text in ("remember that my bike is green", "how are you?"):
        house.world.say(chat, ann, text)
    async with house.bot(responder=ECHO, merge_window_ms=50):
        await house.world.wait(lambda: len(house.world.sent(chat)) == 2)
        answer, note = texts(house, chat)
        assert ("how are you?" in answer, note) == (True, say("memory.kept"))
        assert await press(house, chat, ann, FORGET) == say("memory.forgotten")
    assert house.rows(FACTS) == []


async def test_a_list_has_buttons_in_place_of_ids(house: House) -> None:
    """One shows the whole of it, with its id for who scripts; one forgets it, and asks first."""
    async with house.bot():
        ann, chat = house.chat()
        await remembered(house, chat, ann, "my bike is green", "the cat is grey")
        for command in ("/memory", "/memory show", "/memory search bike cat"):
            [listing] = await tell(house, chat, ann, command)
            lines = listing.splitlines()
            assert [line[:2] for line in lines] == ["1 ", "2 "]
            assert list(buttons(last(house, chat))) == [f"{n} {verb}" for n in (1, 2) for verb in (SHOW, FORGET)]
        place = next(line[0] for line in lines if "bike" in line)
        await press(house, chat, ann, f"{place} {SHOW}")
        [memory_id] = house.rows("SELECT memoryId FROM polar_memory WHERE record LIKE '%bike%'")[0]
        assert texts(house, chat)[-1].startswith(f"my bike is green\n({memory_id[:8]}, kept ")
        await press(house, chat, ann, FORGET)
        assert texts(house, chat)[-1] == say("memory.sure", fact="my bike is green")
        assert await press(house, chat, ann, say("memory.button.keep")) == say("memory.toast.kept")
        assert len(house.rows(FACTS)) == 2
        assert await press(house, chat, ann, say("memory.button.really")) == say("memory.forgotten")
    assert house.rows(FACTS) == [("the cat is grey",)]


async def test_an_id_goes_on_working_where_it_is_written(house: House) -> None:
    """Its beginning is enough; a command leaves its trace, without what it was about."""
    async with house.bot():
        ann, chat = house.chat()
        await remembered(house, chat, ann, "my bike is green")
        [(memory_id,)] = house.rows("SELECT memoryId FROM polar_memory")
        [shown] = await tell(house, chat, ann, f"/memory show {memory_id[:8]}")
        assert shown.startswith("my bike is green")
        assert await tell(house, chat, ann, f"/memory forget {memory_id}") == [say("memory.forgotten")]
        assert len(commands(house)) == 3
    assert house.rows(FACTS) == []


async def test_an_id_that_no_button_has_room_for_stands_in_the_list(house: House) -> None:
    """One of another program's, of any length; the others have their buttons."""
    async with house.bot():
        ann, chat = house.chat()
        await remembered(house, chat, ann, "my bike is green", "the cat is grey")
        long = f"mem_{'x' * 60}"
        house.write("UPDATE polar_memory SET memoryId = ? WHERE record LIKE '%bike%'", long)
        [listing] = await tell(house, chat, ann, "/memory")
        assert f"{long}: my bike is green" in listing
        assert len(buttons(last(house, chat))) == 2
        assert await tell(house, chat, ann, f"/memory forget {long}") == [say("memory.forgotten")]


async def test_old_buttons_do_nothing_after_an_erasure_and_after_a_restart_what_they_say(house: House) -> None:
    """They know nothing but ids."""
    async with house.bot():
        ann, chat = house.chat()
        await remembered(house, chat, ann, "my bike is green")
        await tell(house, chat, ann, "/memory")
        listing = last(house, chat)
    async with house.bot():
        await press(house, chat, ann, SHOW, listing)
        assert texts(house, chat)[-1].startswith("my bike is green")
        await forget_me(house, chat, ann)
        await idle(house)
        for button in (SHOW, FORGET):
            assert await press(house, chat, ann, button, listing) == GONE
    assert house.rows(FACTS) == []


async def test_no_press_reaches_another_chat_or_another_person(house: House) -> None:
    """Whatever somebody makes the data of."""
    async with house.bot():
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        await remembered(house, chat, ann, "my locker code is 4711")
        await remembered(house, group, bob, "tea")
        await remembered(house, other, bob, "tea")
        [(memory_id,)] = house.rows("SELECT memoryId FROM polar_memory WHERE record LIKE '%4711%'")
        for person, place in ((bob, other), (bob, group), (ann, group)):
            show = MemoryPress(MemoryVerb.SHOW, str(person.id), memory_id).data
            really = MemoryPress(MemoryVerb.REALLY, str(person.id), memory_id).data
            for data in (show, really):
                assert await press_data(house, place, person, data, last(house, place)) == GONE
        data = f"mm:erase:{ann.id}:{memory_id}"
        assert await press_data(house, chat, ann, data, last(house, chat)) == say("button.out_of_date")
        assert not any("4711" in text for place in (other, group) for text in texts(house, place))
    assert len(house.rows(FACTS)) == 3
