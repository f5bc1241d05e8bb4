"""The advisory locks by which processes of Polar on one server's database know of each other."""

from __future__ import annotations

OWNING = 0x706F6C61722D6F
"""The one process which may write as a bot holds it as long as it lives."""
WRITING = 0x706F6C61722D77
"""Each transaction which writes holds it until its end."""
