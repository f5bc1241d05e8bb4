"""An installed Polar works outside a checkout: what is built holds everything, and finds what is the operator's."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot import VERSION, home
from bot.settings import Settings, variable
from storage import care
from storage.location import ServerUrl
from tests import cluster
from tests.house import CHECKOUT, House

pytestmark = pytest.mark.slow

PATIENCE_S = 600
"""The time after which it counts as hanging, also on a machine with much else to do."""
IGNORED = shutil.ignore_patterns(
    ".git", *(line.strip("/") for line in (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines())
)
BUILD = "from setuptools.build_meta import build_sdist, build_wheel; build_sdist('..'); build_wheel('..')"
"""What a builder asks for, in a copy of the checkout and without an environment of its own."""
RESPONDER = """
class Own:
    async def respond(self, turn):
        return f"own: {turn.text}"


own = Own()
"""


@dataclass(frozen=True, slots=True)
class Installed:
    """What was built of a copy of this checkout, and a virtual environment with the wheel of it in it."""

    copied: set[str]
    distribution: Path
    wheel: Path
    environment: Path

    @property
    def python(self) -> str:
        """Its Python, which knows nothing of the checkout."""
        return str(self.environment / "bin" / "python")

    @property
    def polar(self) -> str:
        """Its command."""
        return str(self.environment / "bin" / "polar")

    def run(self, *arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """`polar` in a folder, with these variables and none of the tests'."""
        return subprocess.run(
            [self.polar, *arguments],
            cwd=folder,
            env={**outside(os.environ), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )


def outside(inherited: Mapping[str, str]) -> dict[str, str]:
    """An environment without our settings, and without a module path."""
    ours = {variable(field) for field in Settings.model_fields} | {"PYTHONPATH"}
    return {name: value for name, value in inherited.items() if name not in ours}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built and installed once; only the dependencies are those of the tests' own environment."""
    folder = tmp_path_factory.mktemp("installed")
    source, environment = folder / "source", folder / "environment"
    shutil.copytree(CHECKOUT, source, ignore=IGNORED)
    copied = files(source)
    subprocess.run([sys.executable, "-c", BUILD], cwd=source, check=True, capture_output=True, timeout=PATIENCE_S)
    [distribution], [wheel] = folder.glob("polar-*.tar.gz"), folder.glob("polar-*.whl")
    venv.create(environment, with_pip=False, symlinks=True)
    target = ("--disable-pip-version-check", "--quiet", "--python", str(environment / "bin" / "python"))
    install = (sys.executable, "-m", "pip", *target, "install", "--no-deps", "--no-index", str(wheel))
    subprocess.run(install, check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL)
    [packages] = environment.glob("lib/python*/site-packages")
    # The checkout's own polar.pth lies there, and is not read: a folder that a .pth file names is no site folder.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return Installed(copied, distribution, wheel, environment)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An operator's folder, in which files and folders with the names of our packages happen to lie."""
    for name in home.PACKAGES:
        if name == "bot":
            (tmp_path / "bot.py").write_text("raise SystemExit('not ours')")
        else:
            (tmp_path / name).mkdir()
            (tmp_path / name / "__init__.py").write_text("raise SystemExit('not ours')")
    before = files(tmp_path)
    yield tmp_path
    assert before <= files(tmp_path)


def files(folder: Path) -> set[str]:
    """What is in it, by relative name."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def ours(folder: Path) -> set[str]:
    """The files of our packages, those that are made while they run apart."""
    return {name for name in files(folder) if name.split("/")[0] in home.PACKAGES and "__pycache__" not in name}


def test_the_wheel_holds_every_file_of_our_packages_and_the_licence(installed: Installed) -> None:
    """Migrations, languages, templates, styles and scripts, beside the code."""
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = set(wheel.namelist())
        metadata = wheel.read(f"polar-{VERSION}.dist-info/METADATA").decode()
    assert {name for name in names if ".dist-info/" not in name} == ours(CHECKOUT)
    assert f"polar-{VERSION}.dist-info/licenses/LICENSE" in names
    assert "License-Expression: MIT" in metadata


def test_the_source_distribution_holds_every_file_of_the_checkout(installed: Installed) -> None:
    """So that it can be built, tested and read."""
    with tarfile.open(installed.distribution) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in installed.copied if ".egg-info/" not in name} - held == set()


def test_what_runs_is_what_was_installed(installed: Installed, folder: Path) -> None:
    """Every package of ours comes from the new environment, and nothing from the checkout."""
    names = sorted(home.PACKAGES)
    ask = "; ".join(["import sys", *(f"import {name}; print({name}.__file__)" for name in names), "print(*sys.path)"])
    told = subprocess.run(
        [installed.python, "-P", "-c", ask], cwd=folder, env=outside(os.environ), capture_output=True, text=True
    )
    *places, path = told.stdout.splitlines()
    assert [Path(place).is_relative_to(installed.environment) for place in places] == [True] * len(names), told
    assert str(CHECKOUT) not in path.split()
    assert installed.run("--version", folder=folder).stdout == f"polar {VERSION}\n"


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database in which nothing is; empty where no server is installed."""
    if cluster.programs() is None:
        yield ""
        return
    with cluster.database(request.getfixturevalue("server")) as url:
        yield url


def test_the_demo_runs_in_a_folder_of_anybody_and_on_a_server(
    installed: Installed, folder: Path, elsewhere: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Status 0, a picture where one is wanted, and nothing is left in the folder; on the server its database is.

    On a file, in a terminal and in a checkout tests/demo/test_demo.py plays it.
    """
    before = files(folder)
    picture = tmp_path_factory.mktemp("picture") / "demo.svg"
    place = ("--database", elsewhere) if elsewhere else ()
    told = installed.run("demo", "--exit", "--picture", str(picture), *place, folder=folder)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("✔") == 9
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert files(folder) == before
    assert not elsewhere or care.look_at(ServerUrl(elsewhere)).version


def test_without_a_token_it_names_the_command_of_the_demo(installed: Installed, folder: Path) -> None:
    """There is no make."""
    before = files(folder)
    told = installed.run("run", folder=folder)
    assert (told.returncode, told.stderr.count("\n")) == (1, 1), told.stderr
    assert told.stderr.endswith("try Polar without one: polar demo\n")
    assert files(folder) == before


def test_settings_database_and_exports_are_in_the_current_folder(installed: Installed, folder: Path) -> None:
    """By their defaults, and where `.env` names them."""
    for name, database, artifacts in (
        ("plain", "polar-system.db", "artifacts"),
        ("named", "data/own.db", "written"),
    ):
        place = folder / name
        (place / "data").mkdir(parents=True)
        if name == "named":
            (place / ".env").write_text(f"POLAR_DATABASE={database}\nPOLAR_ARTIFACTS={artifacts}\n")
        for command in (("db", "migrate"), ("export",)):
            told = installed.run(*command, folder=place)
            assert told.returncode == 0, told.stderr
        assert {database, f"{artifacts}/MEMORY.md"} <= files(place)
    assert not list(installed.environment.rglob("*.db"))
    assert not list(installed.environment.rglob("artifacts"))


def test_the_dashboard_is_ours_whatever_lies_in_the_folder(installed: Installed, folder: Path) -> None:
    """Its process says that it may not listen there, which no other would say."""
    told = installed.run("web", folder=folder, POLAR_WEB_LISTEN="0.0.0.0:0")
    assert (told.returncode, told.stderr.count("\n")) == (1, 1), told.stderr
    assert "POLAR_WEB_SECRET" in told.stderr


async def test_a_module_of_ones_own_is_found_in_the_current_folder(
    installed: Installed, folder: Path, house: House
) -> None:
    """And the start says which database it uses there."""
    (folder / "own_module.py").write_text(RESPONDER)
    settings = house.environment(responder="own_module:own", database="own.db")
    process = await asyncio.create_subprocess_exec(
        installed.polar, "run", cwd=folder, env=settings, stderr=asyncio.subprocess.PIPE
    )  # fmt: skip
    ann, chat = house.chat()
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while b"the database is" not in (line := await process.stderr.readline()):
            assert line, "it ended"
        assert line.decode() == f"polar: the database is {folder / 'own.db'}, the process id {process.pid}\n"
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: [sent["text"] for sent in house.world.sent(chat)] == ["own: hello"])
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    assert process.returncode == 0


def test_a_module_whose_name_is_taken_is_named(installed: Installed, folder: Path) -> None:
    """The file that lies there, and what has its name."""
    told = installed.run("run", folder=folder, TELEGRAM_BOT_TOKEN="1:none", POLAR_RESPONDER="web:Own")
    assert (told.returncode, told.stderr.count("\n")) == (1, 1), told.stderr
    assert told.stderr.startswith(f"polar: POLAR_RESPONDER: {folder / 'web' / '__init__.py'} cannot be used")
    assert "the name 'web' is taken by Polar itself" in told.stderr
