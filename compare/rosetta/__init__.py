"""The same line in three languages: by hand, on the engine's tape, in PyTorch's graph.

What it is in each of them the worlds tell (`compare.worlds.columns`). `question.py` lays the columns side by side,
`figure.py` draws them.
"""
