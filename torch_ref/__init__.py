"""The reference: the same network as a PyTorch user writes it.

`network.py` has the three layers by name, `deep.py` any number of them in a `torch.nn.Sequential`.
"""

from torch_ref.network import Network

__all__ = ["Network"]
