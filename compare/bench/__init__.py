"""`bench`: time and memory of a training step, against the matrix multiplies alone."""
