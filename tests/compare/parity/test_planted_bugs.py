import pytest

from compare.judge.network import check_lines
from compare.parity.correct_pass import cases, trace
from compare.parity.planted_bugs import PLANTED_BUGS, Caught, PlantedBug, Proof, plant


@pytest.mark.parametrize("bug", PLANTED_BUGS, ids=lambda bug: bug.name)
def test_each_planted_bug_is_caught_on_its_own_line(bug, data):
    for case in data:
        assert plant(bug, case[bug.case]) == bug.line


@pytest.fixture(scope="module", name="data")
def _data():
    return [cases(seed) for seed in range(2)]


def test_there_are_at_least_thirty_bugs_each_with_a_name_of_its_own():
    assert len({bug.name for bug in PLANTED_BUGS}) == len(PLANTED_BUGS) >= 30


def test_the_network_without_a_bug_passes_on_the_same_data(data):
    for seed in data:
        for name, case in seed.items():
            check = check_lines(trace(case, case.lines), case.parameters, case.x, case.labels, case.activation)
            assert check.holds, (name, check.first_wrong_line)
            assert not check.unchecked


def test_a_line_that_is_only_written_another_way_is_not_caught(data):
    harmless = PlantedBug("sum in another order", "dW2", lambda v: (v.dz2[::-1].T @ v.a1[::-1]).T)
    assert plant(harmless, data[0]["plain"]) is None


def test_the_proof_fails_if_a_bug_is_missed_or_blamed_on_another_line_or_if_correct_code_is_caught():
    bug = PLANTED_BUGS[0]
    found = Caught(bug, bug.line)
    assert Proof((found,), correct_holds=True).holds
    assert not Proof((found, Caught(bug, None)), correct_holds=True).holds
    assert not Proof((found, Caught(bug, "db1")), correct_holds=True).holds
    assert not Proof((found,), correct_holds=False).holds


def test_the_json_has_a_row_for_each_bug(proof):
    document = proof.as_json()
    assert document["holds"] is True
    assert document["caught"] == document["planted"] == len(document["mutants"]) == len(PLANTED_BUGS)
    assert document["mutants"][0] == {
        "name": "bias forgotten",
        "planted_line": "z2",
        "named_line": "z2",
        "caught": True,
    }
