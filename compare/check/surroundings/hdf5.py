"""h5py, where it is missing: files of digits, and the two of a well-known course, with pictures of cats and others."""

import re
from typing import Any

import numpy as np

from compare.check.surroundings.digits import Giver
from compare.check.surroundings.standins import Modules

LABELS = {"y", "t", "label", "labels", "target", "targets"}
PICTURES = {False: 209, True: 50}  # in the files of the course: to train on, and to test


def modules(giver: Giver) -> Modules:
    """What stands in where it is missing."""
    return {"h5py": {"File": file_of(giver)}}


def file_of(giver: Giver) -> Any:
    """h5py.File, which gives digits by the names of its parts, or pictures of 64 x 64 x 3 numbers."""

    class File(dict[str, Any]):
        def __init__(self, path: Any, mode: str = "r", **options: Any) -> None:
            super().__init__()
            self.pictures = "cat" in str(path).lower() or "happy" in str(path).lower()
            giver.say(f"h5py.File({str(path).rsplit('/', 1)[-1]!r})")

        def __missing__(self, name: str) -> np.ndarray:
            words = set(re.split("[^a-z]+", name.lower()))
            if "classes" in words:
                return np.array([b"non-cat", b"cat"])
            test = not words.isdisjoint({"test", "valid", "val"})
            images, labels = giver.digits.part(test, giver.enough(10_000 if test else 60_000))
            if self.pictures:
                n = PICTURES[test]
                rng, labels = np.random.RandomState(test), labels[:n] % 2
                images = (rng.rand(n, 64, 64, 3) * 200 + 50 * labels[:, None, None, None]).astype(np.uint8)
            else:
                images = (images.reshape(len(images), -1) / 255).astype(np.float32)
            return labels if words & LABELS else images

        def close(self) -> None:
            """Nothing to do."""

        def __enter__(self) -> "File":
            return self

        def __exit__(self, *_: Any) -> None:
            pass

    return File
