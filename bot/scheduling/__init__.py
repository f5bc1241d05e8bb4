"""Running what is due: automations and heartbeats, each occurrence once."""
