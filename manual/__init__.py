"""Backpropagation by hand: the whole calculation in NumPy, every line of it written out.

Read `network.py` first: three layers, nothing but arithmetic. `functions.py` holds the six formulas it
uses. `deep.py` is the same network for any number of layers, with the loop that `network.py` does without.
"""

from manual.network import Network

__all__ = ["Network"]
