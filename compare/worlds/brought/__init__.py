"""Worlds that somebody brings with --with: how their class is found, and held to the contract."""
