"""look: the arrays on the page are those that the three computed, bit by bit, and its words are true of them."""

import base64
import json
import re
import zlib
from dataclasses import replace

import numpy as np
import pytest

from autograd.network import Network as Engine
from compare.look import page as look_page
from compare.look import question
from compare.look.lit import lit_source
from compare.look.packing import SHORT, joined, pack, shorten
from compare.look.stops import stops
from compare.shared.dataset import load_mnist
from compare.shared.errors import BadInput
from compare.shared.output import Output
from compare.shared.training import Curve, Digits, train
from compare.worlds import AUTOGRAD, MANUAL, NAMES, build, world


def unpacked(text, dtype):
    """The bits that a text of the page stands for; written from what packing.py promises, not from its code."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8).reshape(np.dtype(dtype).itemsize, -1)
    return np.ascontiguousarray(planes.T).view(f"<u{np.dtype(dtype).itemsize}").ravel()


def decoded(text):
    """What a page tells: its facts and, by moment, world and name, every array on it."""
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', text, re.S).group(1))
    dtype, count = facts["dtype"], len(facts["moments"])
    packed = [re.search(rf'id="moment-{i}">(.*?)</script>', text, re.S).group(1) for i in range(count)]
    found, later = [None] * count, None
    first_of_worlds = next(start for _, w, start, _ in facts["slots"] if w == 0)
    for i in reversed(range(count)):
        whole = unpacked(packed[i], dtype).copy()
        if later is not None:
            whole[: facts["parameters"]] += later[: facts["parameters"]]
        later = whole
        by_world = whole[first_of_worlds:].reshape(len(facts["worlds"]), -1)
        by_world[1:] += by_world[0]
        found[i] = {
            (w, name): whole[start : start + int(np.prod(shape))].view(dtype).reshape(shape)
            for name, w, start, shape in facts["slots"]
        }
    return facts, found


def equal_to_the_bit(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == np.ascontiguousarray(b).tobytes()


def test_every_number_on_the_page_is_the_arrays_own_to_the_bit(look, page):
    facts, found = decoded(page.read_text())
    answer = look.answer
    x = re.search(r'id="images">(.*?)</script>', page.read_text()).group(1)
    assert equal_to_the_bit(unpacked(x, "float32").view("float32").reshape(answer.x.shape), answer.x)
    assert [m["epoch"] for m in facts["moments"]] == [0, 1, 2, 3]
    assert not any(m["short"] for m in facts["moments"])
    for arrays, moment in zip(found, answer.moments, strict=True):
        for name, value in moment.parameters.items():
            assert equal_to_the_bit(arrays[-1, name], value)
        for w, name in enumerate(NAMES):
            own = build(name, dict(moment.parameters)).trace(answer.x, answer.labels)
            for line, value in own.items():
                assert equal_to_the_bit(arrays[w, line], value), (name, line)


def test_the_weights_of_each_moment_are_those_of_the_training_by_hand(look, settings):
    curve = Curve(MANUAL)
    train(curve, settings, Digits.of(load_mnist(settings.data), settings), lambda *_: None)
    assert [m.accuracy for m in look.answer.moments] == [None, *curve.test_accuracy]
    for moment, weights in zip(look.answer.moments, curve.weights, strict=True):
        assert all(equal_to_the_bit(moment.parameters[name], value) for name, value in weights.items())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_packing_keeps_every_bit_of_numbers_of_any_kind(dtype):
    random = np.random.default_rng(0)
    odd = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, np.finfo(dtype).tiny / 4, 1, -1], dtype)
    shared = {"W": random.standard_normal((5, 8)).astype(dtype), "odd": odd}
    traces = [{"z": (random.standard_normal(6) * scale).astype(dtype)} for scale in (1, 1e-30, 1e30)]
    base = joined({"W": np.ones((5, 8), dtype), "odd": odd[::-1]})
    whole = unpacked(pack(joined(shared), [joined(t) for t in traces], base), dtype)
    assert equal_to_the_bit(whole[:48] + base, joined(shared))
    for i, trace in enumerate(traces):
        part = whole[48 + 6 * i : 54 + 6 * i] + (joined(traces[0]) if i else np.uint8(0))
        assert equal_to_the_bit(part, joined(trace))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_shortened_is_rounded_to_its_significant_bits_and_no_further(dtype):
    values = np.random.default_rng(1).standard_normal(1000).astype(dtype)
    values[:3] = np.finfo(dtype).max, 0, -np.finfo(dtype).max
    short = shorten(values)
    scaled = np.frexp(short)[0].astype("float64") * 2**SHORT
    assert np.isfinite(short).all()
    assert (scaled == np.round(scaled))[3:].all()
    assert (np.abs(short - values) <= np.abs(values) * 2.0**-SHORT).all()


def test_a_page_too_large_shortens_the_weights_in_between_then_leaves_out_moments_until_it_fits(look, monkeypatch):
    random = np.random.default_rng(0)

    def scattered(moment):
        weights = {k: random.standard_normal(v.shape).astype(v.dtype) for k, v in moment.parameters.items()}
        return replace(moment, parameters=weights)

    answer = replace(look.answer, moments=[scattered(moment) for moment in look.answer.moments])
    kept, limit = [], 10**9
    while limit:
        monkeypatch.setattr(look_page, "MOST_TEXT", limit)
        try:
            moments, packed, shortened = look_page._fitting(answer)
        except BadInput as error:
            assert "Ask for a smaller --hidden or --batch" in str(error)  # noqa: PT017
            break
        assert sum(map(len, packed)) <= limit
        kept.append(([m.epoch for m in moments], shortened))
        limit = sum(map(len, packed)) - 1
    every, none = [0, 1, 2, 3], set()
    assert kept == [(every, none), (every, {1, 2}), ([0, 1, 3], none), ([0, 3], none), ([3], none)]


def test_the_page_is_whole_in_itself_and_under_five_megabytes(page):
    text = page.read_text()
    addresses = re.findall(r"""(?:src|href)=["']([^"']*)""", text)
    assert all(address.startswith(("data:", "#")) for address in addresses), addresses
    assert "default-src 'none'" in text
    assert len(text.encode()) < 5_000_000


def test_every_line_is_lit_once_in_each_source_and_where_it_is_computed(look):
    lines = [row.line for row in look.answer.rows]
    assert len(lines) == 17
    for name in NAMES:
        rows = [row for block in lit_source(world(name).source(), lines) for row in block]
        for line in lines:
            (lit,) = [row for row in rows if line in row.lines]
            text = re.sub(r"<[^>]+>", "", str(lit.markup)).strip()
            assert text.startswith(f"{line} = ") or text == "loss.backward()", (name, line, text)
            assert world(name).source().splitlines()[lit.number - 1].strip().split()[0] == text.split()[0]


def test_what_is_said_of_a_line_on_the_engine_names_the_place_of_its_derivative(page):
    facts, _ = decoded(page.read_text())
    said = facts["about"][AUTOGRAD]["dz2"]
    name, number = re.search(r"relu \((\w+\.py):(\d+)\)", said).groups()
    source = (world(AUTOGRAD).library() / name).read_text().splitlines()
    assert source[int(number) - 1].startswith("relu = operation(")
    assert facts["about"][MANUAL]["z2"] == f"Keeps a1 ({18 * 4} bytes), W2 (there anyway)."


def test_each_sentence_counts_what_is_there(look):
    shapes = {"x": look.answer.x.shape} | {k: v.shape for k, v in look.answer.moments[0].parameters.items()}
    told = {step.line: step for step in stops(3, shapes, "relu")}
    assert "18 units sums the 784 pixels" in told["z1"].says
    assert "10 scores" in told["z3"].says
    assert told["dz3"].made_of == ("a3",)
    assert told["dW1"].made_of == ("x", "dz1")
    assert told["da1"].made_of == ("dz2", "W2")
    assert "sigmoid" in {step.line: step for step in stops(3, shapes, "sigmoid")}["dz2"].says


def test_a_wrong_line_in_one_world_does_not_hold_and_is_named(settings, monkeypatch, tmp_path):
    right = Engine.trace

    def wrong(self, x, labels):
        trace = right(self, x, labels)
        return trace | {"dW2": trace["dW2"] * np.float32(1.001)}

    monkeypatch.setattr(Engine, "trace", wrong)
    answer = question.ask(settings, None, 5, 0, Output(tmp_path))
    assert not answer.holds
    assert "Before training, the line dW2 is outside its rounding bound" in answer.verdict
    assert answer.x.shape == (5, 784)
    assert answer.as_json()["settings"]["epochs"] == 0


@pytest.mark.parametrize(
    ("epochs", "kept"), [(0, [0]), (1, [0, 1]), (10, list(range(11))), (50, list(range(0, 51, 5)))]
)
def test_moments_lie_evenly_from_before_the_training_to_its_end(epochs, kept):
    assert question.spread(epochs) == kept


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"image": 1, "batch": 2}, "Leave out one"),
        ({"image": 640}, "--image is 640; expected a whole number of at least 0 and at most 639"),
        ({"batch": 0}, "--batch is 0; expected a whole number of at least 1 and at most 64"),
        ({"epoch": -1}, "--epoch is -1; expected a whole number of at least 0"),
        ({"widths": (8,)}, "--hidden has 1 widths here"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_with_the_reason(settings, tmp_path, asked, said):
    changed = settings.with_(widths=asked.pop("widths", settings.widths))
    with pytest.raises(BadInput, match=re.escape(said)):
        question.ask(changed, asked.get("image"), asked.get("batch"), asked.get("epoch"), Output(tmp_path / "out"))


def test_the_command_leaves_the_page_and_a_table(in_process, small_set, tmp_path):
    done = in_process("look", "--data", small_set, "--hidden", "9,8", "--epoch", "1", "--image", "3", "--out", tmp_path)
    assert done.returncode == 0
    assert "It holds: for training image 3, a 1, all 17 lines" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "results.json"}
    document = json.loads((tmp_path / "results.json").read_text())
    assert [moment["epoch"] for moment in document["moments"]] == [0, 1]
    assert [line["line"] for line in document["moments"][0]["lines"]][:3] == ["z1", "a1", "z2"]
