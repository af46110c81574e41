"""A learner's program, run: read, in a process of its own, on a copy of its folder, and driven if it only defines.

`parent.py` is the side that asks, `child.py` the process; both import nothing but the standard library, NumPy and this
project, so that the process may be the learner's own interpreter. `program.py` reads the file, `fences.py` and
`clock.py` say what it may do and for how long, `failure.py` how it ended. `driver.py` tries one plan of `plans.py`
after the other on a program that only defines: each in a `trial.py`, which is given `data.py`, makes the calls of
`calls.py`, and keeps their `results.py`.
"""
