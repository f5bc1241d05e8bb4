"""Who may do what: one owner, codes that work once."""

from __future__ import annotations

import pytest

from storage.database import Database
from storage.errors import ExpectationFailed, StatementFailed
from storage.location import Location
from storage.statement import Parameters, Rows
from storage.tables.access import Permissions
from storage.tables.chats import Chats
from tests.second import REFUSED, program, rows
from tests.storage.files import NOW_MS

ROLES = "SELECT subject, role FROM polar_access ORDER BY subject"


@pytest.fixture
def access(database: Database) -> Permissions:
    """The roles of a new database."""
    return Permissions(database)


async def test_a_new_database_has_no_owner(access: Permissions) -> None:
    """And nobody has a role."""
    assert await access.owner() is None
    assert await access.role_of("7") is None
    assert not await access.is_owner_code("")


async def test_the_code_makes_its_user_the_owner_once(database: Database, access: Permissions) -> None:
    """Upper and lower case and blanks around it do not count; afterwards it is worth nothing."""
    await database.commit(*access.offer_owner_code("ABCD-1234", now_ms=NOW_MS))
    assert await access.is_owner_code(" abcd-1234\n")
    assert not await access.is_owner_code("ABCD-1235")
    await database.commit(*access.make_owner("7", "abcd-1234", now_ms=NOW_MS))
    assert await access.owner() == "7"
    assert await access.role_of("7") == "owner"
    assert not await access.is_owner_code("ABCD-1234")
    with pytest.raises(ExpectationFailed):
        await database.commit(*access.make_owner("8", "ABCD-1234", now_ms=NOW_MS))
    assert await access.owner() == "7"


async def test_there_is_one_owner_only(database: Database, access: Permissions, location: Location) -> None:
    """A valid code is not even used up when there is one; the table itself refuses a second."""
    await database.commit(*access.offer_owner_code("one", now_ms=NOW_MS), *access.make_owner("7", "one", now_ms=NOW_MS))
    await database.commit(*access.offer_owner_code("two", now_ms=NOW_MS))
    for user in ("8", "7"):
        with pytest.raises(ExpectationFailed):
            await database.commit(*access.make_owner(user, "two", now_ms=NOW_MS))
    assert await access.is_owner_code("two")
    assert rows(location, ROLES) == [("7", "owner")]
    with program(location) as connection, pytest.raises(REFUSED):
        connection.execute("INSERT INTO polar_access VALUES ('9', 'owner', NULL, 1)")


async def test_two_who_use_the_code_at_once_are_not_both_owner(database: Database, access: Permissions) -> None:
    """Their units are in one batch; the second is void and the first stays."""
    await database.commit(*access.offer_owner_code("code", now_ms=NOW_MS))
    first, second = access.make_owner("7", "code", now_ms=NOW_MS), access.make_owner("8", "code", now_ms=NOW_MS)
    with pytest.raises(ExpectationFailed):
        await database.commit(*first, *second)
    assert await access.owner() is None
    await database.commit(*first)
    assert await access.owner() == "7"


async def test_a_new_owner_code_ends_the_one_before(database: Database, access: Permissions) -> None:
    """There is one at a time."""
    await database.commit(*access.offer_owner_code("one", now_ms=NOW_MS))
    await database.commit(*access.offer_owner_code("two", now_ms=NOW_MS))
    assert not await access.is_owner_code("one")
    assert await access.is_owner_code("two")


async def test_a_member_can_become_the_owner(database: Database, access: Permissions) -> None:
    """The higher role replaces the lower."""
    await database.commit(access.grant("7", "member", granted_by="1", now_ms=NOW_MS))
    await database.commit(*access.offer_owner_code("one", now_ms=NOW_MS), *access.make_owner("7", "one", now_ms=NOW_MS))
    assert await access.role_of("7") == "owner"


async def test_a_member_code_is_approved_once(database: Database, access: Permissions, location: Location) -> None:
    """Its holder gets in, the code is gone."""
    await database.commit(*access.offer_member_code("Zx9", "7", now_ms=NOW_MS, expires_at_ms=NOW_MS + 10))
    assert await access.age_of_code("7", now_ms=NOW_MS) == 0
    assert await access.user_of_code(" zX9 ", now_ms=NOW_MS) == "7"
    await database.commit(*access.approve("zx9", "7", granted_by="1", now_ms=NOW_MS))
    assert await access.role_of("7") == "member"
    assert await access.user_of_code("zx9", now_ms=NOW_MS) is None
    assert await access.age_of_code("7", now_ms=NOW_MS) is None
    assert rows(location, "SELECT subject, role, grantedBy, createdAtMs FROM polar_access") == [
        ("7", "member", "1", NOW_MS)
    ]
    with pytest.raises(ExpectationFailed):
        await database.commit(*access.approve("zx9", "7", granted_by="1", now_ms=NOW_MS))


async def test_a_code_approves_its_holder_alone(database: Database, access: Permissions) -> None:
    """Not another person, and the owner's code approves nobody."""
    await database.commit(
        *access.offer_member_code("zx9", "7", now_ms=NOW_MS, expires_at_ms=NOW_MS + 10),
        *access.offer_owner_code("own", now_ms=NOW_MS),
    )
    for code, user in (("zx9", "8"), ("own", "8"), ("nix", "7")):
        with pytest.raises(ExpectationFailed):
            await database.commit(*access.approve(code, user, granted_by="1", now_ms=NOW_MS))
        assert await access.role_of(user) is None
    assert await access.user_of_code("zx9", now_ms=NOW_MS) == "7"
    assert await access.is_owner_code("own")
    assert await access.user_of_code("own", now_ms=NOW_MS) is None
    assert not await access.is_owner_code("zx9")


async def test_a_member_code_expires(database: Database, access: Permissions) -> None:
    """At its instant it is worth nothing any more."""
    await database.commit(*access.offer_member_code("zx9", "7", now_ms=NOW_MS, expires_at_ms=NOW_MS + 10))
    assert await access.user_of_code("zx9", now_ms=NOW_MS + 9) == "7"
    assert await access.user_of_code("zx9", now_ms=NOW_MS + 10) is None
    assert await access.age_of_code("7", now_ms=NOW_MS + 9) == 9
    assert await access.age_of_code("7", now_ms=NOW_MS + 10) is None


async def test_a_new_member_code_ends_the_persons_former_one(
    database: Database, access: Permissions, location: Location
) -> None:
    """And clears away those of others that have expired."""
    await database.commit(
        *access.offer_member_code("one", "7", now_ms=NOW_MS, expires_at_ms=NOW_MS + 100),
        *access.offer_member_code("old", "8", now_ms=NOW_MS, expires_at_ms=NOW_MS + 5),
        *access.offer_member_code("alive", "9", now_ms=NOW_MS, expires_at_ms=NOW_MS + 100),
    )
    await database.commit(*access.offer_member_code("two", "7", now_ms=NOW_MS + 5, expires_at_ms=NOW_MS + 100))
    found = {code: await access.user_of_code(code, now_ms=NOW_MS + 6) for code in ("one", "two", "old", "alive")}
    assert found == {"one": None, "two": "7", "old": None, "alive": "9"}
    assert len(rows(location, "SELECT * FROM polar_pairing_codes")) == 2


async def test_codes_are_kept_hashed(database: Database, access: Permissions, location: Location) -> None:
    """Who reads the file does not learn them."""
    await database.commit(*access.offer_owner_code("SECRET1", now_ms=NOW_MS))
    await database.commit(*access.offer_member_code("SECRET2", "7", now_ms=NOW_MS, expires_at_ms=NOW_MS + 1))
    assert "SECRET" not in repr(rows(location, "SELECT * FROM polar_pairing_codes")).upper()


async def test_a_role_is_granted_once_and_a_higher_one_kept(
    database: Database, access: Permissions, location: Location
) -> None:
    """Also to a session; unknown roles are refused."""
    await database.commit(
        access.grant("7", "admin", granted_by="1", now_ms=NOW_MS),
        access.grant("telegram:chat:-5", "group", granted_by="1", now_ms=NOW_MS),
        access.grant("7", "member", granted_by="1", now_ms=NOW_MS),
    )
    assert rows(location, ROLES) == [("7", "admin"), ("telegram:chat:-5", "group")]
    with pytest.raises(StatementFailed):
        await database.commit(access.grant("8", "emperor", granted_by="1", now_ms=NOW_MS))


async def test_a_role_can_be_taken_away_but_not_the_owners(
    database: Database, access: Permissions, location: Location
) -> None:
    """Taking away what is not there is harmless."""
    await database.commit(*access.offer_owner_code("one", now_ms=NOW_MS), *access.make_owner("1", "one", now_ms=NOW_MS))
    await database.commit(access.grant("7", "member", granted_by="1", now_ms=NOW_MS))
    await database.commit(*[access.revoke(subject) for subject in ("7", "7", "1", "nobody")])
    assert rows(location, ROLES) == [("1", "owner")]


async def test_a_role_that_was_asked_for_follows_every_change(database: Database, access: Permissions) -> None:
    """Answers are kept between changes only, whoever of the same process makes them, by whatever statement."""
    other = Permissions(database)

    async def roles() -> tuple[str | None, str | None]:
        found = [await access.role_of("7"), await access.role_of("7")]
        assert found[0] == found[1]
        return found[0], await other.role_of("7")

    assert await roles() == (None, None)
    await database.commit(other.grant("7", "member", granted_by="1", now_ms=NOW_MS))
    assert await roles() == ("member", "member")
    await database.commit(access.revoke("7"))
    assert await roles() == (None, None)
    await database.commit(access.grant("old", "group", granted_by="1", now_ms=NOW_MS))
    assert await access.role_of("old") == "group"
    await database.commit(*Chats.migrate("old", "7", now_ms=NOW_MS))
    assert await roles() == ("group", "group")
    assert await access.role_of("old") is None


async def test_an_answer_that_was_overtaken_by_a_change_is_not_kept(
    database: Database, access: Permissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read that began before a commit and ends after it may be old: the next question asks again."""
    look_up = database.look_up

    async def slow(sql: str, params: Parameters = ()) -> Rows:
        rows = await look_up(sql, params)
        await database.commit(access.grant("7", "member", granted_by="1", now_ms=NOW_MS))
        return rows

    monkeypatch.setattr(database, "look_up", slow)
    await access.role_of("7")
    monkeypatch.undo()
    assert await access.role_of("7") == "member"
