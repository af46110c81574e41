"""Work in another process."""

import os
import time

import pytest

from compare.shared.processes import ProcessFailed, run_python


def test_the_process_has_the_environment_it_is_given_and_this_one_keeps_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("DROPPED", "1")
    found = tmp_path / "found"
    names = "KEPT", "DROPPED", "ADDED"
    code = f"import os, sys, compare; open(sys.argv[1], 'w').write(str([os.environ.get(n) for n in {names}]))"
    run_python(["-c", code, str(found)], {"DROPPED": None, "ADDED": "2"}, 30)
    assert found.read_text() == "['1', None, '2']"
    assert os.environ["DROPPED"] == "1"
    assert "ADDED" not in os.environ


@pytest.mark.parametrize(
    ("code", "seconds", "said"),
    [
        ("import sys; sys.exit('no compiler')", 30, "no compiler"),
        ("import sys; sys.exit('ValueError: the cause\\nand how it went on\\n=====')", 30, "^ValueError: the cause$"),
        ("import os; os._exit(3)", 30, "code 3"),
        ("import time; time.sleep(30)", 0.2, "longer than 0.2 s"),
    ],
)
def test_a_process_that_fails_says_why_in_one_line(code, seconds, said):
    with pytest.raises(ProcessFailed, match=said):
        run_python(["-c", code], {}, seconds)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no groups of processes here")
def test_what_a_process_has_started_is_ended_with_it(tmp_path):
    note = tmp_path / "note"
    grandchild = f"import time; time.sleep(3); open({str(note)!r}, 'w').write('still here')"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    with pytest.raises(ProcessFailed, match="longer than"):
        run_python(["-c", code], {}, 1)
    time.sleep(3)
    assert not note.exists()
