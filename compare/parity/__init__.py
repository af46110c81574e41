"""Do the three compute the same gradients? A verdict whose tolerance is derived, line by line.

How far a correct line may be from the exact one is for `compare.judge` to say. `question.py` asks it about one batch;
`referee.py` judges the formulas themselves by the loss alone, `exercised.py` says what the batch could not show,
`planted_bugs.py` proves that all this can fail, and `sizes.py` how small a bug it still catches.
"""
