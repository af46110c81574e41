"""What each line of the calculation is in a world, and what it keeps for the backward pass.

Nothing here is typed in: `by_hand.py` reads the source, `engine.py` the tape, `pytorch.py` the graph and the operators
as they run, and `graph.py` tells from a graph which of its nodes belong to which line.
"""
