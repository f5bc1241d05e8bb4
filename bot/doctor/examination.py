"""The examination: what concerns each other is gathered side by side within a limit of time, and shown in one order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bot.clock import moment, stopwatch
from bot.doctor import hearing, kept, on_kept, on_machine, on_money, on_server, on_telegram
from bot.doctor.diagnosis import Diagnosis
from bot.doctor.hearing import HeardOfTelegram
from bot.doctor.kept import KeptFacts
from bot.doctor.on_machine import MachineFacts
from bot.receiving.reading import ALLOWED_UPDATES
from bot.settings import Settings
from middleware.turn import Clock
from storage import care, engines
from storage.database import Database
from storage.readers import Readers
from storage.state import DatabaseState
from storage.views.liveness import LastSigns

Show = Callable[[Diagnosis], None]
LeastUsd = Callable[[], float | None]
"""The least that an answer is reckoned with, in US dollars; None where the model's price is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """Of a bot with these settings, which runs or not. It changes nothing, and takes `limit_s` seconds at most."""

    settings: Settings
    clock: Clock
    limit_s: float
    least_usd: LeastUsd

    async def of_running(self, database: Database) -> list[Diagnosis]:
        """All of them, of the bot whose database this is."""
        diagnoses: list[Diagnosis] = []
        state = await asyncio.to_thread(care.look_at, self.settings.location)
        await self.run(state, database.asking, diagnoses.append)
        return diagnoses

    async def run(self, state: DatabaseState, readers: Readers | None, show: Show) -> None:
        """Show each diagnosis once it and all before it are there; without `readers` nothing in the file is told."""
        facts = await kept.ask(readers, self.clock, limit_s=self.limit_s)
        async with asyncio.TaskGroup() as tasks:
            problems = tasks.create_task(kept.find_problems(state, stopwatch, limit_s=self.limit_s))
            groups = [] if facts is None else facts.groups
            heard = tasks.create_task(hearing.telegram(self.settings, self.clock, groups, limit_s=self.limit_s))
            endpoint = tasks.create_task(self._of_money(state, facts))
            present = tasks.create_task(asyncio.to_thread(engines.attendance, self.settings.location))
            # On a thread: the zones are files of their own.
            for diagnosis in self._of_machine(await asyncio.to_thread(on_machine.look_at_machine, self.settings)):
                show(diagnosis)
            for diagnosis in self._of_file(replace(state, problems=await problems), facts):
                show(diagnosis)
            for diagnosis in on_server.check_attendance(await present):
                show(diagnosis)
            for diagnosis in self._of_kept(facts):
                show(diagnosis)
            for diagnosis in self._of_telegram(await heard, LastSigns() if facts is None else facts.signs):
                show(diagnosis)
            for diagnosis in await endpoint:
                show(diagnosis)

    def _of_machine(self, facts: MachineFacts) -> Iterator[Diagnosis]:
        yield on_machine.check_settings(facts)
        yield on_machine.check_files(facts)
        yield on_machine.check_zones(facts, year=moment(self.clock()).year)

    def _of_file(self, state: DatabaseState, facts: KeptFacts | None) -> Iterator[Diagnosis]:
        yield on_kept.check_schema(state)
        yield on_kept.check_integrity(state)
        yield on_kept.check_room(state, facts)

    def _of_kept(self, facts: KeptFacts | None) -> Iterator[Diagnosis]:
        if facts is None:
            yield Diagnosis("alive", "not known", "unread")
            return
        now_ms = self.clock()
        yield on_kept.check_alive(facts.signs, now_ms=now_ms)
        yield on_kept.check_poll(facts.signs, now_ms=now_ms, has_webhook=bool(self.settings.webhook_url))
        yield on_kept.check_poller(facts.signs, now_ms=now_ms)
        yield on_kept.check_queues(facts, now_ms=now_ms)
        yield on_kept.check_set_aside(facts)
        yield on_kept.check_reactions(facts, now_ms=now_ms)

    def _of_telegram(self, heard: HeardOfTelegram, signs: LastSigns) -> Iterator[Diagnosis]:
        settings, now_ms = self.settings, self.clock()
        yield on_telegram.check_token(heard, signs.bot_id)
        yield on_telegram.check_reach(heard.server, settings.telegram_api_url)
        yield on_telegram.check_clock(heard.server, settings.clock_offset_seconds)
        yield on_telegram.check_webhook(heard.webhook, settings.webhook_url, now_ms=now_ms)
        yield on_telegram.check_pending(heard.webhook)
        has_run = signs.has_started and on_telegram.is_of(heard, signs.bot_id)
        yield on_telegram.check_allowed(heard.webhook, ALLOWED_UPDATES, has_run=has_run)
        yield on_telegram.check_privacy(heard.me, records_all=settings.responder == "none")
        yield from on_telegram.check_groups(heard)

    async def _of_money(self, state: DatabaseState, facts: KeptFacts | None) -> list[Diagnosis]:
        settings = self.settings
        if settings.responder != "openai":
            none = Diagnosis("endpoint", "ok", "none", responder=settings.responder)
            return [none, self._of_budgets(state, facts, 0)]
        url, key = settings.openai_base_url, settings.openai_api_key.get_secret_value()
        heard = await hearing.models(url, key, self.clock, limit_s=self.limit_s)
        least_usd = self.least_usd()
        return [
            on_money.check_endpoint(heard, url=url, model=settings.openai_model),
            on_money.check_prices(least_usd, [] if facts is None else facts.balances, model=settings.openai_model),
            self._of_budgets(state, facts, least_usd),
        ]

    def _of_budgets(self, state: DatabaseState, facts: KeptFacts | None, least_usd: float | None) -> Diagnosis:
        if facts is None and state.exists:
            return Diagnosis("budgets", "not known", "unread")
        balances = [] if facts is None else facts.balances
        needs_block = self.settings.access == "open" and not self.settings.open_without_budget
        return on_money.check_budgets(balances, least_usd, needs_block=needs_block)
