"""A step of a training, in a graph: what is a parameter, what updates it, where a step ends; and the recorder of one.

`views.py` says what a node shows of another, `parameters.py` what an update looks like, `search.py` and `shares.py`
which arrays are the parameters of a network, `ends.py` where its steps end. `recorder.py` records until it knows that,
and one step more.
"""
