"""What Polar is set up by: units of systemd, and what an image is made of."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from bot.cli import COMMANDS
from tests.house import CHECKOUT

UNITS = sorted((CHECKOUT / "deploy" / "systemd").glob("*"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
MOST_EXPOSED = "20"
"""Of 100, by systemd's own count; a service without hardening has 96."""
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as on a machine that has Polar: its program and its user are there. A template is one of many."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/polar/bin/polar", "/bin/true")
        text = re.sub(r"^(User|Group)=polar$", r"\1=root", text, flags=re.MULTILINE)
        (tmp_path / unit.name.replace("@.", "@news.")).write_text(text, encoding="utf-8")
    return tmp_path


def analyze(*arguments: str, cwd: Path) -> tuple[int, str]:
    """What systemd says without running anything."""
    done = subprocess.run([str(ANALYZE), *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@needs_systemd
def test_systemd_understands_every_unit(installed: Path) -> None:
    """A name that it does not know would only be told in its log."""
    units = [f"./{unit.name}" for unit in installed.iterdir()]
    assert analyze("verify", "--man=no", *units, cwd=installed) == (0, "")


@needs_systemd
@pytest.mark.parametrize("name", [unit.name.replace("@.", "@news.") for unit in SERVICES])
def test_a_service_may_do_only_what_it_needs(name: str, installed: Path) -> None:
    """By systemd's own count of what is left open to it."""
    status, told = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", f"./{name}", cwd=installed)
    assert status == 0, told


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_calls_a_command_that_there_is(unit: Path) -> None:
    """In the folder that systemd makes for it."""
    text = unit.read_text(encoding="utf-8")
    called = re.findall(r"^ExecStart=.*/opt/polar/bin/polar (\w+)", text, re.MULTILINE)
    assert called
    assert set(called) <= {command.name for command in COMMANDS}
    [folder] = re.findall(r"^StateDirectory=(\S+)", text, re.MULTILINE)
    assert f"WorkingDirectory=/var/lib/{folder}\n" in text


def test_the_template_is_the_service_of_one_bot_in_a_folder_of_its_own() -> None:
    """Everything else is alike, so that what is mended in one is mended in both."""
    one, template = ((CHECKOUT / "deploy" / "systemd" / f"polar{kind}.service").read_text() for kind in ("", "@"))
    assert one.splitlines()[2:] == template.replace("/%i", "").replace(" (%i)", "").splitlines()[2:]


def test_an_image_has_all_that_polar_is_made_of() -> None:
    """And nothing else of the checkout: no .env, no database."""
    ignored = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*"
    packages = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "packages"
    ]
    others = {"requirements/run.txt", "pyproject.toml", "README.md", "LICENSE"}
    assert {line[1:] for line in ignored if line.startswith("!")} == {p.split(".")[0] for p in packages} | others


def test_what_runs_in_containers_are_commands_that_there_are() -> None:
    """Those of the image, and of the three services."""
    image = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    services = (CHECKOUT / "compose.yaml").read_text(encoding="utf-8")
    called = re.findall(r'CMD \["(?:polar", ")?(\w+)"', image) + re.findall(r"command: \[(\w+)\]", services)
    called += re.findall(r"polar (\w+);", services)
    assert sorted(called) == ["doctor", "export", "run", "run", "web"]
    assert set(called) <= {command.name for command in COMMANDS}
