"""One judge: what a calculation should give, and how far rounding may take it.

`roundoff.py` is the arithmetic of a run and of its judge; `ball.py` holds a value with its radii; `rules/` says how
each of NumPy's functions moves both, in arithmetic that `longer.py` makes long enough; `judging.py` runs a function and
its derivative on balls; `lines.py` names lines of it, which are judged where they were found and then taken as found;
`verdict.py` compares. `network.py` is this project's network, once, of the activations and losses in `units.py` and
`scores.py`. `explained.py` knows slips by their looks; `assertion.py` is all of that for a test suite.
"""
