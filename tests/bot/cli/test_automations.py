"""`polar automations`, beside a bot that runs."""

from __future__ import annotations

import json

import pytest

from tests.bot.cli.terminal import polar
from tests.earlier import Earlier
from tests.house import House, until
from tests.looking import tell, texts


@pytest.mark.usefixtures("hasty")
async def test_the_operator_lists_runs_pauses_resumes_and_deletes_jobs(house: House) -> None:
    """Each is a row that the running bot acts on."""
    async with house.bot():
        ann, chat = house.chat()
        [created] = await tell(house, chat, ann, "/automations create daily 18:00 | tea [bold]")
        job = created.split()[1].rstrip(":")

        def operate(*arguments: str) -> str:
            done = polar("automations", *arguments, database=house.path)
            assert done.exit_code == 0, done.stderr
            return done.stdout

        [fact] = json.loads(operate("list", "--json"))
        assert (fact["id"], fact["enabled"], fact["prompt"]) == (job, True, "tea [bold]")
        assert fact["next"].endswith("T18:00:00Z")
        assert fact["state"] == "on"
        [_, line] = operate("list").splitlines()
        assert line.startswith(f"{job}  on     daily at 18:00 (UTC)  ")
        assert line.endswith("  tea [bold]")
        operate("run", job)
        await house.world.wait(lambda: texts(house, chat)[-1] == "⏰ tea [bold]")
        await until(lambda: house.rows("SELECT trigger FROM polar_run_events") == [("manual",)])
        planned = "SELECT count(*) FROM polar_scheduler_events WHERE queue = 'scheduled'"
        for verb, enabled in (("pause", 0), ("resume", 1)):
            operate(verb, job)
            assert house.rows("SELECT enabled FROM polar_automation_jobs") == [(enabled,)]
            assert house.rows(planned) == [(enabled,)]
        operate("delete", job)
        assert house.rows("SELECT * FROM polar_automation_jobs") == []
        assert house.rows(planned) == [(0,)]


async def test_an_unknown_job_is_said_in_one_line(house: House) -> None:
    """Status 1, and nothing written."""
    async with house.bot():
        for verb in ("pause", "resume", "delete", "run"):
            done = polar("automations", verb, "nonsense", database=house.path)
            assert done.exit_code == 1
            assert len(done.stderr.splitlines()) == 1
            assert "polar automations list" in done.stderr
    assert house.rows("SELECT * FROM polar_scheduler_events") == []


async def test_what_reads_mail_is_not_let_go_on(house: House) -> None:
    """The operator is told why; the reason stands in the list."""
    ann, chat = house.chat()
    inbox = {"inbox": {"mode": "headers_only"}}
    Earlier(house.path).job("mail", "every 2h", owner=ann.id, session=f"telegram:chat:{chat.id}", limits=inbox)
    async with house.bot():
        pass
    for verb in ("resume", "run"):
        done = polar("automations", verb, "mail", database=house.path)
        assert (done.exit_code, done.stderr.count("reads mail")) == (1, 1)
    [fact] = json.loads(polar("automations", "list", "--json", database=house.path).stdout)
    assert (fact["enabled"], fact["pausedBecause"], fact["next"]) == (False, "mail", None)
    assert house.rows("SELECT * FROM polar_scheduler_events") == []
