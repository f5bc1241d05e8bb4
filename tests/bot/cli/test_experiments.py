"""`polar experiments`: what is tried is said plainly, what cannot be is refused with what was expected."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from storage.engines import beside
from storage.statement import Statement
from storage.tables.experiments import ExperimentDamaged, Experiments
from teaching.findings import RUNNING
from tests.bot.cli.terminal import polar, printed

SHORT = "Answer in one sentence."
FAR = "2100-01-01"
OPTIONS = ("--variant", "control:50", "--variant", f"short:30:personality={SHORT}", "--until", FAR)
REFUSED = "polar: one experiment runs at a time; expected none, found terse: polar experiments stop terse ends it\n"
MODEL = {"responder": "openai", "openai_base_url": "https://api.openai.com/v1", "openai_model": "gpt-4o"}


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """Of a database that is there, and a responder that has a personality."""
    settings = {"database": tmp_path / "polar-system.db", **MODEL}
    assert polar("db", "migrate", **settings).exit_code == 0
    return settings


def start(settings: dict[str, Any], *options: str, name: str = "terse") -> Any:
    """The command, with options of its own or those of a whole one."""
    return polar("experiments", "start", name, *(options or OPTIONS), **settings)


def counted(settings: dict[str, Any], variant: str, unit: str, **more: Any) -> None:
    """A turn that the bot has answered."""
    done = {"is_answer": True, "is_failure": False, "usd": 0.25, "now_ms": 5, **more}
    write(settings, *Experiments.count("terse", variant, unit, **done))


def write(settings: dict[str, Any], *statements: Statement) -> None:
    """As a bot commits it."""
    with beside(settings["database"]) as database:
        database.commit(*statements)


def test_an_experiment_is_started_shown_and_stopped(settings: dict[str, Any]) -> None:
    """In words, each naming what comes next; while it runs there are counts, and no verdict."""
    done = start(settings, *OPTIONS, "--people", "200", "--budget", "5")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "terse: runs until 2100-01-01T00:00:00Z; polar experiments show terse tells the rest\n"
    counted(settings, "short", "telegram:chat:7")
    shown = polar("experiments", "show", "terse", **settings).stdout
    assert shown.splitlines() == [
        "terse: by person, runs until 2100-01-01T00:00:00Z; limits: 200 that have rated, $5.00",
        "variant  weight  units  rated  answers  failures  US dollars",
        "control      50      0      0        0         0       $0.00",
        "short        30      1      0        1         0       $0.25",
        RUNNING,
    ]
    assert polar("experiments", "stop", "terse", **settings).stdout.startswith("terse: stopped;")
    assert "short: Too few to tell." in polar("experiments", "show", "terse", **settings).stdout


def test_facts_are_printed_as_json(settings: dict[str, Any]) -> None:
    """The same for each command that tells any."""
    started = printed(start(settings, *OPTIONS, "--unit", "day", "--json"))
    assert started["variants"][1] == {
        "variant": "short",
        "weight": 30,
        "personality": SHORT,
        "model": None,
        **dict.fromkeys(("units", "rated", "answers", "failures"), 0),
        "usd": 0.0,
    }
    assert (started["status"], started["unit"], started["verdict"]) == ("running", "day", None)
    assert printed(polar("experiments", "show", "terse", "--json", **settings)) == started
    [listed] = printed(polar("experiments", "list", "--json", **settings))
    assert (listed["name"], listed["units"], listed["rated"]) == ("terse", 0, 0)
    stopped = printed(polar("experiments", "stop", "terse", "--json", **settings))
    assert (stopped["status"], stopped["verdict"]) == ("ended", None)
    ended = printed(polar("experiments", "show", "terse", "--json", **settings))
    assert (ended["status"], ended["because"]) == ("ended", "stopped")
    assert ended["verdict"]["againstControl"][0]["finding"] == "too few to tell"


def test_a_list_without_any_says_so(settings: dict[str, Any]) -> None:
    """And of a program's list nothing is left but the brackets."""
    assert polar("experiments", "list", **settings).stdout == "no experiments\n"
    assert printed(polar("experiments", "list", "--json", **settings)) == []


def test_a_text_may_come_from_a_file(settings: dict[str, Any], tmp_path: Path) -> None:
    """As it stands there, without white space at its end."""
    file = tmp_path / "short.txt"
    file.write_text(f"{SHORT}\n\n", encoding="utf-8")
    started = printed(
        start(settings, "--variant", "control:1", "--variant", f"short:1:personality=@{file}", "--until", FAR, "--json")
    )
    assert started["variants"][1]["personality"] == SHORT


def test_another_model_must_have_a_known_price(settings: dict[str, Any]) -> None:
    """Of the same endpoint; what a name costs that nobody knows could not be limited."""
    known = start(settings, "--variant", "control:1", "--variant", "mini:1:model=gpt-4o-mini", "--until", FAR, "--json")
    assert printed(known)["variants"][1]["model"] == "gpt-4o-mini"
    polar("experiments", "stop", "terse", **settings)
    for name, why in (("nobodys-model", "whose price"), ("gpt-4o", "another model")):
        refused = start(
            settings, "--variant", "control:1", "--variant", f"x:1:model={name}", "--until", FAR, name="next"
        )
        assert refused.exit_code == 2
        assert why in " ".join(refused.stderr.split())


@pytest.mark.parametrize(
    ("responder", "change"), [("local", "personality=x"), ("none", "personality=x"), ("local", "model=gpt-4o-mini")]
)
def test_what_the_responder_cannot_do_is_refused(settings: dict[str, Any], responder: str, change: str) -> None:
    """With the setting that says who answers."""
    refused = start(
        {**settings, "responder": responder},
        *("--variant", "control:1", "--variant", f"x:1:{change}", "--until", FAR),
    )
    assert refused.exit_code == 2
    assert "POLAR_RESPONDER" in refused.stderr


VARIANTS_THAT_CANNOT_BE = [
    (("--variant", "control:50"), "at least one more"),
    (("--variant", "a:50:personality=x", "--variant", "b:50:personality=y"), "one named control"),
    (("--variant", "control:50", "--variant", "control:50"), "each name once"),
    (("--variant", "control:50:personality=x", "--variant", "b:50:personality=y"), "changes nothing"),
    (("--variant", "control:50", "--variant", "b:50"), "what b changes: b:50:personality=TEXT"),
    (("--variant", "control:50", "--variant", "b:0:personality=x"), "WEIGHT is a whole number"),
    (("--variant", "control:50", "--variant", "b:1.5:personality=x"), "from 1 to 999999"),
    (("--variant", "control:50", "--variant", "b:50:colour=x"), "what b changes"),
    (("--variant", "control:50", "--variant", "b:50:personality="), "what b changes"),
    (
        ("--variant", "control:50", "--variant", "b:50:personality=@/nowhere"),
        "(No such file or directory)",
    ),
    (("--variant", "control:50", "--variant", f"b:50:personality=@{sys.executable}"), "a text in UTF-8"),
    (("--variant", "control:50", "--variant", f"b:50:personality={'x' * 2_001}"), "at most 2000 characters"),
    (("--variant", "control:50", "--variant", "b b:50:personality=x"), "NAME is a letter or digit"),
]


def test_variants_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    """With what was expected; nothing is started."""
    for options, why in VARIANTS_THAT_CANNOT_BE:
        refused = start(settings, *options, "--until", FAR)
        assert refused.exit_code == 2, options
        assert why in " ".join(refused.stderr.replace("│", " ").split())
    assert printed(polar("experiments", "list", "--json", **settings)) == []


LIMITS_THAT_CANNOT_BE = [
    ("--until", "2020-01-01", "is to come"),
    ("--until", "soon", "a day like"),
    ("--until", "2100-01-01T00:00:00", "a day like"),
    ("--until", "9999-99-99", "a day like"),
    ("--until", "9999-12-31T23:59:59-23:00", "a day like"),
    ("--unit", "chat", "person, conversation, day"),
    ("--budget", "0", "US dollars"),
    ("--budget", "-1", "US dollars"),
    ("--people", "1", "greater than or equal to 2"),
]


def test_limits_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    """With what was expected."""
    for option, value, why in LIMITS_THAT_CANNOT_BE:
        refused = start(settings, *OPTIONS, option, value)
        assert refused.exit_code == 2, option
        assert why in " ".join(refused.stderr.replace("│", " ").split())


def test_two_never_overlap_and_a_name_is_used_once(settings: dict[str, Any]) -> None:
    """The one that runs is named, with the way to end it."""
    start(settings)
    refused = start(settings, name="next")
    assert (refused.exit_code, refused.stderr) == (1, REFUSED)
    polar("experiments", "stop", "terse", **settings)
    again = start(settings)
    assert again.exit_code == 1
    assert "expected a new name" in again.stderr
    assert start(settings, name="next").exit_code == 0


def test_what_is_not_there_or_over_cannot_be_shown_or_stopped(settings: dict[str, Any]) -> None:
    """It says where names are listed, or when it ended."""
    for verb in ("show", "stop"):
        missing = polar("experiments", verb, "x", **settings)
        assert missing.exit_code == 1
        assert "polar experiments list" in missing.stderr
    start(settings)
    polar("experiments", "stop", "terse", **settings)
    over = polar("experiments", "stop", "terse", **settings)
    assert over.exit_code == 1
    assert "has ended already" in over.stderr


def test_a_damaged_row_is_told_and_can_be_stopped(settings: dict[str, Any]) -> None:
    """Rather than shown as something else; until it is stopped, no other one begins."""
    start(settings)
    write(settings, Statement("UPDATE polar_experiments SET variants = 'x'"))
    for command in (("list",), ("show", "terse")):
        damaged = polar("experiments", *command, **settings)
        assert damaged.exit_code == 1
        assert damaged.stderr == f"polar: {ExperimentDamaged('terse')}\n"
    assert start(settings, name="next").stderr == f"polar: {ExperimentDamaged('terse')}\n"
    assert polar("experiments", "stop", "terse", **settings).exit_code == 0
    assert start(settings, name="next").exit_code == 0
