"""The demo: the real bot against the embedded Telegram, killed in the middle, and checked by a second process."""
