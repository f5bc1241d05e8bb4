"""Files of rated answers, read by the tools that they are for, as those are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.feedback.labels import write_labels
from bot.feedback.pseudonyms import Pseudonyms
from bot.feedback.reading import Labels
from storage.database import Database
from teaching.forms import FORMS
from teaching.splits import LEAST_PEOPLE
from tests.bot.feedback.sharing import Talk
from tests.docs.pages import DOCS, blocks
from tests.house import CHECKOUT
from tests.storage.files import NOW_MS

pytestmark = pytest.mark.slow

ENVIRONMENT = CHECKOUT / ".venv-datasets"
PROMPTFOO = os.environ.get("PROMPTFOO")
"""Its version, where `make datasets` wants it to be asked."""
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TRANSFORMERS_VERBOSITY": "error"}
QUIET = {
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    "PROMPTFOO_DISABLE_SHARING": "1",
    "PROMPTFOO_SELF_HOSTED": "1",
}


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A dataset of all forms, with a test: each person's first answer was disliked, and the second liked."""
    database = await Database.open(tmp_path / "polar-system.db", now_ms=NOW_MS)
    try:
        talk = Talk(database, tmp_path)
        for number in range(100, 100 + 2 * LEAST_PEOPLE):
            await _talks(talk, number)
        await talk.make(*FORMS)
        await write_labels(Labels(database), Pseudonyms("key"), tmp_path / "labels.jsonl")
    finally:
        await database.close()
    return tmp_path / "out"


async def _talks(talk: Talk, number: int) -> None:
    """One person, who writes what tools may stumble over."""
    person = str(number)
    await talk.share(person)
    hello = await talk.ask(f"hi {{{{env.HOME}}}}, I am {person}\nand “so” on 😀", chat=number, person=person)
    question = await talk.chat(number).ask(f"what is {number} + 1?", person=person)
    worse = await talk.answer(f"{number}1", question, chat=number, before=(hello,))
    other = f"msg_a_{worse}"
    better = await talk.answer(f"{number + 1}", question, chat=number, before=(hello,), alternative_of=other)
    await talk.rate(worse, "👎", chat=number, person=person)
    await talk.rate(better, chat=number, person=person)


def _python() -> Path:
    """The one that has what reads datasets."""
    if not (ENVIRONMENT / "ready.stamp").exists():
        pytest.skip("what reads datasets is not there: `make datasets` gets it")
    return ENVIRONMENT / "bin" / "python"


def _can_be_had(*command: str, cwd: Path) -> bool:
    """True if the registry gives it, which takes minutes the first time."""
    try:
        return run(*command, "--version", cwd=cwd, environment=QUIET, patience_s=900).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def run(
    *command: str | Path, cwd: Path, environment: dict[str, str], patience_s: float = 300
) -> subprocess.CompletedProcess[str]:
    """Another program, which keeps its own files here."""
    homes = {"HF_HOME": str(cwd / "hf"), "PROMPTFOO_CONFIG_DIR": str(cwd / "promptfoo")}
    environ = {**os.environ, **homes, **environment}
    return subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=patience_s, check=False
    )


def test_each_form_is_loaded_and_read_as_a_conversation(folder: Path) -> None:
    """By `datasets`, file by file and by the card; by TRL, whose chat templates and unpairing take the rows."""
    tools = CHECKOUT / "tests" / "datasets" / "tools.py"
    done = run(_python(), "-P", tools, folder, cwd=folder.parent, environment=OFFLINE)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    for form in FORMS:
        counts = told["rows"][form]
        assert counts["train"] + counts["test"] == (4 if form == "kto" else 2) * LEAST_PEOPLE
    assert sum(told["labels"].values()) == 4 * LEAST_PEOPLE
    assert told["labels"]["train"] == told["rows"]["kto"]["train"]  # the same people are in the same split
    assert set(told["trained"]["kto"]) >= {"prompt", "completion", "label"}
    assert told["trained"]["kto"]["prompt"].startswith("<user>")
    assert set(told["trained"]["dpo"]) >= {"prompt", "chosen", "rejected"}
    assert told["trained"]["sft"]["text"].endswith("</>")
    assert told["unpaired"]["columns"] == ["completion", "label", "prompt"]
    assert told["unpaired"]["labels"].count(True) == told["unpaired"]["labels"].count(False) > 0


def test_the_how_to_loads_what_was_written(folder: Path) -> None:
    """Its program, as it stands there."""
    python = _python()
    [code] = blocks(DOCS / "how-to" / "train-on-feedback.md", "python")
    (folder.parent / "load.py").write_text(code, encoding="utf-8")
    done = run(python, "load.py", folder, cwd=folder.parent, environment=OFFLINE)
    assert done.returncode == 0, done.stderr
    assert "'prompt', 'completion', 'label'" in done.stdout
    assert "→" in done.stdout


def test_promptfoo_takes_its_form(folder: Path) -> None:
    """Its own check of a configuration that names the file, in a home of its own and without a word to anybody."""
    if PROMPTFOO is None:
        pytest.skip("promptfoo is asked by `make datasets` alone")
    if shutil.which("npx") is None:
        pytest.skip("node is not there, so promptfoo cannot be asked")
    promptfoo = ("npx", "--yes", f"promptfoo@{PROMPTFOO}")
    if not _can_be_had(*promptfoo, cwd=folder.parent):
        pytest.skip(f"promptfoo {PROMPTFOO} could not be had")
    config = {
        "prompts": ["{{messages}}"],
        "providers": ["echo"],
        "tests": f"file://{folder / 'promptfoo-train.jsonl'}",
    }
    (folder.parent / "promptfooconfig.json").write_text(json.dumps(config))
    checking = ("validate", "-c", "promptfooconfig.json")
    done = run(*promptfoo, *checking, cwd=folder.parent, environment=QUIET | OFFLINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid" in done.stdout.lower()
