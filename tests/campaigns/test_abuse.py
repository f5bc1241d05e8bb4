"""A short siege of the real application, and the judgement that finds what honest people would notice."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.abuse import run
from tests.campaigns.bounds import Hostility, Lived, broken, p95, rows_allowed
from tests.campaigns.hostile import SILENT, silence
from tests.campaigns.side import Side, living
from tests.house import until

pytestmark = pytest.mark.slow

QUIET = Lived(
    waits={"message": [1.0] * 95 + [1.5] * 5, "command": [0.02] * 40, "mention": [1.2] * 10},
    rows={"polar_updates": 1_000, "polar_messages": 1_000, "polar_access": 0},
    sizes={"polar_updates": 1_000_000, "polar_messages": 1_000_000, "polar_access": 4_096},
    memory_kib=[95_000, 96_000, 96_000],
    lines=1_000,
    calls={"honest": 500},
    usd={"all": 2.0},
    status=0,
)
SIEGE = replace(
    QUIET,
    rows={"polar_updates": 20_000, "polar_messages": 1_500, "polar_access": 0},
    calls={"honest": 500, "member": 100},
    usd={"all": 3.0, "member": 1.0},
    lines=11_000,
)
HOSTILITY = Hostility(
    minutes=10,
    sent={"member": 10_000, "stranger": 5_000, "robot": 4_000, "reactions": 300, "commands": 2_000, "murmurs": 200},
    bytes_sent=20_000_000,
    limit_usd={"all": 100.0, "member": 1.0},
)


def siege(**found: Any) -> list[str]:
    """The rules that do not hold where this was found."""
    return broken(QUIET, replace(SIEGE, **found), HOSTILITY)


def test_what_is_within_all_bounds_breaks_no_rule() -> None:
    """Neither the quiet life nor the besieged one."""
    assert siege() == []
    assert broken(QUIET, QUIET, HOSTILITY) == []


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"waits": {"message": [1.0] * 90 + [3.1] * 10}}, ["answers: ", "message: "]),
        ({"waits": {**QUIET.waits, "command": [0.02] * 30 + [0.6] * 10}}, ["command: "]),
        ({"waits": {**QUIET.waits, "mention": [30.0] * 4}}, ["mention: "]),
        ({"waits": {**QUIET.waits, "page": [0.1] * 8 + [9.0] * 2}}, ["page: "]),
        ({"waits": {}}, ["nobody asked"]),
        ({"lost": ["message ask7x"]}, ["lost: message ask7x"]),
        ({"calls": {"member": 10_000}}, ["model calls: 10,000 by the member"]),
        ({"calls": {"stranger": 1}}, ["model calls: 1 by the stranger"]),
        ({"calls": {"robot": 1}}, ["model calls: 1 by the robot"]),
        ({"usd": {"all": 3.0, "member": 1.01}}, ["spent: 1.0100 USD by member"]),
        ({"rows": {**SIEGE.rows, "polar_updates": 21_000}}, ["polar_updates: 1,000 rows"]),
        ({"rows": {**SIEGE.rows, "polar_messages": 12_000}}, ["polar_messages: 1,000 rows"]),
        ({"rows": {**SIEGE.rows, "polar_access": 100}}, ["polar_access: 0 rows"]),
        ({"rows": {**SIEGE.rows, "polar_of_tomorrow": 100}}, ["polar_of_tomorrow: 0 rows"]),
        ({"sizes": {**SIEGE.sizes, "polar_updates": 60_000_000}}, ["polar_updates: 1,000,000 bytes"]),
        ({"sizes": {**SIEGE.sizes, "polar_access": 1_000_000}}, ["polar_access: 4,096 bytes"]),
        ({"memory_kib": [95_000, 96_000, 130_000]}, ["memory: 95,000 KiB"]),
        ({"memory_kib": [95_000]}, ["memory: too short"]),
        ({"lines": 25_000}, ["log: 1,000 lines"]),
        ({"status": 1}, ["the besieged bot ended with status 1"]),
        ({"status": None}, ["the besieged bot ended with status None"]),
    ],
)
def test_what_somebody_would_notice_is_named(found: dict[str, Any], told: list[str]) -> None:
    """One thing at a time, a line each."""
    lines = siege(**found)
    assert len(lines) == len(told)
    assert all(line.startswith(beginning) for line, beginning in zip(lines, told, strict=True)), lines


def test_a_quiet_bot_that_fell_is_named_too() -> None:
    """Else nothing is compared."""
    assert broken(replace(QUIET, status=-9), SIEGE, HOSTILITY) == ["the quiet bot ended with status -9"]


def test_who_sends_more_may_leave_more_only_where_it_is_recorded_as_it_comes() -> None:
    """The journal, the audit, the ledger and talk in a group; all else is bounded by time alone."""
    more = replace(HOSTILITY, sent={what: 10 * number for what, number in HOSTILITY.sent.items()})
    before, then = rows_allowed(HOSTILITY), rows_allowed(more)
    recorded = {"polar_updates", "polar_audit", "polar_feedback_events", "polar_chat_feedback", "polar_messages"}
    assert {table for table in then if then[table] != before[table]} == recorded


def test_a_stranger_and_another_bot_may_leave_nothing_but_the_journal_grow() -> None:
    """However much they send."""
    more = replace(HOSTILITY, sent={**HOSTILITY.sent, "stranger": 10**6, "robot": 10**6})
    before, then = rows_allowed(HOSTILITY), rows_allowed(more)
    assert {table for table in then if then[table] != before[table]} == {"polar_updates"}


@pytest.mark.parametrize(
    ("waits", "expected"), [([], 0.0), ([3.0], 3.0), ([*range(1, 21)], 19), ([*range(100, 0, -1)], 95)]
)
def test_one_of_twenty_waits_longer(waits: list[float], expected: float) -> None:
    """In whatever order they were measured."""
    assert p95(waits) == expected


async def test_a_short_siege_breaks_no_rule(tmp_path: Path) -> None:
    """All but time, which says nothing on a busy machine: answers, calls, rows, memory, log, and how the bots end."""
    campaign = await run(tmp_path, seconds=9, slice_s=3, seed=3, tell=print)
    timeless = replace(campaign, siege=replace(campaign.siege, waits=campaign.quiet.waits))
    assert timeless.rules_broken() == []
    assert {"message", "command", "page"} <= campaign.siege.waits.keys()
    assert all(campaign.hostility.sent[who] > 0 for who in ("member", "stranger", "robot"))
    assert campaign.siege.rows["polar_updates"] > campaign.quiet.rows["polar_updates"]


async def test_each_of_them_can_do_all_that_is_in_the_list(tmp_path: Path) -> None:
    """Hundreds of acts at once, of every kind; the bot does what it must with them, and ends as ever."""
    async with living(tmp_path, 5, 1.0) as side:
        side.attackers.step(300, 100, 100)
        await side.world.wait(lambda: side.world.updates_pending() == 0)
        kinds = await _kinds(side)
        lived = await side.stop()
    assert lived.status == 0
    assert {"message", "edited_message", "message_reaction", "callback_query"} <= kinds


async def _kinds(side: Side) -> set[str]:
    return {kind for (kind,) in side.house.rows("SELECT DISTINCT kind FROM polar_updates")}


async def test_fifty_connections_come_to_each_door_and_come_again() -> None:
    """Half of them say nothing, the others begin a request that has no end."""
    said: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                heard = await reader.read(100)
        said.append(heard)
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        holding = asyncio.create_task(silence(server.sockets[0].getsockname()[1]))
        await until(lambda: len(said) > 2 * SILENT)
        holding.cancel()
        await asyncio.wait([holding])
    assert set(said) == {b"", b"GET / HTTP/1.1\r\nHost: loc"}
