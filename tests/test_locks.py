"""The locks are complete: what they name can be installed without resolving anything."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house import CHECKOUT

LOCKS = sorted((CHECKOUT / "requirements").glob("*.txt"))
DATASETS = CHECKOUT / "requirements" / "datasets.txt"
"""Of which something is left out on purpose: what would train."""
PEERS = CHECKOUT / "requirements" / "peers.in"
BUILT = next(iter((CHECKOUT / ".venv-peers").glob("lib/*/site-packages")), None)
"""Where `make bench` has put what the peers' lock names; no test needs it."""


def pins(lock: Path) -> dict[str, Requirement]:
    """What a lock installs here, by canonical name."""
    lines = re.findall(r"^(?![\s#])(.+?)(?: \\)?$", lock.read_text(encoding="utf-8"), re.MULTILINE)
    found = map(Requirement, lines)
    return {canonicalize_name(pin.name): pin for pin in found if pin.marker is None or pin.marker.evaluate()}


def metadata(pin: Requirement) -> Distribution | None:
    """Of the very release that is pinned, where it is installed: here, or beside the peers."""
    places = [sys.path, *([[str(BUILT)]] if BUILT else [])]
    for place in places:
        for found in distributions(name=pin.name, path=place):
            if pin.specifier.contains(found.version, prereleases=True):
                return found
    return None


def needs(pin: Requirement) -> Iterator[Requirement]:
    """What a pinned package asks for, as its metadata says, with the extras that the lock gives it."""
    found = metadata(pin)
    for line in (found.requires if found else None) or ():
        need = Requirement(line)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *pin.extras)):
            yield need


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if lock != DATASETS], ids=lambda lock: lock.stem)
def test_a_lock_meets_every_requirement_of_all_that_it_names(lock: Path) -> None:
    """Each requirement, with its extras and where its marker holds, is met by a pin of the same lock.

    As far as it can be told without the peers; `.ci/run` installs each lock in an empty place and has pip look.
    """
    locked = pins(lock)
    unmet = []
    for pin in locked.values():
        assert metadata(pin) or lock == PEERS.with_suffix(".txt"), pin.name
        for need in needs(pin):
            met = locked.get(canonicalize_name(need.name))
            if met is None or not need.specifier.contains(next(iter(met.specifier)).version, prereleases=True):
                unmet.append(f"{pin.name} needs {need}, the lock has {met}")
            elif not need.extras <= met.extras:
                unmet.append(f"{pin.name} needs {need}, the lock has no such extra: {met}")
    assert locked
    assert unmet == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_pins_versions_with_hashes_and_names_no_host(lock: Path) -> None:
    """Every line is a pin with hashes; where to get it from is the machine's own matter."""
    text = lock.read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", entry)
        assert "--hash=sha256:" in entry
    assert "://" not in text


def test_the_peers_lock_has_what_is_asked_for() -> None:
    """`make lock` makes it of these lines."""
    lines = [line for line in PEERS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    locked = pins(PEERS.with_suffix(".txt"))
    assert [str(locked[canonicalize_name(Requirement(line).name)]) for line in lines] == lines


def test_the_lock_of_what_reads_datasets_leaves_out_what_trains() -> None:
    """And has the rest that is asked for."""
    locked = pins(DATASETS)
    assert {"datasets", "trl", "transformers"} <= set(locked)
    assert not {"torch", "accelerate"} & set(locked)


def test_the_suite_runs_with_what_is_locked() -> None:
    """What is installed here is what the lock says, so that a green run speaks of the lock."""
    for name, pin in pins(CHECKOUT / "requirements" / "dev.txt").items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = None
        assert installed is not None and pin.specifier.contains(installed, prereleases=True), name
