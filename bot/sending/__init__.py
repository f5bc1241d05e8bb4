"""From the delivery queue and the growing answer to Telegram."""
