"""torchvision's MNIST and its transforms."""

import importlib
import importlib.util
import os
from types import ModuleType
from typing import Any

import numpy as np

from compare.check.surroundings.digits import Giver
from compare.check.surroundings.standins import Mends, Modules

SETS = ("MNIST", "FashionMNIST")


class Plain(np.ndarray):
    """An array that can do the first things that are done to a tensor."""

    def numpy(self) -> np.ndarray:
        return np.asarray(self)

    def float(self) -> Any:
        return self.astype("float32")


def tensor(array: np.ndarray) -> Any:
    """A tensor where there is PyTorch."""
    if importlib.util.find_spec("torch") is None:
        return array.view(Plain)
    return importlib.import_module("torch").from_numpy(array)


def dataset(giver: Giver, name: str, pictures: bool = False) -> Any:
    """`torchvision.datasets.MNIST`, of our digits; pictures: as the installed transforms expect them."""

    class Dataset:
        def __init__(
            self, root: Any = "", train: bool = True, transform: Any = None, target_transform: Any = None,
            download: bool = False,
        ) -> None:  # fmt: skip
            giver.say(f"torchvision's {name}")
            images, labels = giver.digits.part(not train)
            self.images, self.transform, self.target_transform = images.reshape(-1, 28, 28), transform, target_transform
            self.data = self.train_data = self.test_data = tensor(self.images)
            self.targets = self.train_labels = self.test_labels = tensor(labels.astype("int64"))
            self.classes = [str(k) for k in range(10)]

        def __len__(self) -> int:
            return len(self.images)

        def __getitem__(self, k: int) -> tuple[Any, Any]:
            image: Any = self.images[k]
            if pictures:
                image = importlib.import_module("PIL.Image").fromarray(image)
            pairs = ((self.transform, image), (self.target_transform, int(self.targets[k])))
            first, second = (change(value) if change else value for change, value in pairs)
            return first, second

    return type(name, (Dataset,), {})


class Compose:
    def __init__(self, transforms: list[Any]) -> None:
        self.transforms = transforms

    def __call__(self, x: Any) -> Any:
        for transform in self.transforms:
            x = transform(x)
        return x


class ToTensor:
    def __call__(self, image: Any) -> Any:
        return tensor(np.divide(np.asarray(image), 255, dtype="float32")[None])


class Normalize:
    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        self.mean, self.std = (np.ravel(value).astype("float32").reshape(-1, 1, 1) for value in (mean, std))

    def __call__(self, x: Any) -> Any:
        return (x - tensor(self.mean)) / tensor(self.std)


def modules(giver: Giver) -> Modules:
    """What stands in where torchvision is not installed."""
    stand_ins = {name: dataset(giver, name) for name in SETS}
    kinds = {"Compose": Compose, "ToTensor": ToTensor, "Normalize": Normalize, "Lambda": lambda function: function}
    return {"torchvision.datasets": stand_ins, "torchvision.datasets.mnist": stand_ins, "torchvision.transforms": kinds}


def mends(giver: Giver) -> Mends:
    """The installed one would fetch the digits, unless it did so before."""

    def chosen(name: str, real: Any) -> Any:
        def make(root: Any = "", *args: Any, **options: Any) -> Any:
            there = os.path.isdir(os.path.join(root, name, "raw"))
            return (real if there else dataset(giver, name, pictures=True))(root, *args, **options)

        return make

    def mend(module: ModuleType) -> dict[str, Any]:
        return {name: chosen(name, getattr(module, name)) for name in SETS}

    return {"torchvision.datasets.mnist": mend}
