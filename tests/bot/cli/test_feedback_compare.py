"""`polar feedback compare`: by people, with how sure it is, and with “too few” where it is too few."""

from __future__ import annotations

from pathlib import Path

import pytest

from teaching.assignment import Variant, assigned
from teaching.findings import BY_HARM
from tests.bot.cli.terminal import polar, printed
from tests.storage.files import DAY_MS, NOW_MS
from tests.web.rows import GROUP
from tests.web.seeding import writing

PEOPLE = 12
ARGUMENTS = ("feedback", "compare")


@pytest.fixture
def rated(database: Path) -> Path:
    """Twelve people who rated three answers of two models each in private, and one of them in a group."""
    with writing(database) as rows:
        for person in range(1, PEOPLE + 1):
            for model, emoji, usd in (("large", "👍", 0.25), ("small", "👎", None)):
                for _ in range(3):
                    rows.add_rated(NOW_MS, f"telegram:chat:{person}", str(person), emoji, {"model": model, "usd": usd})
        for model, emoji in (("large", "👍"), ("small", "👎")):
            rows.add_rated(NOW_MS, GROUP, "1", emoji, {"model": model, "personality": "f"})
    return database


def test_who_is_liked_better_is_told_with_how_sure_that_is(rated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line a side, then each difference as a sentence, and what does not follow from it."""
    monkeypatch.setenv("COLUMNS", "100")
    assert polar(*ARGUMENTS, database=rated).stdout.splitlines() == [
        "model  answers  rated  people  👍  👎           approval  an answer cost  and took",
        "large       37   100%      12  37   0  100% (76 to 100%)           $0.25     0.9 s",
        "small       37   100%      12   0  37      0% (0 to 24%)               –     0.9 s",
        "",
        "small beside large, in private:",
        "  Less liked: -100 points (-100 to -59; p below 0.001), 12 people rated both (36 and 36 labels). "
        "The smallest that could have been seen: 39 points.",
        "",
        "small beside large, in groups:",
        "  Too few to tell: 1 person rated both (1 and 1 labels). No difference could have been seen.",
        "",
        "Compared are those who rated both, each with themselves. What differs need not be why: nobody drew lots over "
        "who got what, or when.",
    ]


def test_programs_get_every_number(rated: Path) -> None:
    """As JSON; what nobody knows is null."""
    told = printed(polar(*ARGUMENTS, "--json", database=rated))
    assert (told["by"], told["since"], told["dropped"]) == ("model", "", {})
    large, small = told["sides"]
    assert (large["name"], large["answers"], large["people"], large["approval"]) == ("large", 37, 12, 1)
    assert (large["usd"], small["usd"], small["shareRated"], small["disliked"]) == (0.25, None, 1, 37)
    private, groups = told["differences"]
    assert (private["where"], private["mean"], private["conclusion"], private["labels"]) == (
        "private",
        -1,
        "differs",
        [36, 36],
    )
    assert (groups["where"], groups["mean"], groups["conclusion"]) == ("groups", None, "too few")


@pytest.mark.parametrize(
    ("by", "names"), [("personality", ["", "f"]), ("automation", []), ("variant", []), ("model", ["large", "small"])]
)
def test_something_else_may_be_compared(rated: Path, by: str, names: list[str]) -> None:
    """Whatever it is, only those are there that have made answers."""
    told = printed(polar(*ARGUMENTS, "--by", by, "--json", database=rated))
    assert [side["name"] for side in told["sides"]] == names


def test_one_alone_is_beside_nothing(database: Path) -> None:
    """Then there is no difference of which somebody could ask why; a digest is told by its first characters."""
    digest, told = "5" * 32, f"{'5' * 12}…"
    with writing(database) as rows:
        rows.add_rated(NOW_MS, GROUP, "1", "👍", {"personality": digest})
    said = polar(*ARGUMENTS, "--by", "personality", database=database).stdout
    assert said.splitlines()[1].startswith(f"{told}  ")
    assert said.endswith("\n\nThere are no two that people have rated, so there is nothing to compare.\n")
    assert printed(polar(*ARGUMENTS, "--by", "personality", "--json", database=database))["sides"][0]["name"] == digest


def test_days_before_a_day_are_left_out(database: Path) -> None:
    """The day itself counts; where nothing is left that is said."""
    with writing(database) as rows:
        for model, days in (("former", 1), ("today's", 0)):
            rows.add_rated(NOW_MS - days * DAY_MS, GROUP, "1", "👍", {"model": model})
    [side] = printed(polar(*ARGUMENTS, "--since", "2026-11-18", "--json", database=database))["sides"]
    assert side["name"] == "today's"
    said = polar(*ARGUMENTS, "--since", "2027-01-01", database=database)
    assert said.stdout == "there is no model to compare since 2027-01-01\n"


@pytest.mark.parametrize("wrong", [("--by", "week"), ("--since", "yesterday")])
def test_what_is_not_understood_is_wrong_usage(database: Path, wrong: tuple[str, str]) -> None:
    """With what was expected."""
    done = polar(*ARGUMENTS, *wrong, database=database)
    assert done.exit_code == 2
    assert "expected" in done.stderr


def test_a_name_can_forge_nothing_on_the_terminal(database: Path) -> None:
    """Whatever an endpoint calls its model; and a variant's verdict is left to its experiment."""
    with writing(database) as rows:
        for name in ("\x1b[31m\nall", "other"):
            rows.add_rated(NOW_MS, GROUP, "1", "👍", {"model": name, "experiment": "terse", "variant": name})
    for by in ("model", "variant"):
        said = polar(*ARGUMENTS, "--by", by, database=database).stdout
        assert "\x1b" not in said
        assert not any(line.startswith("all") for line in said.splitlines())
    assert "polar experiments show" in said
    assert "%" not in said.replace("100%", "")


def test_the_verdict_of_an_experiment_is_the_only_one(database: Path) -> None:
    """What is over is told as `polar experiments show` tells it, to the last figure; what runs, by counts alone."""
    variants = [Variant(name="control", weight=50), Variant(name="short", weight=50, personality="Be brief.")]
    ended, started = NOW_MS + 2 * DAY_MS, NOW_MS - DAY_MS
    with writing(database) as rows:
        rows.add_experiment("terse", variants, started, ended, "harm", (13, 13))
        rows.add_experiment("kinder", variants, started, 4_000_000_000_000, None, (1, 1))
        for number in range(1, 27):
            chat = f"telegram:chat:{number}"
            for name in ("terse", "kinder"):
                variant = assigned(name, name, chat, variants).name
                emoji = "👎" if variant == "short" else "👍"
                for _ in range(3):
                    rows.add_rated(NOW_MS, chat, "7", emoji, {"experiment": name, "variant": variant})
    shown = printed(polar("experiments", "show", "terse", "--json", database=database))["verdict"]
    told = printed(polar(*ARGUMENTS, "--by", "variant", "--json", database=database))
    assert told["verdicts"] == {"terse": shown}
    sides = {side["name"]: side for side in told["sides"]}
    for arm in shown["variants"]:
        side = sides[f"terse/{arm['variant']}"]
        assert [side[key] for key in ("people", "liked", "disliked", "approval", "low", "high")] == [
            arm[key] for key in ("rated", "positive", "negative", "approval", "low", "high")
        ]
    assert {sides[name]["approval"] for name in sides if name.startswith("kinder/")} == {None}
    said = polar(*ARGUMENTS, "--by", "variant", database=database).stdout
    in_full = polar("experiments", "show", "terse", database=database).stdout
    [sentence] = [line.removeprefix("short: ") for line in in_full.splitlines() if line.startswith("short: ")]
    assert f"terse/short beside terse/control:\n  {sentence}\n  {BY_HARM}\n" in said
    assert "kinder/short beside" not in said
