"""What the bot says by itself stands in a catalogue, a file a language."""

from __future__ import annotations

import ast
import fnmatch
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from middleware import texts
from middleware.replies.outbox import duplicate_mark
from middleware.replies.parts import MARK_ROOM
from middleware.replies.splitting import utf16_length
from tests.house import CHECKOUT, House
from tests.looking import tell
from tests.saying import keys

CATALOGUE = texts.texts(texts.DEFAULT)
SAYING = ("say", "say_count")


@dataclass(frozen=True, slots=True)
class Said:
    """A call of `say` or `say_count`: its key (a `*` where a part is put in), what it fills in, and where it is."""

    key: str
    values: frozenset[str] | None
    place: str


def sources() -> Iterator[Path]:
    """The code that may say something."""
    for folder in ("bot", "middleware"):
        yield from sorted((CHECKOUT / folder).rglob("*.py"))


@cache
def calls() -> list[Said]:
    """All of them; a key that is in a variable is found as a text somewhere."""
    return list(_calls())


def _calls() -> Iterator[Said]:
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING and node.args:
                named = [keyword.arg for keyword in node.keywords]
                values = None if None in named else frozenset(str(name) for name in named)
                for key in keys(node.args[0]):
                    if not key.strip("*."):  # say_count itself
                        continue
                    counted = node.func.id == "say_count"
                    place = f"{path.relative_to(CHECKOUT)}:{node.lineno}"
                    yield Said(f"{key}.*" if counted else key, frozenset({"count"}) if counted else values, place)


def matching(pattern: str) -> list[str]:
    """The keys of the catalogue that a key with parts put in may become."""
    return fnmatch.filter(CATALOGUE, pattern)


def placeholders(text: str) -> set[str]:
    """What a text wants filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_key_that_the_code_says_is_in_the_catalogue() -> None:
    """Also where a part of it is put in."""
    assert len(calls()) > 150
    assert [said for said in calls() if not matching(said.key)] == []


def test_every_text_of_the_catalogue_is_said_somewhere() -> None:
    """What nobody says any more is deleted with what said it."""
    said = {key for call in calls() for key in matching(call.key)}
    written = {
        node.value
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert [key for key in CATALOGUE if key not in said and key not in written] == []


def test_every_placeholder_is_filled_in() -> None:
    """With nothing else; only texts among which the code chooses may want less than it has."""
    for call in calls():
        for key in matching(call.key) if call.values is not None else ():
            assert call.values is not None
            assert placeholders(CATALOGUE[key]) <= call.values, (call, CATALOGUE[key])
            assert "*" in call.key or placeholders(CATALOGUE[key]) == call.values, (call, CATALOGUE[key])


@pytest.mark.parametrize("language", texts.languages())
def test_a_language_has_only_known_texts_with_the_same_placeholders(language: str) -> None:
    """Whatever it lacks is said in English."""
    for key, text in texts.texts(language).items():
        assert key in CATALOGUE, f"{language}.toml: nobody says {key}"
        assert placeholders(text) == placeholders(CATALOGUE[key]), f"{language}.toml: {key}"
        assert text.strip() == text != "", f"{language}.toml: {key} has nothing, or blanks around it"


@pytest.mark.parametrize("language", texts.languages())
def test_what_telegram_limits_fits_in_every_language(language: str) -> None:
    """Summaries stand in the menu, and a mark in the room that parts leave for it."""
    texts.use(language)
    try:
        assert utf16_length(duplicate_mark()) <= MARK_ROOM
    finally:
        texts.use(texts.DEFAULT)
    summaries = {key: text for key, text in texts.texts(language).items() if key.endswith(".summary")}
    assert {key: text for key, text in summaries.items() if not 3 <= len(text) <= 256} == {}


TEST_LANGUAGE = """
[ping]
pong = "ploum"

[automation]
paused = "Undone by /automations resume {id}. Paused."

[schedule]
daily = "({zone}) {at}, day by day"

[commands.ping]
summary = "whether I ploum"
"""


@pytest.fixture
def ploum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A language of this test's."""
    english = CHECKOUT / "middleware" / "languages" / "en.toml"
    (tmp_path / "en.toml").write_bytes(english.read_bytes())
    (tmp_path / "ploum.toml").write_text(TEST_LANGUAGE, encoding="utf-8")
    monkeypatch.setattr(texts, "_FOLDER", tmp_path)
    yield "ploum"
    texts.use(texts.DEFAULT)


async def test_a_language_is_a_file_and_a_setting(house: House, ploum: str) -> None:
    """What it has is said by it, its placeholders in any order; the rest is English. Commands keep their names."""
    async with house.bot(language=ploum):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "/ping") == ["ploum"]
        [created] = await tell(house, chat, ann, "/automations create daily 18:00 | tea")
        [paused] = await tell(house, chat, ann, f"/automations pause {created.split()[1].rstrip(':')}")
        [helped] = await tell(house, chat, ann, "/help")
        assert await tell(house, chat, ann, "/dance") == [texts.say("command.unknown")]
    assert paused.startswith("Undone by /automations resume ")
    assert "(UTC) 18:00, day by day" in created
    assert "/ping – whether I ploum" in helped.splitlines()
    assert texts.say("command.unknown").startswith("I do not know that command")


def test_a_language_without_a_file_is_refused() -> None:
    """With the names of those that there are."""
    with pytest.raises(texts.NoSuchLanguage, match="there are: en"):
        texts.use("klingon")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (-5, "0 s"), (59, "59 s"), (60, "1 min"), (3_605, "1 h 5 s"), (90_061, "1 d 1 h 1 min 1 s")],
)
def test_a_span_names_what_there_is_of_it(seconds: int, said: str) -> None:
    """And nothing that there is none of."""
    assert texts.say_span(seconds) == said


@pytest.mark.parametrize(("count", "said"), [(0, "0 messages"), (1, "1 message"), (1234, "1,234 messages")])
def test_one_is_not_many(count: int, said: str) -> None:
    """A text for each."""
    assert texts.say_count("heartbeat.message", count) == said


def test_what_is_filled_in_is_taken_as_it_is() -> None:
    """Braces of a person's are no placeholders."""
    values: Mapping[str, str] = {"id": "{id}", "fact": "{0.__class__} {"}
    assert texts.say("memory.line_by_id", **values) == "{id}: {0.__class__} {"
