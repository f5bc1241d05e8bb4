"""The Telegram process: composition root, ingress, handlers, responders, delivery, the `polar` command."""

VERSION = "0.1.0"
