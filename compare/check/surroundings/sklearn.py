"""scikit-learn: the digits by `fetch_openml`; and the little that learners take from it, where it is not installed."""

import importlib
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.check.surroundings.digits import Giver
from compare.check.surroundings.standins import Mends, Modules


class Bunch(dict[str, Any]):
    """A dictionary whose keys are attributes too."""

    __getattr__ = dict.__getitem__


def fetching(giver: Giver) -> dict[str, Any]:
    """What would be fetched. Labels are text, as OpenML's are; a frame comes if it is asked for, or used."""

    def fetch_openml(
        name: Any = None, *, data_id: Any = None, return_X_y: bool = False, as_frame: Any = None, **others: Any
    ) -> Any:
        if name not in ("mnist_784", "Fashion-MNIST") and data_id not in (554, 40996):
            giver.lacks(f"fetch_openml({name or data_id!r})")
            raise ConnectionError(f"fetch_openml({name or data_id!r}) needs the network: nothing is fetched here")
        images, labels = giver.digits.everything(giver.enough(70_000, least=10_000))
        giver.say(f'fetch_openml("{name or data_id}")', f", {len(labels):,} rows")
        names = [f"pixel{k + 1}" for k in range(images.shape[1])]
        target, frame = labels.astype(str).astype(object), None
        data: Any = images.astype("float64")
        like_a_frame = re.search(r"\.(values|to_numpy|iloc|loc|sample)\b", giver.source)
        if as_frame is True or (as_frame in (None, "auto") and like_a_frame):
            pandas = importlib.import_module("pandas")
            data = frame = pandas.DataFrame(images.astype("int64"), columns=names)
            target = pandas.Series(target, name="class")
        return (data, target) if return_X_y else Bunch(data=data, target=target, frame=frame, feature_names=names)

    def fetch_mldata(name: str, **others: Any) -> Bunch:
        images, labels = giver.digits.everything(70_000)
        giver.say(f'fetch_mldata("{name}")')
        return Bunch(data=images, target=labels.astype("float64"))

    return {"fetch_openml": fetch_openml, "fetch_mldata": fetch_mldata}


def generator(seed: Any) -> Any:
    """NumPy's own generator, a seeded one, or the one given."""
    return np.random if seed is None else seed if hasattr(seed, "permutation") else np.random.RandomState(seed)


def take(array: Any, rows: np.ndarray) -> Any:
    """Rows of a frame, an array or a list."""
    if hasattr(array, "iloc"):
        return array.iloc[rows]
    return array[rows] if hasattr(array, "shape") else [array[k] for k in rows]


def shuffle(*arrays: Any, random_state: Any = None, **others: Any) -> Any:
    order = generator(random_state).permutation(len(arrays[0]))
    taken = [take(array, order) for array in arrays]
    return taken if len(taken) > 1 else taken[0]


def train_test_split(
    *arrays: Any, test_size: Any = None, train_size: Any = None, random_state: Any = None, shuffle: bool = True,
    stratify: Any = None,
) -> list[Any]:  # fmt: skip
    n = len(arrays[0])
    test, train = (int(np.ceil(size * n)) if isinstance(size, float) else size for size in (test_size, train_size))
    if test is None:
        test = int(np.ceil(n / 4)) if train is None else n - train
    train = n - test if train is None else train
    order = generator(random_state).permutation(n) if shuffle else np.roll(np.arange(n), test)
    return [take(array, rows) for array in arrays for rows in (order[test : test + train], order[:test])]


class Fitted:
    def fit_transform(self, X: Any, y: Any = None) -> Any:
        return self.fit(X).transform(X)  # type: ignore[attr-defined]


class Scaler(Fitted):
    """measure: what is taken away from each column, and what it is then divided by."""

    def __init__(self, measure: Callable[[np.ndarray], tuple[Any, Any]]) -> None:
        self.measure = measure

    def fit(self, X: Any, y: Any = None) -> Any:
        self.mean_, scale = self.measure(np.asarray(X, float))
        self.scale_ = np.where(scale == 0, 1, scale)
        return self

    def transform(self, X: Any) -> Any:
        return (np.asarray(X, float) - self.mean_) / self.scale_

    def inverse_transform(self, X: Any) -> Any:
        return np.asarray(X) * self.scale_ + self.mean_


def standard_scaler(**options: Any) -> Scaler:
    return Scaler(lambda X: (X.mean(axis=0), X.std(axis=0)))


def min_max_scaler(feature_range: tuple[float, float] = (0, 1)) -> Scaler:
    low, high = feature_range
    return Scaler(lambda X: (X.min(axis=0) - low * np.ptp(X, axis=0) / (high - low), np.ptp(X, axis=0) / (high - low)))


class Dense(np.ndarray):
    """An array where scikit-learn gives a sparse matrix."""

    def toarray(self) -> np.ndarray:
        return np.asarray(self)

    todense = toarray


class OneHotEncoder(Fitted):
    def __init__(self, **options: Any) -> None:
        self.sparse = options.get("sparse_output", options.get("sparse", True))

    def fit(self, X: Any, y: Any = None) -> Any:
        self.categories_ = [np.unique(column) for column in np.asarray(X).T]
        return self

    def transform(self, X: Any) -> Any:
        pairs = zip(np.asarray(X).T, self.categories_, strict=True)
        rows = np.concatenate([(column[:, None] == kinds).astype(float) for column, kinds in pairs], axis=1)
        return rows.view(Dense) if self.sparse else rows


class LabelBinarizer(Fitted):
    def fit(self, y: Any) -> Any:
        self.classes_ = np.unique(y)
        return self

    def transform(self, y: Any) -> Any:
        rows = (np.asarray(y).reshape(-1, 1) == self.classes_).astype(int)
        return rows[:, 1:] if len(self.classes_) == 2 else rows

    def inverse_transform(self, Y: np.ndarray) -> Any:
        return self.classes_[(Y[:, 0] > 0.5).astype(int) if Y.shape[1] == 1 else Y.argmax(axis=1)]


def accuracy_score(y_true: Any, y_pred: Any) -> float:
    return float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))


def confusion_matrix(y_true: Any, y_pred: Any) -> np.ndarray:
    classes, places = np.unique([y_true, y_pred], return_inverse=True)
    table = np.zeros((len(classes), len(classes)), int)
    np.add.at(table, tuple(places.reshape(2, -1)), 1)
    return table


def two_curves(moons: bool) -> Any:
    """`make_moons`, or `make_circles`: half of the points on each of two curves."""

    def make(
        n_samples: int = 100, *, shuffle: bool = True, noise: Any = None, random_state: Any = None, factor: float = 0.8
    ) -> Any:
        random, y = generator(random_state), np.arange(n_samples) * 2 // n_samples
        t = [np.linspace(0, np.pi * (2 - moons), np.sum(y == k), endpoint=moons) for k in (0, 1)]
        second = np.c_[1 - np.cos(t[1]), 0.5 - np.sin(t[1])] if moons else factor * np.c_[np.cos(t[1]), np.sin(t[1])]
        X = np.concatenate([np.c_[np.cos(t[0]), np.sin(t[0])], second])
        order = random.permutation(n_samples) if shuffle else np.arange(n_samples)
        return (X + random.normal(scale=noise or 0, size=X.shape))[order], y[order]

    return make


def make_blobs(
    n_samples: int = 100, n_features: int = 2, *, centers: Any = None, cluster_std: Any = 1.0,
    center_box: tuple[float, float] = (-10, 10), random_state: Any = None, **others: Any,
) -> Any:  # fmt: skip
    random = generator(random_state)
    if centers is None or isinstance(centers, int):
        centers = random.uniform(*center_box, size=(centers or 3, n_features))
    middles = np.asarray(centers, float)
    y = random.permutation(np.arange(n_samples) % len(middles))
    spread = np.broadcast_to(cluster_std, len(middles))[y][:, None]
    return middles[y] + random.normal(size=(n_samples, middles.shape[1])) * spread, y


def loaders(giver: Giver) -> dict[str, Any]:
    """Sets that come with scikit-learn and so are not here; what is given is like them, and said to be."""

    def load_iris(*, return_X_y: bool = False, **others: Any) -> Any:
        giver.say("load_iris", ", three kinds of 50", "made-up flowers with the means and spreads of the real ones")
        means = [[5.01, 3.43, 1.46, 0.25], [5.94, 2.77, 4.26, 1.33], [6.59, 2.97, 5.55, 2.03]]
        spreads = [[0.35, 0.38, 0.17, 0.11], [0.52, 0.31, 0.47, 0.20], [0.64, 0.32, 0.55, 0.27]]
        noise = np.random.RandomState(0).standard_normal((3, 50, 4))
        data = np.abs(np.array(means)[:, None] + noise * np.array(spreads)[:, None]).reshape(150, 4).round(1)
        target = np.repeat([0, 1, 2], 50)
        names = np.array(["setosa", "versicolor", "virginica"])
        return (data, target) if return_X_y else Bunch(data=data, target=target, target_names=names)

    def load_digits(*, return_X_y: bool = False, **others: Any) -> Any:
        giver.say("load_digits", " at 8 x 8 pixels", "1,797 of the digits that come with this tool")
        images, labels = giver.digits.part(False, 1797)
        inside = images.reshape(-1, 28, 28)[:, 2:26, 2:26].reshape(-1, 8, 3, 8, 3)
        small, target = (inside.mean(axis=(2, 4)) * 16 / 255).round(), labels.astype(int)
        data = small.reshape(-1, 64)
        names = np.arange(10)
        return (data, target) if return_X_y else Bunch(data=data, target=target, images=small, target_names=names)

    return {"load_iris": load_iris, "load_digits": load_digits}


def modules(giver: Giver) -> Modules:
    """What stands in where scikit-learn is not installed."""
    made = {"make_moons": two_curves(True), "make_circles": two_curves(False), "make_blobs": make_blobs}
    encoders = {"OneHotEncoder": OneHotEncoder, "LabelBinarizer": LabelBinarizer}
    return {
        "sklearn.datasets": {**fetching(giver), **loaders(giver), **made},
        "sklearn.preprocessing": {"StandardScaler": standard_scaler, "MinMaxScaler": min_max_scaler, **encoders},
        "sklearn.model_selection": {"train_test_split": train_test_split},
        "sklearn.metrics": {"accuracy_score": accuracy_score, "confusion_matrix": confusion_matrix},
        "sklearn.utils": {"shuffle": shuffle},
    }


def mends(giver: Giver) -> Mends:
    """Where it is installed, only what would be fetched is replaced."""
    return {"sklearn.datasets": lambda module: fetching(giver)}
