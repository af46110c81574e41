"""A learner's program in PyTorch: watched while it trains, its gradients judged, the classic mistakes named.

PyTorch computes the derivatives itself, so what goes wrong is around them. `watch.py` hooks into PyTorch once the
program itself has imported it, which is never imported from here, and hands over what it sees: `operations.py` holds
what a loss may follow from, `modules.py` which of the learner's lines runs, `steps.py` which gradients a step uses,
`modes.py` whether dropout is at work, `kept_losses.py` what holds a graph too long; `seen.py` is what is kept of it.
`rebuilt.py` makes a function of NumPy of a loss, to hold the gradients against; `mistakes/` names what else was seen;
`driving.py` calls what is only defined; `judged.py` is the answer, in the form of `examine`'s.
"""

from compare.check.torch_programs.driving import drive
from compare.check.torch_programs.judged import examine
from compare.check.torch_programs.watch import TorchWatch

__all__ = ["TorchWatch", "drive", "examine"]
