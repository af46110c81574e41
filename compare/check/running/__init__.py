"""A learner's program, run: read, in a process of its own, on a copy of its folder, and driven if it only defines.

`apart.py` is the side that asks, `child.py` the process; both import nothing but the standard library, NumPy and this
project, so that the process may be the learner's own interpreter.
"""
