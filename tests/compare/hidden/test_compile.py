"""The compiled step. Compiling itself takes seconds: the test of all experiments does it once."""

import pytest

from compare.hidden.experiments import compile as compiling
from compare.hidden.experiments.compile_worker import generated
from compare.hidden.frame.experiment import NotMeasured
from compare.shared.dataset import load_mnist
from compare.shared.processes import ProcessFailed
from compare.shared.settings import Settings
from compare.shared.training import Digits

MEASURED = {
    "compiling": 10.0, "seconds": {"eager": 0.002, "compiled": 0.001}, "operators": 20, "kernels": ["relu_0", "sum_1"],
    "products": 8, "bound_used": {"eager": 0.1, "compiled": 0.1}, "changed": 0.2,
}  # fmt: skip


def test_kernels_and_products_are_counted_in_the_generated_code(tmp_path):
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "forward.py").write_text(
        "cpp_fused_relu_0 = async_compile.cpp_pybinding(['float*'], '''kernel''')\n"
        "    extern_kernels.addmm(buf0, buf1, buf2)\n    cpp_fused_relu_0(buf2)\n"
    )
    (tmp_path / "backward.py").write_text(
        "cpp_fused_sum_1 = async_compile.cpp_pybinding(['float*'], '''kernel''')\n"
        "    extern_kernels.mm(buf0, buf1)\n    extern_kernels.mm(buf1, buf0)\n"
    )
    assert generated(tmp_path) == (["cpp_fused_relu_0", "cpp_fused_sum_1"], 3)


def test_compiling_pays_after_as_many_steps_as_it_saves_its_time_in_or_never():
    paid = compiling.judge(compiling.Measured(**MEASURED))
    assert paid.holds
    assert paid.measured["steps_to_pay"] == pytest.approx(10_000)
    slower = compiling.Measured(**MEASURED | {"seconds": {"eager": 0.002, "compiled": 0.003}})
    assert "never pays" in compiling.judge(slower).answer


@pytest.mark.parametrize(
    "changes",
    [{"bound_used": {"eager": 0.1, "compiled": 3.0}}, {"operators": 10}, {"compiling": 0.1}],
)
def test_the_verdict_fails_where_the_measurement_refutes_it(changes):
    assert not compiling.judge(compiling.Measured(**MEASURED | changes)).holds


def test_without_a_compiler_it_stands_aside_and_says_why(small_set, monkeypatch):
    def fail(*_):
        raise ProcessFailed("InvalidCxxCompiler: No working C++ compiler found")

    monkeypatch.setattr(compiling, "run_python", fail)
    settings = Settings(data=small_set, dtype="float32")
    result = compiling.measure(settings, Digits.of(load_mnist(small_set), settings), lambda *_: None)
    assert isinstance(result, NotMeasured)
    assert "No working C++ compiler" in result.answer
