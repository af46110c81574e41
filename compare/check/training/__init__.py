"""Why does a network with right gradients not learn? Its own training, looked at from time to time, and what helps.

`watch.py` lets the program run on and records one step of it now and then; `moments.py` is what is kept of each,
`batch.py` such a step as an example to learn from, `sources.py` where what enters the network comes from. `course.py`
measures on these examples how far the training has come; `descents.py` begins again from where the program began,
changes one thing, and descends by exact gradients. `case.py` is a training that is judged by all that; `findings/`, a
file a kind of cause, names one where such a change helps, or where the recording shows it.
"""
