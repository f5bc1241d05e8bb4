"""What was tried so far, and what it has shown: the same for the command and for the page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.readers import Readers
from storage.tables.erasures import Erasures
from storage.tables.experiments import EndedBecause, Experiment, ExperimentDamaged, Experiments, VariantCount
from storage.tables.shares import Shares
from storage.views.rated_answers import RatedAnswer, RatedAnswers
from teaching.labels import counted
from teaching.verdicts import Judgement, Score, verdict

_LIST = "SELECT name FROM polar_experiments ORDER BY startedAtMs DESC, name"
_COUNTS = """
SELECT experiment, variant, units, rated, answers, failures, usd FROM polar_experiment_variants
WHERE experiment = ? ORDER BY variant
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyedExperiment:
    """An experiment with what each variant has come to, in the variants' order."""

    experiment: Experiment
    counts: tuple[VariantCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedExperiment:
    """What one has shown that is over, and why it is."""

    because: EndedBecause
    verdict: Judgement


_Labels = dict[tuple[str, str], Counter[str]]
"""What was said, by variant and unit."""


async def survey(readers: Readers) -> tuple[list[SurveyedExperiment], list[str]]:
    """All experiments that can be read, the newest first, and the names of the others."""
    found: list[SurveyedExperiment] = []
    damaged: list[str] = []
    for row in await readers.fetch(_LIST):
        try:
            one = await look_at(readers, row[0])
        except ExperimentDamaged as error:
            damaged.append(error.name)
        else:
            found += [] if one is None else [one]
    return found, damaged


async def look_at(readers: Readers, name: str) -> SurveyedExperiment | None:
    """The one of this name; raises ExperimentDamaged."""
    experiment = await Experiments(readers).find(name)
    if experiment is None:
        return None
    rows = await readers.fetch(_COUNTS, (name,))
    by_name = {
        row[1]: VariantCount(variant=row[1], units=row[2], rated=row[3], answers=row[4], failures=row[5], usd=row[6])
        for row in rows
    }
    counts = tuple(by_name[variant.name] for variant in experiment.variants if variant.name in by_name)
    return SurveyedExperiment(experiment=experiment, counts=counts)


async def judge(readers: Readers, surveyed: SurveyedExperiment, *, ended_at_ms: int) -> Judgement:
    """The verdict, of what was said until the end: later reactions change nothing of it."""
    experiment = surveyed.experiment
    labels = await _given(readers, [(experiment, ended_at_ms)])
    return _verdict(surveyed, labels[experiment.name])


async def judge_ended(readers: Readers, names: Iterable[str], *, now_ms: int) -> dict[str, EndedExperiment]:
    """Those of these names that are over by now and can be read, each as `judge` has it, in one walk for all."""
    named = set(names)
    found = [one for one in (await survey(readers))[0] if one.experiment.name in named] if named else []
    over = [(one, end) for one in found if (end := one.experiment.at(now_ms)) is not None]
    labels = await _given(readers, [(one.experiment, ended_at_ms) for one, (_, ended_at_ms) in over])
    return {
        one.experiment.name: EndedExperiment(because=because, verdict=_verdict(one, labels[one.experiment.name]))
        for one, (because, _) in over
    }


async def _given(readers: Readers, ended: Sequence[tuple[Experiment, int]]) -> Mapping[str, _Labels]:
    """What was said of the answers of each experiment until it ended."""
    labels: dict[str, _Labels] = {experiment.name: defaultdict(Counter) for experiment, _ in ended}
    if not ended:
        return labels
    by_name = {experiment.name: (experiment, ended_at_ms) for experiment, ended_at_ms in ended}
    walk = RatedAnswers(readers, since_ms=min(experiment.started_at_ms for experiment, _ in ended))
    refusing, erased = await Shares(readers).refusing(), await Erasures(readers).instants()
    async for rated in walk.read():
        answer = rated.answer
        if answer.experiment not in by_name:
            continue
        experiment, ended_at_ms = by_name[answer.experiment]
        unit = await _unit(readers, experiment, rated)
        # Whoever has another variant by now, as a group does that got a new number, counts in neither.
        if answer.at_ms >= experiment.started_at_ms and experiment.variant_of(unit).name == answer.variant:
            said = [rating for rating in rated.ratings if rating.at_ms <= ended_at_ms]
            given = counted(said, answer.edited_at_ms, refusing=refusing, erased=erased, dropped=walk.dropped)
            labels[experiment.name][answer.variant, unit].update(label.label for label in given)
    return labels


def _verdict(surveyed: SurveyedExperiment, labels: _Labels) -> Judgement:
    experiment = surveyed.experiment
    units = {count.variant: count.units for count in surveyed.counts}
    return verdict(experiment.variants, units, _scores(labels), seed=int.from_bytes(experiment.salt.encode()))


async def _unit(readers: Readers, experiment: Experiment, rated: RatedAnswer) -> str:
    answer, thread_key = rated.answer, ""
    if experiment.unit == "conversation":
        row = await readers.look_up_one("SELECT threadKey FROM polar_messages WHERE sequence = ?", (rated.parts[0],))
        thread_key = thread_key if row is None else row[0]
    return experiment.unit_of(answer.session_id, thread_key, at_ms=answer.at_ms)


def _scores(labels: Mapping[tuple[str, str], Counter[str]]) -> Mapping[str, Sequence[Score]]:
    scores: dict[str, list[Score]] = defaultdict(list)
    for (variant, _), given in sorted(labels.items()):
        if given:
            scores[variant].append(Score(positive=given["positive"], negative=given["negative"]))
    return scores
