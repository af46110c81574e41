"""Every array operation of a program, written down while it runs.

`array.py` and `number.py` are the array and the float that remember, `observer.py` what they need for that:
`session.py`, which does each operation and puts it into a graph. `graph.py` has a node for each, with the learner's own
line; `nodes.py` and `memory.py` say which node an array holds, also where it was changed in place, `operations.py` what
the function of a node is where the program has a statement. `makers.py` makes NumPy hand out such arrays,
`callers.py` does it where NumPy calls a learner's function, `protocols.py` reads what it asks of them, and `source.py`
mends the few spellings that no array can see.
"""
