"""The same line in three languages: by hand, on the engine's tape, in PyTorch's graph.

Nothing here is typed in: `by_hand.py` reads the source, `engine.py` the tape, `pytorch.py` the graph and the operators
as they run, and `graph.py` tells from a graph which of its nodes belong to which line. `question.py` lays the three
side by side, `figure.py` draws them.
"""
