"""The job beside a bot that writes."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.exports.rows import export_apart, read
from tests.house import CHECKOUT, House, until

pytestmark = pytest.mark.slow


async def test_a_running_bot_is_exported_and_never_loads_the_job(house: House) -> None:
    """Each file shows one instant, however much is written meanwhile: its totals are those of its lines."""
    ann, chat = house.chat()
    environ = {**house.environment(), "PYTHONPROFILEIMPORTTIME": "1"}
    out, log = house.folder / "artifacts", house.folder / "bot.log"
    with log.open("wb") as stderr:
        bot = await asyncio.create_subprocess_exec(*house.command("run"), cwd=CHECKOUT, env=environ, stderr=stderr)
    try:
        await until(lambda: "ready" in log.read_text(encoding="utf-8"))
        sent = house.world.say(chat, ann, "/ping")
        await house.world.wait(lambda: house.world.sent(chat))
        for number in range(10):
            for _ in range(20):
                house.world.react(chat, ann, sent, ["👍", "👎", "🔥"][number % 3])
                house.world.react(chat, ann, sent)
            facts = await asyncio.to_thread(export_apart, house.path, out)
            [(added, removed)] = re.findall(r": ([\d,]+) added, ([\d,]+) taken back", read(out).split("##")[0])
            lines = re.findall(r"^- .* (added|taken back) by ", read(out), re.MULTILINE)
            assert (lines.count("added"), lines.count("taken back")) == (int(added), int(removed))
            assert facts["REACTIONS.md"]["rows"] == len(lines)
        counted = "SELECT count(*) FROM polar_feedback_events WHERE type LIKE 'reaction%'"
        await until(lambda: house.rows(counted) == [(400,)])
        assert export_apart(house.path, out)["REACTIONS.md"]["rows"] == 400
    finally:
        bot.terminate()
        assert await bot.wait() == 0
    loaded = {line.rpartition("|")[2].strip() for line in log.read_text(encoding="utf-8").splitlines() if "|" in line}
    assert {"bot.app", "storage.tables.feedback"} <= loaded
    assert not {name for name in loaded if name.split(".")[0] == "exports"}
