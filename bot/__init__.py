"""The Telegram process and the `polar` command: a room a subject, which meet in bot/app.py."""

VERSION = "0.1.0"
