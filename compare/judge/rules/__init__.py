"""What each of NumPy's functions does to a ball: its exact value, what it rounds itself, how errors of inputs pass.

Importing this enters them all. A file a kind: `errors.py` is the ground, then `arithmetic.py`, `functions.py`,
`conditions.py`, `sums.py`, `products.py`, `moves.py`.
"""

from compare.judge.rules import arithmetic, conditions, functions, moves, products, sums
from compare.judge.rules.errors import LAMBDA, LIBRARY

__all__ = ["LAMBDA", "LIBRARY", "arithmetic", "conditions", "functions", "moves", "products", "sums"]
