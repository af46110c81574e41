"""Networks as a reader of the chapter writes them, made line by line, so that a test can write one line wrong."""

import ast
import builtins
import itertools
import linecache
import os

import numpy as np
import pytest

from compare.check import question
from compare.check.examine import examine
from compare.check.recording.source import HELPERS, rewritten
from compare.check.running.clock import Clock
from compare.check.running.driver import drive
from compare.check.running.program import read_program
from compare.check.steps.recorder import Enough, Recorder

HEAD = """import numpy as np


def relu(z):
    return np.maximum(z, 0)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z, axis={axis}):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(z):
    z = z - z.max(axis={axis}, keepdims=True)
    return z - np.log(np.exp(z).sum(axis={axis}, keepdims=True))


class NeuralNetwork:
    def __init__(self):
{init}
    def forward(self, x):
{forward}
        return {output}

    def loss(self, y, output):
        m = y.shape[{batch}]
        return {loss}

    def backward(self, x, y, output, lr):
        m = x.shape[{batch}]
{backward}
"""


def written(sizes=(20, 12, 12, 10), activation="relu", columns=False, dtype="float64", mean_at="dz", fused=False,
            replaced=None, extra=""):  # fmt: skip
    """The source of a chapter-style class. replaced: canonical line -> the statement that stands there instead."""
    L = len(sizes) - 1
    act = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "np.tanh"}[activation]
    derivative = {"relu": "(self.z{k} > 0)", "sigmoid": "self.a{k} * (1 - self.a{k})", "tanh": "(1 - self.a{k} ** 2)"}
    early, late = (" / m", "") if mean_at == "dz" else ("", " / m")
    init, forward, backward = [], {}, {}
    for k in range(1, L + 1):
        shape, bias = ((sizes[k], sizes[k - 1]), (sizes[k], 1)) if columns else ((sizes[k - 1], sizes[k]), (sizes[k],))
        init += [
            f"self.W{k} = (np.random.randn{shape} * 0.1).astype('{dtype}')",
            f"self.b{k} = np.zeros({bias}, '{dtype}')",
        ]
        a = f"self.a{k - 1}" if k > 1 else "x"
        forward[f"z{k}"] = f"self.z{k} = " + (f"self.W{k} @ {a}" if columns else f"{a} @ self.W{k}") + f" + self.b{k}"
        forward[f"a{k}"] = f"self.a{k} = {act if k < L else 'softmax'}(self.z{k})"
    init += [extra] if extra else []
    for k in range(L, 0, -1):
        a = f"self.a{k - 1}" if k > 1 else "x"
        if k == L:
            backward[f"dz{k}"] = f"dz{k} = (output - y){early}"
        else:
            product = f"self.W{k + 1}.T @ dz{k + 1}" if columns else f"dz{k + 1} @ self.W{k + 1}.T"
            if not fused:
                backward[f"da{k}"] = f"da{k} = {product}"
            backward[f"dz{k}"] = (
                f"dz{k} = {f'({product})' if fused else f'da{k}'} * {derivative[activation].format(k=k)}"
            )
        backward[f"dW{k}"] = f"dW{k} = " + (f"dz{k} @ {a}.T" if columns else f"{a}.T @ dz{k}") + late
        backward[f"db{k}"] = f"db{k} = dz{k}.sum(axis={'1, keepdims=True' if columns else '0'}){late}"
    for k in range(L, 0, -1):
        backward |= {f"W{k} update": f"self.W{k} -= lr * dW{k}", f"b{k} update": f"self.b{k} -= lr * db{k}"}
    loss = f"-(y * log_softmax(self.z{L})).sum() / m"
    for name, statement in (replaced or {}).items():
        if name == "loss":
            loss = statement
        else:
            (forward if name in forward else backward)[name] = statement

    def block(lines):
        return "".join(f"        {line}\n" for line in lines)

    return HEAD.format(
        axis=0 if columns else 1, batch=1 if columns else 0, init=block(init), output=f"self.a{L}", loss=loss,
        forward=block(forward.values()).rstrip("\n"), backward=block(backward.values()).rstrip("\n"),
    )  # fmt: skip


@pytest.fixture(scope="session")
def write_network():
    return written


@pytest.fixture(scope="session")
def judge_source(tmp_path_factory):
    """Drive a source text that only defines, and judge it, in this process: quick, for what needs no other."""
    folder, clock = tmp_path_factory.mktemp("judged"), Clock(lambda _: os._exit(1))

    def judge(source, name=None):
        path = folder / f"network{len(list(folder.iterdir()))}.py"
        path.write_text(source)
        linecache.checkcache()
        program = read_program(path)
        with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"), clock.limit(60.0):
            for helper in HELPERS.items():
                patch.setattr(builtins, *helper, raising=False)
            request = {"seed": 0, "name": name}
            driven = drive(program, request, clock, lambda: Recorder(own=str(path).__eq__), rewritten)
            assert driven.recorder is not None, driven.words
            result = examine(driven.recorder)
        told = {"result": result, "cells": program.cells, "notes": program.notes, "driven": driven.words, "ended": None}
        return question.read(told, path)

    return judge


@pytest.fixture(scope="session")
def judge_script():
    """Run a script to its end and judge it, in this process. Returns what `examine` does."""
    count = itertools.count()

    def judge(source):
        file = f"<script {next(count)}>"
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
        with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
            for helper in HELPERS.items():
                patch.setattr(builtins, *helper, raising=False)
            recorder = Recorder(own=file.__eq__)
            try:
                with recorder:
                    exec(compile(rewritten(ast.parse(source)), file, "exec"), {})
            except Enough:
                pass
            return examine(recorder)

    return judge
