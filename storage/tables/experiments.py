"""`polar_experiments`, `polar_experiment_variants` and `polar_experiment_units`: what is tried, and what came of it.

Of a unit there is that it took part, once, and what it said first. US dollars are rounded to a thousand-millionth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from storage.errors import StorageError
from storage.ids import conversation_named
from storage.json_text import encode_list, read_value
from storage.readers import Readers
from storage.statement import Row, Statement, Value
from teaching.assignment import CONTROL, UNIT_KINDS, UnitKind, Variant, assigned, unit_of

EndedBecause = Literal["end", "people", "budget", "failures", "harm", "stopped"]
FAILURES = 5
"""Answers of a variant that fail one after the other, while those of the control do not, by which it is ended."""
CHANGED = "polar_experiments SET status"
"""In what starts or ends an experiment by a statement of this process, and in what may."""
RATED = "polar_experiment_units SET ratedAs"
"""In what says what a unit thought first."""
_COLUMNS = "name, salt, unit, variants, untilMs, people, budgetUsd, status, endedBecause, startedAtMs, endedAtMs"
_OF = "FROM polar_experiment_variants AS counted WHERE counted.experiment = polar_experiments.name"
_DUE = f"""CASE
  WHEN budgetUsd <= (SELECT sum(counted.usd) {_OF}) THEN 'budget'
  WHEN people <= (SELECT sum(counted.rated) {_OF}) THEN 'people'
  WHEN EXISTS (SELECT 1 {_OF} AND counted.variant <> '{CONTROL}' AND counted.failuresInRow >= {FAILURES})
    AND EXISTS (SELECT 1 {_OF} AND counted.variant = '{CONTROL}' AND counted.failuresInRow = 0) THEN 'failures'
END"""
_END_WHERE_DUE = f"""
UPDATE {CHANGED} = 'ended', endedAtMs = :now, endedBecause = {_DUE}
WHERE name = :experiment AND status = 'running' AND {_DUE} IS NOT NULL
"""
# What is over by its time needs nobody to say so; it makes room for the next.
_END_LATE = f"""
UPDATE {CHANGED} = 'ended', endedAtMs = untilMs, endedBecause = 'end' WHERE status = 'running' AND untilMs <= :now
"""
_START = f"""
INSERT INTO polar_experiments ({_COLUMNS})
SELECT :name, :salt, :unit, :variants, :until, :people, :budget, 'running', NULL, :now, NULL
WHERE NOT EXISTS (SELECT 1 FROM polar_experiments WHERE status = 'running' OR name = :name)
"""
_IS_NEW = "NOT EXISTS (SELECT 1 FROM polar_experiment_units WHERE unit = :unit AND experiment = :experiment)"
_COUNT_UNIT = f"""
UPDATE polar_experiment_variants SET units = units + 1
WHERE experiment = :experiment AND variant = :variant AND {_IS_NEW}
"""
_ENTER_UNIT = """
INSERT INTO polar_experiment_units (unit, experiment, variant) VALUES (:unit, :experiment, :variant)
ON CONFLICT (unit, experiment) DO NOTHING
"""
_COUNT = """
UPDATE polar_experiment_variants SET answers = answers + :answers, failures = failures + :failures,
  failuresInRow = CASE WHEN :failures > 0 THEN failuresInRow + 1 WHEN :answers > 0 THEN 0 ELSE failuresInRow END,
  usd = round(usd + :usd, 9)
WHERE experiment = :experiment AND variant = :variant
"""
_COUNT_RATED = """
UPDATE polar_experiment_variants SET rated = rated + 1
WHERE experiment = :experiment AND variant = (
  SELECT unit.variant FROM polar_experiment_units AS unit
  WHERE unit.unit = :unit AND unit.experiment = :experiment AND unit.ratedAs IS NULL)
"""
_RATE = f"""
UPDATE {RATED} = :score,
  ratedPlace = (SELECT sum(counted.rated) FROM polar_experiment_variants AS counted
    WHERE counted.experiment = :experiment)
WHERE unit = :unit AND experiment = :experiment AND ratedAs IS NULL
"""


class ExperimentDamaged(StorageError):
    """An experiment's row cannot be read."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the experiment {name} cannot be read; another program has changed its row")
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What is tried, with whom, and for how long; `people` and `budget_usd` end it earlier, where they are given."""

    name: str
    salt: str
    unit: UnitKind
    variants: tuple[Variant, ...]
    until_ms: int
    people: int | None
    budget_usd: float | None
    started_at_ms: int
    ended_because: EndedBecause | None = None
    ended_at_ms: int | None = None

    @classmethod
    def from_row(cls, row: Row) -> Experiment:
        """From a row of _COLUMNS; raises ExperimentDamaged."""
        try:
            variants = tuple(_variant(one) for one in read_value(row["variants"]))
            because = row["endedBecause"]
            if row["unit"] not in UNIT_KINDS or because not in (None, *get_args(EndedBecause)):
                raise ValueError
            if CONTROL not in [variant.name for variant in variants]:  # nothing could be judged beside it
                raise ValueError
        except (ValueError, TypeError, LookupError):
            raise ExperimentDamaged(row["name"]) from None
        return cls(
            name=row["name"],
            salt=row["salt"],
            unit=row["unit"],
            variants=variants,
            until_ms=row["untilMs"],
            people=row["people"],
            budget_usd=row["budgetUsd"],
            started_at_ms=row["startedAtMs"],
            ended_because=because,
            ended_at_ms=row["endedAtMs"],
        )

    def at(self, now_ms: int) -> tuple[EndedBecause, int] | None:
        """Why and when it has ended by then; None while it runs. Its time is over whether or not anybody says so."""
        if self.ended_because is not None:
            return self.ended_because, self.ended_at_ms or self.until_ms
        return ("end", self.until_ms) if self.until_ms <= now_ms else None

    def unit_of(self, session_id: str, thread_key: str, *, at_ms: int) -> str:
        """The unit to which what is said there belongs."""
        conversation = conversation_named(session_id, thread_key)
        return unit_of(self.unit, chat=session_id, conversation=conversation, at_ms=at_ms)

    def variant_of(self, unit: str) -> Variant:
        """The variant that a unit gets."""
        return assigned(self.name, self.salt, unit, self.variants)

    @property
    def changes_personality(self) -> bool:
        """True if a variant speaks in another way, rather than by another model."""
        return any(variant.personality for variant in self.variants)

    @property
    def changes_model(self) -> bool:
        """True if a variant is answered by another model."""
        return any(variant.model for variant in self.variants)


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantCount:
    """What a variant has come to: units that took part, those of them that rated, answers, failures, US dollars."""

    variant: str
    units: int
    rated: int
    answers: int
    failures: int
    usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRating:
    """What a unit said first, 1 or -1, and its place among all units that said something."""

    place: int
    variant: str
    score: int


class Experiments:
    """Experiments by name; at most one runs."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def start(experiment: Experiment) -> tuple[Statement, ...]:
        """Begin one; void where another one runs, or has had this name."""
        started: dict[str, Value] = {
            "name": experiment.name,
            "salt": experiment.salt,
            "unit": experiment.unit,
            "variants": encode_list([_described(variant) for variant in experiment.variants]),
            "until": experiment.until_ms,
            "people": experiment.people,
            "budget": experiment.budget_usd,
            "now": experiment.started_at_ms,
        }
        counts = (
            Statement(
                "INSERT INTO polar_experiment_variants (experiment, variant) VALUES (?, ?)",
                (experiment.name, variant.name),
            )
            for variant in experiment.variants
        )
        return (
            Statement(_END_LATE, {"now": experiment.started_at_ms}),
            Statement(_START, started, expect=1),
            *counts,
        )

    @staticmethod
    def end(name: str, because: EndedBecause, *, now_ms: int) -> Statement:
        """End the one of this name, unless it has ended."""
        return Statement(
            f"UPDATE {CHANGED} = 'ended', endedBecause = ?, endedAtMs = ? WHERE name = ? AND status = 'running'",
            (because, now_ms, name),
        )

    @staticmethod
    def count(
        name: str, variant: str, unit: str, *, is_answer: bool, is_failure: bool, usd: float, now_ms: int
    ) -> tuple[Statement, ...]:
        """One turn of a unit and what it has cost; the experiment ends by it where that uses something up."""
        params: Mapping[str, Value] = {
            "experiment": name,
            "variant": variant,
            "unit": unit,
            "answers": int(is_answer),
            "failures": int(is_failure),
            "usd": usd,
            "now": now_ms,
        }
        took_part = (_COUNT_UNIT, _ENTER_UNIT) if is_answer or is_failure else ()
        return tuple(Statement(sql, params) for sql in (*took_part, _COUNT, _END_WHERE_DUE))

    @staticmethod
    def rate(name: str, unit: str, *, score: int, now_ms: int) -> tuple[Statement, ...]:
        """What a unit says of an answer, 1 or -1; what it says after the first time changes nothing."""
        params: Mapping[str, Value] = {"experiment": name, "unit": unit, "score": score, "now": now_ms}
        return tuple(Statement(sql, params) for sql in (_COUNT_RATED, _RATE, _END_WHERE_DUE))

    async def running(self) -> Experiment | None:
        """The one that nobody has ended, though its time may be over; None where its row is damaged, too."""
        row = await self._readers.look_up_one(f"SELECT {_COLUMNS} FROM polar_experiments WHERE status = 'running'")
        try:
            return Experiment.from_row(row) if row else None
        except ExperimentDamaged:
            return None

    async def find(self, name: str) -> Experiment | None:
        """The one of this name, or None; raises ExperimentDamaged."""
        row = await self._readers.look_up_one(f"SELECT {_COLUMNS} FROM polar_experiments WHERE name = ?", (name,))
        return Experiment.from_row(row) if row else None

    async def first_ratings(self, name: str, *, after: int, limit: int) -> list[FirstRating]:
        """What units said first, in that order, behind a place."""
        rows = await self._readers.look_up(
            "SELECT ratedPlace, variant, ratedAs FROM polar_experiment_units INDEXED BY polar_experiment_units_rated "
            "WHERE experiment = ? AND ratedPlace > ? ORDER BY ratedPlace LIMIT ?",
            (name, after, limit),
        )
        return [FirstRating(place=row[0], variant=row[1], score=row[2]) for row in rows]


def _variant(stored: Mapping[str, Any]) -> Variant:
    return Variant(
        name=str(stored["name"]),
        weight=int(stored["weight"]),
        personality=str(stored.get("personality", "")),
        model=str(stored.get("model", "")),
    )


def _described(variant: Variant) -> dict[str, Any]:
    """What it changes only where it does."""
    changes = {"personality": variant.personality, "model": variant.model}
    return {"name": variant.name, "weight": variant.weight, **{key: text for key, text in changes.items() if text}}
