"""What a diagnosis says, as tests compare it."""

from __future__ import annotations

from bot.doctor.diagnosis import Diagnosis


def judged(diagnosis: Diagnosis) -> tuple[str, str]:
    """The verdict and what was found; its words are there, and a remedy unless all is well."""
    assert diagnosis.title
    assert diagnosis.evidence
    assert bool(diagnosis.remedy) == (diagnosis.verdict != "ok")
    return diagnosis.verdict, diagnosis.found
