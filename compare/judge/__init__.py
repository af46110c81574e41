"""One judge: what a calculation should give, and how far rounding may take it.

`ball.py` holds a value with its radius; `rules.py` says how each of NumPy's functions moves both; `judging.py` runs a
function and its derivative on balls and compares what was found; `explained.py` knows slips by their looks;
`assertion.py` is all of that for a test suite.
"""
