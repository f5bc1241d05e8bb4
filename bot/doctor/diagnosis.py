"""A diagnosis: the judgement of one check, with its evidence and, unless all is well, its remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from middleware.texts import say

Verdict = Literal["ok", "warning", "failed", "not known"]
VERDICTS: tuple[Verdict, ...] = ("ok", "warning", "failed", "not known")


@dataclass(frozen=True, slots=True, init=False)
class Diagnosis:
    """What a check has found. Its words stand in the catalogue of texts, under `doctor.<check>.<found>`."""

    check: str
    verdict: Verdict
    found: str
    values: dict[str, Any]

    def __init__(self, check: str, verdict: Verdict, found: str, **values: Any) -> None:
        for name, value in (("check", check), ("verdict", verdict), ("found", found), ("values", values)):
            object.__setattr__(self, name, value)

    @property
    def title(self) -> str:
        """The name of what was looked at."""
        return say(f"doctor.{self.check}.title")

    @property
    def evidence(self) -> str:
        """What is so."""
        return say(f"doctor.{self.check}.{self.found}", **self.values)

    @property
    def remedy(self) -> str:
        """What to do about it; '' where nothing is to be done."""
        return "" if self.verdict == "ok" else say(f"doctor.{self.check}.{self.found}_remedy", **self.values)


def tally(diagnoses: Iterable[Diagnosis]) -> dict[Verdict, int]:
    """How many there are of each verdict."""
    verdicts = [diagnosis.verdict for diagnosis in diagnoses]
    return {verdict: verdicts.count(verdict) for verdict in VERDICTS}
