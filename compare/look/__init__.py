"""Every line of the network as a picture, in all worlds: one page to step through, forward and backward.

`question.py` computes the arrays, before the training and after its epochs; `stops.py` says of each line what it does
and what it is made of; `lit.py` finds it in the sources; `packing.py` makes text of arrays, and `page.py` the page.
"""
