"""The bots that Polar is measured beside, each a process in the environment of requirements/peers.txt."""
