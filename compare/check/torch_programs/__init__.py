"""A learner's program in PyTorch: watched while it trains, its gradients judged, the classic mistakes named.

PyTorch computes the derivatives itself, so what goes wrong is around them. `watch.py` sees each operation, each
`backward()` and each step, once the program itself has imported torch, which is never imported from here; `seen.py` is
what it keeps; `rebuilt.py` makes a function of NumPy of a loss, to hold the gradients against; `mistakes.py` names
what else was seen; `driving.py` calls what is only defined; `judged.py` is the answer, in the form of `examine`'s.
"""

from compare.check.torch_programs.driving import drive
from compare.check.torch_programs.judged import examine
from compare.check.torch_programs.watch import Watch

__all__ = ["Watch", "drive", "examine"]
