"""The Telegram process: composition root, ingress, handlers, responders, delivery, the `polar` command."""
