"""The zone that a machine is set to."""

from __future__ import annotations

from pathlib import Path

from bot.setup.zone import machine_zone


def test_it_is_what_the_environment_says_or_the_machines_link_or_its_file(tmp_path: Path) -> None:
    """In this order, where it is one; UTC where nothing is."""
    assert machine_zone({"TZ": "EST5EDT,M3.2.0"}, tmp_path) == "UTC"
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    assert machine_zone({}, tmp_path) == "Asia/Tokyo"
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    assert machine_zone({}, tmp_path) == "Europe/Berlin"
    assert machine_zone({"TZ": ":America/Lima"}, tmp_path) == "America/Lima"
