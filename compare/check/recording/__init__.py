"""Every array operation of a program, written down while it runs.

`array.py` is the array that remembers, `graph.py` what it remembers: a node for each operation, with the learner's
own line. `memory.py` follows arrays that are changed in place. `makers.py` makes NumPy hand out such arrays, and
`source.py` mends the few spellings that no array can see. `recorder.py` opens and ends a recording.
"""

from compare.check.recording.graph import Node
from compare.check.recording.recorder import Enough, Recorder

__all__ = ["Enough", "Node", "Recorder"]
