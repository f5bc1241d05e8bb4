"""Turns and the chain that every one of them runs through: a file a layer, and what layers share."""
