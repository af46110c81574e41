"""The reference: the same network from PyTorch's own layers, loss and optimizer, with NumPy arrays in and out.

`network.py` has the three layers by name, `deep.py` any number of them in a `torch.nn.Sequential`; `plain.py` is the
network as the next chapter writes it, without names, given weights or NumPy arrays.
"""

from torch_ref.network import Network

__all__ = ["Network"]
