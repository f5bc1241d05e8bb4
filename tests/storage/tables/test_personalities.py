"""Personality profiles: one of each kind, the nearest counts, and nobody gets another's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.location import Location
from storage.statement import Statement
from storage.tables.personalities import MAX_PROMPT, Personalities, Profile, ProfileTarget, PromptRefused, checked
from tests.second import rows
from tests.storage import ON_SQLITE
from tests.storage.files import NOW_MS
from tests.storage.plans import plan, scans

S, T = "telegram:chat:1", "telegram:chat:2"
EVERYBODY = ProfileTarget(scope="global")
ANN = ProfileTarget(scope="user", user_id="7")
ANN_HERE = ProfileTarget(scope="session", user_id="7", session_id=S)
ALL = (
    "SELECT profileId, scope, userId, sessionId, name, prompt, createdAtMs, updatedAtMs FROM polar_personality_profiles"
)


@pytest.fixture
def profiles(database: Database) -> Personalities:
    """The profiles of a new database."""
    return Personalities(database)


async def effective(profiles: Personalities, user: str = "7", session: str = S) -> str | None:
    """The prompt that counts."""
    found = await profiles.effective(user_id=user, session_id=session)
    return None if found is None else found.prompt


async def test_the_nearest_profile_counts(database: Database, profiles: Personalities) -> None:
    """Session, then user, then everybody's, then none."""
    assert await effective(profiles) is None
    for number, target in enumerate((EVERYBODY, ANN, ANN_HERE)):
        await database.commit(*profiles.set(target, f"prompt {number}", now_ms=NOW_MS))
        assert await effective(profiles) == f"prompt {number}"
    assert await effective(profiles, session=T) == "prompt 1"
    assert await effective(profiles, user="8") == "prompt 0"
    assert await profiles.effective(user_id="7", session_id=S) == Profile(
        profile_id=f"personality:session:7:{S}", scope="session", prompt="prompt 2"
    )
    for number, target in ((2, ANN_HERE), (1, ANN), (0, EVERYBODY)):
        assert await effective(profiles) == f"prompt {number}"
        await database.commit(profiles.reset(target))
    assert await effective(profiles) is None


@pytest.mark.parametrize(
    ("target", "profile_id"),
    [
        (EVERYBODY, "personality:global"),
        (ANN, "personality:user:7"),
        (ANN_HERE, f"personality:session:7:{S}"),
    ],
)
async def test_a_profile_has_the_id_that_the_earlier_runtime_gives(target: ProfileTarget, profile_id: str) -> None:
    """It is the key, so there is at most one of each."""
    assert target.profile_id == profile_id


async def test_setting_again_keeps_the_time_of_creation(
    database: Database, profiles: Personalities, location: Location
) -> None:
    """One row, with the new text; white space at its end is gone."""
    await database.commit(*profiles.set(ANN, "first", now_ms=NOW_MS))
    await database.commit(*profiles.set(ANN, " second \n\t ", now_ms=NOW_MS + 5))
    assert rows(location, ALL) == [("personality:user:7", "user", "7", None, None, " second", NOW_MS, NOW_MS + 5)]


@pytest.mark.parametrize("target", [EVERYBODY, ANN, ANN_HERE], ids=lambda target: str(target.scope))
async def test_rows_with_other_ids_are_replaced_not_doubled(
    database: Database, profiles: Personalities, location: Location, target: ProfileTarget
) -> None:
    """Those of an adopted database; they are found before, and keep their name and their age."""
    key = (target.scope, target.user_id, target.session_id)
    add = "INSERT INTO polar_personality_profiles VALUES (?, ?, ?, ?, 'pirate', ?, 1, ?)"
    await database.commit(Statement(add, ("x-1", *key, "Arr!\n", 3)), Statement(add, ("x-2", *key, "Ahoy!", 4)))
    assert await effective(profiles) == "Ahoy!"
    await database.commit(*profiles.set(target, "Be kind.", now_ms=NOW_MS))
    assert rows(location, ALL) == [(target.profile_id, *key, "pirate", "Be kind.", 1, NOW_MS)]
    await database.commit(Statement(add, ("x-3", *key, "Arr!", 9)))
    await database.commit(profiles.reset(target))
    assert rows(location, ALL) == []


async def test_an_adopted_prompt_is_kept_within_the_limits(database: Database, profiles: Personalities) -> None:
    """A blank one counts as none, a longer one up to the limit."""
    add = "INSERT INTO polar_personality_profiles VALUES (?, ?, ?, NULL, NULL, ?, 1, 1)"
    await database.commit(
        Statement(add, ("a", "user", "7", " \n")), Statement(add, ("b", "global", None, "é" * (MAX_PROMPT + 9)))
    )
    assert await effective(profiles) == "é" * MAX_PROMPT


@pytest.mark.parametrize("prompt", ["", " \n\t", "a\x00b", "x" * (MAX_PROMPT + 1)])
async def test_a_prompt_outside_the_limits_is_refused(prompt: str) -> None:
    """With what was expected."""
    with pytest.raises(PromptRefused, match="expected"):
        checked(prompt)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(prompt=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=MAX_PROMPT + 3))
async def test_any_prompt_is_refused_or_comes_back_trimmed(
    database: Database, profiles: Personalities, prompt: str
) -> None:
    """Whatever Unicode holds."""
    try:
        await database.commit(*profiles.set(ANN, prompt, now_ms=NOW_MS))
    except PromptRefused:
        assert not 0 < len(prompt.rstrip()) <= MAX_PROMPT
    else:
        assert await effective(profiles) == prompt.rstrip()


@ON_SQLITE
async def test_no_statement_walks_over_all_profiles(
    database: Database, profiles: Personalities, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every turn asks for the effective one."""
    asked: list[Statement] = []
    look_up = database.look_up

    async def note(sql: str, params: object = ()) -> object:
        asked.append(Statement(sql, params))  # type: ignore[arg-type]
        return await look_up(sql, params)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "look_up", note)
    await profiles.effective(user_id="7", session_id=S)
    for statement in (*asked, *profiles.set(ANN_HERE, "x", now_ms=1), profiles.reset(EVERYBODY)):
        assert scans(plan(path, statement.sql, statement.params)) == []
