"""A world: one way in which the network is built. What all of them offer, and what a command must know of one."""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from compare.shared.errors import BadInput

if TYPE_CHECKING:
    import numpy as np

    from compare.worlds.columns.column import Column

# A world is known before NumPy or PyTorch is loaded: both are imported where something is computed.

ROOMS = Path(__file__).parents[2]


class Network(Protocol):
    """What a network offers. x (m, fan_in) in the dtype of the parameters; labels (m,), class numbers as int64."""

    def parameters(self) -> "dict[str, np.ndarray]": ...  # noqa: D102
    def logits(self, x: "np.ndarray") -> "np.ndarray": ...  # noqa: D102
    def predict(self, x: "np.ndarray") -> "np.ndarray": ...  # noqa: D102
    def loss(self, x: "np.ndarray", labels: "np.ndarray") -> float: ...  # noqa: D102
    def gradients(self, x: "np.ndarray", labels: "np.ndarray") -> "tuple[float, dict[str, np.ndarray]]": ...  # noqa: D102
    def step(self, x: "np.ndarray", labels: "np.ndarray", learning_rate: float) -> float: ...  # noqa: D102
    def trace(self, x: "np.ndarray", labels: "np.ndarray") -> "dict[str, np.ndarray]": ...  # noqa: D102


class World:
    """One way to build the network: its names, its look, and how to reach inside.

    name: of its folder, on the command line and in JSON; title: what a person calls it; where: as part of a sentence;
    place: its column among the others, the smallest first; colour and marker: in figures; colours: on a page, on white
    and on black; takes_over: what a page says where `backward` stands by hand; nodes_title: over its column in the
    rosetta, and nodes_key: that column's name in JSON; variants: further networks of it that `bench` times, by name,
    each with its title and where its class is.
    """

    name: str
    title: str
    where: str
    place: int
    colour: str
    marker: str
    colours: tuple[str, str]
    takes_over: str = ""
    libraries: tuple[str, ...] = ("numpy",)  # what its folder may import beside Python's own
    reads: str = ""  # the file in `columns/` that reads its column of the rosetta, if it has one
    operators_title: str = ""
    operators_key: str = ""
    variants: ClassVar[Mapping[str, tuple[str, str]]] = {}

    @property
    def opening(self) -> str:
        """`where`, to begin a sentence with."""
        return self.where[0].upper() + self.where[1:]

    @property
    def nodes_title(self) -> str:
        """Over its column in the rosetta."""
        return f"{self.title}'s nodes"

    @property
    def nodes_key(self) -> str:
        """Its column's name in the rosetta's JSON."""
        return f"{self.name}_node"

    @property
    def has_trace(self) -> bool:
        """Whether it tells every line of its calculation; else it is judged by its gradients alone."""
        return True

    def check(self) -> None:
        """Raise BadInput where Python finds another package of that name first.

        A package called `autograd` exists elsewhere too, and a file `manual.py` may lie in the working directory.
        """
        expected = ROOMS / self.name
        spec = importlib.util.find_spec(self.name)
        origin = Path(spec.origin) if spec and spec.origin else None
        if origin != expected / "__init__.py" or not (expected / "network.py").is_file():
            raise BadInput(
                f"Python finds the module `{self.name}` at {origin}, and this project's is at {expected}. Run from "
                f"another folder, rename the file that hides it, or uninstall the other package of that name."
            )

    def network(self, parameters: "dict[str, np.ndarray]", activation: str = "relu") -> Network:
        """The network of `network.py` for three layers, of `deep.py` for any other number. Raises as `check`."""
        self.check()
        module, kind = ("network", "Network") if len(parameters) == 6 else ("deep", "DeepNetwork")
        network: Network = getattr(importlib.import_module(f"{self.name}.{module}"), kind)(parameters, activation)
        return network

    def timed(self, parameters: "dict[str, np.ndarray]") -> Any:
        """The network with nothing around it, as it is timed."""
        return self.network(parameters)

    def source(self) -> str:
        """The text of the file that is read beside the others'."""
        return (ROOMS / self.name / "network.py").read_text(encoding="utf-8")

    def library(self) -> Path:
        """The folder of what its network is built on."""
        return ROOMS / self.name

    # How to reach inside a network of three layers. By hand there is no graph, so there is nothing to reach.

    def recorded_loss(self, network: Any, x: "np.ndarray", labels: "np.ndarray") -> Any:
        """The mean cross-entropy with its graph, as `network.py` forms it."""
        raise NotImplementedError(f"{self.name} records no graph")

    def leaves(self, network: Any) -> dict[str, Any]:
        """The leaves of its graph by the parameter's name, each in that world's own layout."""
        raise NotImplementedError(f"{self.name} records no graph")

    def gradients_left(self, network: Any) -> "dict[str, np.ndarray]":
        """What lies in the leaves' `grad` now, by the parameter's name and in its shape."""
        raise NotImplementedError(f"{self.name} records no graph")

    def column(
        self,
        lines: Sequence[str],
        parameters: "Mapping[str, np.ndarray]",
        x: "np.ndarray",
        labels: "np.ndarray",
        activation: str,
    ) -> "Column":
        """What each line is there, and what it keeps for the backward pass; nothing, where that cannot be read."""
        if self.reads:
            reader = importlib.import_module(f"compare.worlds.columns.{self.reads}")
            return cast("Column", reader.column(lines, parameters, x, labels, activation))
        from compare.worlds.columns.column import Column

        return Column(dict.fromkeys(lines, ()), {})
