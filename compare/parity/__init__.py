"""Do the three compute the same gradients? A verdict whose tolerance is derived, line by line.

Read `bounds.py` first: how far a correct line may be from the exact one. `lines.py` is the calculation as a table,
`line_check.py` the verdict on a trace, `exact.py` the arithmetic it trusts. `end_to_end.py` judges gradients without
a trace, `referee.py` judges the formulas themselves by the loss alone, `pairs.py` sets two implementations side by
side, and `mutants.py` proves that all this can fail.
"""
