"""The training loop: the same batches for all, every image once an epoch, and a clear end when it diverges."""

import hashlib
import itertools

import numpy as np
import pytest

from compare.shared.dataset import load_mnist
from compare.shared.settings import Settings
from compare.shared.training import (
    Curve,
    Digits,
    TrainingStopped,
    endless_batches,
    epoch_batches,
    network,
    steps_per_epoch,
    train,
)
from compare.worlds import NAMES, world


def ignore(steps=1, status=""):
    del steps, status


@pytest.fixture(scope="module")
def settings(small_set):
    return Settings(data=small_set, widths=(16, 12), init="he", epochs=2)


@pytest.fixture(scope="module")
def digits(settings):
    return Digits.of(load_mnist(settings.data), settings)


def trained(name, settings, digits):
    curve = Curve(name)
    train(curve, settings, digits, ignore)
    return curve


def watched(step, shown):
    """A step that notes the batches it is shown."""

    def watched_step(self, x, labels, learning_rate):
        shown.update(x.tobytes() + labels.tobytes())
        return step(self, x, labels, learning_rate)

    return watched_step


def fingerprint(weights):
    return hashlib.sha256(b"".join(array.tobytes() for array in weights.values())).hexdigest()


def test_an_epoch_shows_every_image_once_in_an_order_of_its_own():
    settings = Settings(batch_size=64)
    epochs = [np.concatenate(list(epoch_batches(settings, 1000, epoch))) for epoch in (1, 2)]
    assert [len(batch) for batch in epoch_batches(settings, 1000, 1)] == [64] * 15 + [40]
    assert steps_per_epoch(settings, 1000) == 16
    for order in epochs:
        np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert not np.array_equal(*epochs)


def test_the_order_of_the_batches_depends_on_the_seed_alone():
    first, again, other = (
        np.concatenate(list(epoch_batches(Settings(seed=seed, dtype=dtype), 1000, 3)))
        for seed, dtype in ((7, "float64"), (7, "float32"), (8, "float64"))
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_endless_batches_are_those_of_the_epochs_in_their_order():
    settings = Settings(batch_size=400)  # 3 batches an epoch, the last of them smaller
    expected = [batch for epoch in (1, 2, 3) for batch in epoch_batches(settings, 1000, epoch)]
    found = itertools.islice(endless_batches(settings, 1000), len(expected))
    for batch, in_order in zip(found, expected, strict=True):
        np.testing.assert_array_equal(batch, in_order)


def test_a_batch_of_the_whole_set_is_taken_without_a_copy():
    assert list(epoch_batches(Settings(batch_size=None), 1000, 1)) == [slice(None)]


def test_all_three_are_shown_the_same_batches_and_start_from_the_same_bits(settings, digits, monkeypatch):
    seen, starts = {}, {}
    for name in NAMES:
        net = network(name, settings, digits)
        starts[name] = fingerprint(net.parameters())
        seen[name] = hashlib.sha256()
        monkeypatch.setattr(type(net), "step", watched(type(net).step, seen[name]))
        trained(name, settings, digits)
    assert len(set(starts.values())) == 1
    assert len({shown.hexdigest() for shown in seen.values()}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_curve_tells_what_the_training_did(name, settings, digits):
    curve = trained(name, settings, digits)
    assert curve.rows_per_step == [64] * 20
    assert curve.train_loss == pytest.approx([np.mean(curve.loss_by_step[:10]), np.mean(curve.loss_by_step[10:])])
    assert curve.loss_by_step[-1] < curve.loss_by_step[0]
    assert len(curve.weights) == 3
    for predictions, accuracy in zip(curve.predictions, curve.test_accuracy, strict=True):
        assert accuracy == (predictions == digits.test_labels).mean()


@pytest.mark.parametrize("name", NAMES)
def test_the_mean_loss_of_an_epoch_counts_every_image_once_though_the_last_batch_is_smaller(name, settings, digits):
    curve = trained(name, settings.with_(batch_size=400, epochs=1), digits)
    assert curve.train_loss == pytest.approx([(400 * curve.loss_by_step[0] + 240 * curve.loss_by_step[1]) / 640])


@pytest.mark.parametrize("name", NAMES)
def test_the_same_training_gives_the_same_bits_again(name, settings, digits):
    first, again = trained(name, settings, digits), trained(name, settings, digits)
    assert [fingerprint(w) for w in first.weights] == [fingerprint(w) for w in again.weights]


@pytest.mark.parametrize("name", NAMES)
def test_a_loss_that_is_not_finite_stops_with_the_step_and_the_line_and_keeps_the_curve(name, settings, digits):
    curve = Curve(name)
    with pytest.raises(TrainingStopped, match=rf"{world(name).where} stopped at step \d+, in epoch \d") as stop:
        train(curve, settings.with_(learning_rate=1e200, epochs=3), digits, ignore)
    assert stop.value.step == len(curve.loss_by_step) + 1
    assert np.isfinite(curve.loss_by_step).all()
    assert stop.value.line.startswith(("z", "a"))


def test_the_line_that_went_first_is_the_one_that_overflowed(settings, digits):
    curve, net = Curve("manual"), network("manual", settings.with_(learning_rate=1e120), digits)
    with pytest.raises(TrainingStopped) as stop:
        train(curve, settings.with_(learning_rate=1e120), digits, ignore)
    with np.errstate(all="ignore"):
        for i, batch in enumerate(epoch_batches(settings, 640, 1)):
            x, labels = digits.train_x[batch], digits.train_labels[batch]
            if i + 1 == stop.value.step:
                lines = net.trace(x, labels)
                break
            net.step(x, labels, 1e120)
    first = next(line for line, value in lines.items() if not np.isfinite(value).all())
    assert stop.value.line.startswith(first)
