"""Your own backprop, judged: which line of a hand-written network is wrong, and what was probably meant.

A file is read in two processes. The child (`child.py`) runs it: `loading.py` decides which statements, `adapters.py`
and `binding.py` call its functions as they are, `recorder.py` watches which source line gives which array. What
comes back is numbers alone. The parent judges them: `naming.py` brings them into one layout, `chain.py` and
`judging.py` hold each line to its derived bound, `diagnoses.py` is the table of known mistakes, and `fitting.py`
finds the one that gives the wrong numbers. `train.py` looks for what is wrong when every gradient is right.
"""
