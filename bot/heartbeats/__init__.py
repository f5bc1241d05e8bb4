"""The heartbeats: a subject of the scheduling engine."""
