"""Turns and the chain that every one of them runs through, one file a middleware."""
