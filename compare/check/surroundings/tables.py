"""pandas: tables of digits as frames, and a small frame of our own where pandas is not installed."""

import csv
import os
from types import ModuleType
from typing import Any

import numpy as np

from compare.check.surroundings.files import Files, basename, exists
from compare.check.surroundings.sklearn import generator
from compare.check.surroundings.standins import Mends, Modules

#: Options of read_csv that do not matter for a table of digits, or are heeded here; with others the file is written.
HEEDED = {"header", "nrows", "dtype", "sep", "delimiter", "engine", "encoding", "low_memory"}


def read_csv(files: Files, make: Any, original: Any) -> Any:
    """`read_csv`, which makes a frame of digits straight from the array where a file of them is not there."""

    def read_csv(filepath_or_buffer: Any, *args: Any, **options: Any) -> Any:
        path = filepath_or_buffer
        header = options.get("header", 0) is not None and "names" not in options
        name = basename(path) if isinstance(path, str | os.PathLike) else ""
        if args or set(options) - HEEDED or not name.endswith(".csv") or exists(path) or not files.is_digits(name):
            return original(files.supply(path, header) or path, *args, **options)
        names, rows, detail = files.table(name)
        files.giver.say(name, detail)
        values = rows[: options.get("nrows")].astype(options.get("dtype") or "int64")
        return make(values, columns=names if header else range(len(names)))

    return read_csv


def mends(files: Files) -> Mends:
    """What is put into the installed pandas; its frames' plots do nothing, as all plots."""

    def mend(module: ModuleType) -> dict[str, Any]:
        module.DataFrame.plot = module.Series.plot = module.DataFrame.hist = lambda *args, **options: None
        return {"read_csv": read_csv(files, module.DataFrame, module.read_csv)}

    return {"pandas": mend}


def modules(files: Files) -> Modules:
    """What stands in where pandas is not installed."""
    held = {"read_csv": read_csv(files, Frame, parsed), "DataFrame": Frame, "Series": Frame, "get_dummies": dummies}
    return {"pandas": {**held, "set_option": lambda *args: None}}


class Frame(np.ndarray):
    """An array whose columns have names, or, of one dimension, a column; rows are known by their place alone."""

    names: list[Any]

    def __new__(cls, data: Any, columns: Any = None, **options: Any) -> "Frame":
        if isinstance(data, dict):
            columns, data = list(data), np.stack([np.asarray(column, object) for column in data.values()], axis=1)
        table = np.asarray(data)
        frame = (narrowed(table) if table.ndim == 2 else table).view(cls)
        frame.names = list(range(frame.shape[-1]) if columns is None else columns)
        return frame

    def __array_finalize__(self, source: Any) -> None:
        self.names = getattr(source, "names", [])

    values = property(lambda self: np.asarray(self))
    columns = property(lambda self: np.array(self.names, object))
    iloc = property(lambda self: Indexer(self, by_name=False))
    loc = property(lambda self: Indexer(self, by_name=True))

    def __getattr__(self, name: str) -> Any:
        if name == "names" or name not in self.names:
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key: Any) -> Any:
        if self.ndim == 2 and (isinstance(key, list) or (isinstance(key, np.ndarray) and key.dtype == object)):
            return Frame(np.asarray(self)[:, [self.names.index(name) for name in key]], list(key))
        if isinstance(key, str) or (self.ndim == 2 and isinstance(key, int)):
            if key not in self.names:
                raise KeyError(key)
            return Frame(narrowed(np.asarray(self)[:, self.names.index(key)]))
        return super().__getitem__(key)

    def to_numpy(self, dtype: Any = None) -> np.ndarray:
        return np.asarray(self, dtype)

    def drop(self, labels: Any = None, axis: Any = 0, columns: Any = None, **others: Any) -> "Frame":
        gone = labels if columns is None else columns
        return self[[name for name in self.names if name not in (gone if isinstance(gone, list) else [gone])]]

    def sample(self, n: Any = None, frac: Any = None, random_state: Any = None, **others: Any) -> "Frame":
        count = n if n is not None else int(len(self) * frac) if frac else 1
        return self[generator(random_state).permutation(len(self))[:count]]

    def head(self, n: int = 5) -> "Frame":
        return self[:n]

    def apply(self, change: Any, **others: Any) -> "Frame":
        return Frame(np.array([change[x] if isinstance(change, dict) else change(x) for x in self.tolist()]))

    map = apply

    def unique(self) -> np.ndarray:
        return np.unique(np.asarray(self))

    def same(self, *args: Any, **others: Any) -> "Frame":
        return self

    dropna = reset_index = fillna = info = describe = same


class Indexer:
    """`frame.iloc[rows, columns]`, or `loc`, where columns go by name."""

    def __init__(self, frame: Frame, by_name: bool) -> None:
        self.frame, self.by_name = frame, by_name

    def __getitem__(self, key: Any) -> Any:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if self.frame.ndim == 1:
            return np.ndarray.__getitem__(self.frame, rows)
        if not self.by_name or isinstance(columns, slice):
            columns = self.frame.columns[columns]
        return np.ndarray.__getitem__(self.frame[columns], rows)


def dummies(labels: Any) -> Frame:
    """A column of 0 and 1 for each label."""
    kinds = np.unique(labels)
    return Frame((np.asarray(labels)[:, None] == kinds).astype(int), columns=list(kinds))


def narrowed(table: np.ndarray) -> np.ndarray:
    """Text as whole numbers if all of it is, else as numbers, else as text."""
    for kind in (int, float) if table.dtype == object else ():
        try:
            return table.astype(kind)
        except (ValueError, TypeError):
            continue
    return table


def parsed(path: Any, sep: str = ",", header: Any = "infer", names: Any = None, **options: Any) -> Frame:
    """A file of text as a frame."""
    with open(path, newline="") if isinstance(path, str | os.PathLike) else path as file:
        lines = [row for row in csv.reader(file, delimiter=options.get("delimiter") or sep) if row]
    lines = lines[options.get("skiprows") or 0 :]
    if header is not None and names is None:
        names, lines = lines[0], lines[1:]
    table = np.array(lines[: options.get("nrows")], object)
    table[table == ""] = "nan"
    return Frame(table, names)
