"""Trainings beside each other: the curves of trainings one after the other, to the bit."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from compare.shared import jobs as module
from compare.shared.dataset import load_mnist
from compare.shared.initial import initial_parameters
from compare.shared.jobs import Job, about_how_long, read_curve, seconds_for, steps_for, train_jobs, write_curve
from compare.shared.settings import Settings
from compare.shared.threads import use_threads
from compare.shared.training import Curve, Digits, TrainingStopped
from compare.worlds import NAMES


@pytest.fixture(autouse=True)
def _one_thread():
    with use_threads(1):
        yield


@pytest.fixture(scope="module")
def settings(small_set):
    return Settings(data=small_set, dtype="float32", init="he", epochs=2)


@pytest.fixture(scope="module")
def digits(small_set, settings):
    data = load_mnist(small_set)
    return {dtype: Digits.of(data, settings.with_(dtype=dtype)) for dtype in ("float32", "float64")}


@pytest.fixture
def two_at_a_time(monkeypatch):
    monkeypatch.setattr(module, "WORTH", 0.0)
    monkeypatch.setattr(module, "available_threads", lambda: 2)


def ignore(steps=1, status=""):
    del steps, status


def same(a, b):
    lists = all(getattr(a, name) == getattr(b, name) for name in module._LISTS)
    arrays = [*zip(a.predictions, b.predictions, strict=True)]
    arrays += [(u[name], v[name]) for u, v in zip(a.weights, b.weights, strict=True) for name in u]
    return lists and all(u.dtype == v.dtype and np.array_equal(u, v) for u, v in arrays)


@pytest.mark.usefixtures("two_at_a_time")
def test_side_by_side_or_one_after_the_other_every_curve_is_the_same_to_the_bit(digits, settings):
    start = initial_parameters((784, 128, 64, 10), "torch", seed=5, dtype="float32")
    jobs = [
        *(Job(name, settings) for name in NAMES),
        Job("manual", settings.with_(dtype="float64", activation="sigmoid")),
        Job("manual", settings, fast=True, looks=False),
        Job("torch_ref", settings.with_(batch_size=None), start),
    ]
    beside, steps = {}, []
    train_jobs(jobs, digits, beside.__setitem__, lambda n=1, _="": steps.append(n))
    assert sorted(beside) == list(range(len(jobs)))
    assert sum(steps) == steps_for(jobs, digits) == 5 * 2 * 10 + 2
    for place, job in enumerate(jobs):
        assert same(beside[place], job.run(digits[job.settings.dtype], ignore)), job
    assert beside[4].loss_by_step == beside[0].loss_by_step  # fast, but the same
    assert [len(beside[place].test_accuracy) for place in (0, 4)] == [2, 1]
    assert beside[4].test_accuracy[-1] == beside[0].test_accuracy[-1]
    assert all(np.array_equal(beside[5].weights[0][name], W) for name, W in start.items())


@pytest.mark.usefixtures("two_at_a_time")
def test_a_loss_that_is_not_finite_in_another_process_stops_all_and_is_told_as_here(digits, settings):
    wild = Job("manual", settings.with_(learning_rate=1e30))
    with pytest.raises(TrainingStopped) as here:
        wild.run(digits["float32"], ignore)
    with pytest.raises(TrainingStopped) as there:
        train_jobs([wild, Job("manual", settings)], digits, lambda *_: None, ignore)
    assert str(there.value) == str(here.value)


@pytest.mark.usefixtures("two_at_a_time")
def test_ctrl_c_leaves_no_process_and_what_is_finished(digits, settings, monkeypatch):
    started, found = [], {}

    class Noted(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    def finished(place, curve):
        found[place] = curve
        raise KeyboardInterrupt

    monkeypatch.setattr(module.subprocess, "Popen", Noted)
    with pytest.raises(KeyboardInterrupt):
        train_jobs([Job("manual", settings), Job("manual", settings.with_(epochs=1000))], digits, finished, ignore)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)
    assert list(found) == [0]


@pytest.mark.usefixtures("two_at_a_time")
def test_what_a_process_that_ends_has_left_undone_is_trained_here(digits, settings, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    jobs, found = [Job("manual", settings), Job("manual", settings.with_(seed=1))], {}
    train_jobs(jobs, digits, found.__setitem__, ignore)
    assert sorted(found) == [0, 1]
    assert same(found[1], jobs[1].run(digits["float32"], ignore))


def test_little_work_and_worlds_that_were_brought_stay_in_this_process(digits, settings, monkeypatch):
    monkeypatch.setattr(module, "available_threads", lambda: 2)
    jobs = [Job("manual", settings)] * 3
    assert module.processes_for(jobs, digits) == 1
    monkeypatch.setattr(module, "WORTH", 0.0)
    assert module.processes_for(jobs, digits) == 2
    assert module.processes_for([*jobs, Job("own", settings)], digits) == 1
    assert module.processes_for([Job("manual", settings.with_(threads=2))], digits) == 1
    monkeypatch.setattr(module, "available_threads", lambda: 64)
    assert module.processes_for(jobs, digits) == module.MOST  # the memory of each is not free


def test_how_long_it_takes_is_said_for_as_many_as_train_at_once(digits, settings, monkeypatch):
    monkeypatch.setattr(module, "WORTH", 0.0)
    jobs = [Job("manual", settings.with_(epochs=10_000))] * 2
    assert 60 < seconds_for(jobs, digits) < 600
    monkeypatch.setattr(module, "available_threads", lambda: 1)
    alone = about_how_long(jobs, digits)
    monkeypatch.setattr(module, "available_threads", lambda: 2)
    assert "2 at a time" not in alone
    assert about_how_long(jobs, digits).endswith(" s, 2 at a time")


def test_a_curve_is_read_back_as_it_was_written(tmp_path):
    weights = [{"W1": np.ones((2, 3), np.float32)}, {"W1": np.full((2, 3), 2, np.float32)}]
    curve = Curve("manual", [2, 1], [0.5, 0.25], [0.4], [1.0], [np.array([3, 4])], weights, 1.5)
    write_curve(curve, tmp_path / "curve.npz")
    again = read_curve("manual", tmp_path / "curve.npz")
    assert same(again, curve)
    assert again.seconds == 1.5
