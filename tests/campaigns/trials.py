"""Experiments without a difference, `make trials`: how often the verdict sees one, and the watch harm, all the same.

Each has 200 people with tastes of their own, who are shared out by the real assignment, and is judged by the real
verdict with its 1,000 permutations. Fails beyond 5 % of alarms of the verdict, or 2 % of the watch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated

import typer

from tests.teaching.trials import PEOPLE, Trial, trial

RUNS = 2_000
MOST_ALARMS, MOST_HARM = 0.05, 0.02
WORSE = 0.2


def main(
    runs: Annotated[int, typer.Option(min=1, help="How many experiments.")] = RUNS,
    seed: Annotated[int, typer.Option(help="Of the first; the others follow.")] = 0,
) -> None:
    """Tell the shares of alarms, and for comparison how much of a real difference is seen."""
    began = time.perf_counter()
    seeds = range(seed, seed + runs)
    alarms, harm, void = shares([trial(one) for one in seeds])
    print(f"{runs:,} experiments with {PEOPLE} people and no difference, in {time.perf_counter() - began:.1f} s")
    print(f"alarms of the verdict: {alarms:.2%}, at most {MOST_ALARMS:.0%}; void among them {void:.2%}")
    print(f"alarms of the watch: {harm:.2%}, at most {MOST_HARM:.0%}")
    seen, stopped, _ = shares([trial(one, worse=WORSE) for one in seeds])
    print(f"liked {WORSE:.0%} less: the verdict sees it in {seen:.0%}, the watch stops {stopped:.0%}")
    if alarms > MOST_ALARMS or harm > MOST_HARM:
        raise typer.Exit(1)


def shares(made: Sequence[Trial]) -> tuple[float, float, float]:
    """Of all: those of which the verdict says anything, those that the watch stops, those that are void."""
    return (
        sum(one.is_alarm for one in made) / len(made),
        sum(one.harmful is not None for one in made) / len(made),
        sum(one.verdict.is_void for one in made) / len(made),
    )


if __name__ == "__main__":
    typer.run(main)
