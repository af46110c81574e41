"""The rules of the house, read from the source itself."""

import ast
import inspect
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import compare
from compare.worlds import WORLDS

HOUSE = Path(__file__).parents[1]
#: What each world's folder may import: a fourth world is guarded as the three are.
ROOMS = {world.name: set(world.libraries) for world in WORLDS.values()}
SOURCES = sorted(path for room in (*ROOMS, "compare") for path in (HOUSE / room).rglob("*.py"))


def imported_modules(path: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return modules


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_nothing_but_itself_its_one_library_and_the_standard_library(room):
    allowed = ROOMS[room] | {room} | sys.stdlib_module_names
    for path in (HOUSE / room).rglob("*.py"):
        strangers = {module.partition(".")[0] for module in imported_modules(path)} - allowed
        assert not strangers, f"{path.relative_to(HOUSE)} imports {strangers}"


def imported_files(path: Path) -> set[str]:
    """The modules of `compare` that a file imports, wherever in the file it does so: not the names taken from them."""
    found = set()
    for module in imported_modules(path):
        place = HOUSE / module.replace(".", "/")
        is_file = place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()
        if module.split(".")[0] == "compare" and is_file:
            found.add(module)
    return found - {"compare"}


#: From the ground up: what a folder of `compare` may import of the others. The ground itself imports nothing of them.
GROUND = {"compare.shared.errors", "compare.shared.closures"}
FLOORS = {
    "worlds": ("worlds",),
    "shared": ("shared", "worlds"),
    "judge": ("judge", "shared", "worlds"),
    "side_by_side": ("side_by_side", "judge", "shared", "worlds"),
}


@pytest.mark.parametrize("folder", FLOORS)
def test_what_the_questions_share_does_not_reach_up_to_them(folder):
    allowed = tuple(f"compare.{below}" for below in FLOORS[folder])
    for path in (HOUSE / "compare" / folder).rglob("*.py"):
        above = {m for m in imported_files(path) - GROUND - {"compare.shared"} if not m.startswith(allowed)}
        assert not above, f"{path.relative_to(HOUSE)} imports {above}"


def test_the_ground_imports_nothing_of_the_harness():
    for module in GROUND:
        assert not imported_files(HOUSE / f"{module.replace('.', '/')}.py"), module


def test_a_world_is_spelled_out_in_its_own_file_and_in_the_list_alone():
    for path in (HOUSE / "compare").rglob("*.py"):
        if path.is_relative_to(HOUSE / "compare" / "worlds") or path.is_relative_to(HOUSE / "compare" / "check"):
            continue
        strings = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
        assert not strings & set(ROOMS), f"{path.relative_to(HOUSE)}: take the names from compare.worlds"


COMMANDS = ("run", "curves", "parity", "divergence", "rosetta", "hidden", "exercises", "bench", "look", "check")


def test_every_command_is_a_folder_with_the_same_files():
    for command in COMMANDS:
        lacking = {"answer.py", "question.py", "tables.py"} - {p.name for p in (HOUSE / "compare" / command).iterdir()}
        assert not lacking, f"{command} lacks {lacking}"
    registered = {node.name for node in ast.walk(ast.parse((HOUSE / "compare" / "commandline.py").read_text()))
                  if isinstance(node, ast.FunctionDef) and ast.unparse(node).startswith("@app.command()")}  # fmt: skip
    assert registered == set(COMMANDS)


def test_what_commands_share_is_no_commands():
    for command in COMMANDS:
        for path in (HOUSE / "compare" / command).rglob("*.py"):
            others = {m for m in imported_files(path) if m.split(".")[1] in set(COMMANDS) - {command}}
            assert not others, f"{path.relative_to(HOUSE)} imports {others}"


def test_an_answer_knows_nothing_of_how_it_is_asked_shown_or_drawn():
    for path in (HOUSE / "compare").rglob("answer.py"):
        above = {m for m in imported_files(path) if m.rpartition(".")[2] in ("question", "tables", "figure", "page")}
        assert not above, f"{path.relative_to(HOUSE)} imports {above}"


def test_results_and_the_list_of_files_are_written_in_one_place():
    for path in (HOUSE / "compare").rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        writes = [call for call in calls if getattr(call.func, "attr", "") == "write_json"]
        own = {HOUSE / "compare" / "shared" / "results.py", HOUSE / "compare" / "hidden" / "question.py"}
        assert not writes or path in own, path


def test_no_import_is_circular():
    """Wherever in a file it stands: in a function, or for the types alone, it is one all the same."""
    graph = {}
    for path in (HOUSE / "compare").rglob("*.py"):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        graph[module] = {m for m in imported_files(path) if m != module}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_no_question_imports_the_command_line():
    above = {"compare.commandline", "compare.options", "compare.answering"}
    for path in (HOUSE / "compare").rglob("*.py"):
        if f"{path.parent.name}.{path.stem}" not in above | {"compare.__main__"}:
            assert not above & imported_modules(path), path


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_nothing_fetches_and_nothing_unpickles(path):
    forbidden = {"http", "urllib", "requests", "socket", "ftplib", "pickle", "shelve", "marshal", "joblib"}
    assert not forbidden & {module.partition(".")[0] for module in imported_modules(path)}
    names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert not {"load_state_dict_from_url", "hub"} & names


def test_no_product_file_is_longer_than_250_lines():
    lines = {str(path.relative_to(HOUSE)): len(path.read_text().splitlines()) for path in SOURCES}
    assert lines
    assert not {path: count for path, count in lines.items() if count > 250}


def test_a_file_or_folder_that_a_docstring_names_is_there():
    """Next to the one that names it, above it, in `compare`, or in a world's room."""
    rooms = [HOUSE, HOUSE / "compare", *(HOUSE / room for room in ROOMS)]
    for path in SOURCES:
        said = [ast.get_docstring(node) or "" for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]  # fmt: skip
        for name in re.findall(r"`([\w/]+(?:\.py|/))`", " ".join(said)):
            assert any((place / name).exists() for place in (*path.parents, *rooms)), f"{path} names {name}"


def test_a_class_name_has_one_meaning():
    """But for the measurements of experiments, which are all called so, and what stands in for another library."""
    found: dict[str, set[str]] = {}
    for path in (HOUSE / "compare").rglob("*.py"):
        if not path.is_relative_to(HOUSE / "compare" / "check" / "surroundings"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and node.name != "Measured":
                    found.setdefault(node.name, set()).add(str(path.relative_to(HOUSE)))
    assert not {name: places for name, places in found.items() if len(places) > 1}


def network_class(room: str) -> ast.ClassDef:
    tree = ast.parse((HOUSE / room / "network.py").read_text())
    return next(node for node in tree.body if isinstance(node, ast.ClassDef))


def methods(room: str) -> list[str]:
    return [node.name for node in network_class(room).body if isinstance(node, ast.FunctionDef)]


def test_the_networks_have_the_same_methods_in_the_same_order_but_for_the_hand_written_backward():
    by_hand = methods("manual")
    assert "backward" in by_hand
    by_hand.remove("backward")
    assert all(methods(room) == by_hand for room in set(ROOMS) - {"manual"})
    assert {network_class(room).name for room in ROOMS} == {"Network"}


def test_the_forward_pass_on_the_engine_is_word_for_word_the_one_by_hand():
    def statements(room: str) -> list[str]:
        forward = next(node for node in network_class(room).body if getattr(node, "name", "") == "forward")
        return [ast.unparse(statement) for statement in forward.body[1:]]

    assert statements("manual") == statements("autograd")


def test_the_hand_written_network_has_no_loop():
    loops = ast.For | ast.While | ast.comprehension
    assert not [node for node in ast.walk(network_class("manual")) if isinstance(node, loops)]


def test_a_world_is_known_before_torch_numpy_or_matplotlib_is_loaded():
    code = "import sys, compare.worlds; print({'torch', 'numpy', 'matplotlib'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_the_command_line_does_not_load_torch_numpy_or_matplotlib_before_they_are_needed():
    code = "import sys, compare.commandline; print({'torch', 'numpy', 'matplotlib'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_compare_shows_its_public_names_and_nothing_else_and_each_says_what_it_takes_gives_and_raises():
    assert dir(compare) == sorted(compare.__all__)
    for name in compare.__all__:
        said = getattr(compare, name).__doc__
        assert said, name
        if callable(getattr(compare, name)) and not isinstance(getattr(compare, name), type):
            assert "Raises" in said, name
            taken = inspect.signature(getattr(compare, name)).parameters.values()
            for parameter in (one.name for one in taken if one.kind is one.POSITIONAL_OR_KEYWORD):
                assert re.search(rf"\b{parameter}\b", said), f"{name} does not say what {parameter} is"


# `check` in two halves: one asks and shows, in our own process; the other runs a learner's program and judges what was
# recorded of it, in a child. Between them go a request and an answer, in JSON.

CHECK = HOUSE / "compare" / "check"
CHILD = "compare.check.running.child"
ASKS = {"question", "answer", "words", "running.parent", "running.copying"}
JUDGES = ("understanding", "judging", "saying", "training")
RUNS = ("running", "surroundings")


def reached_from(module: str) -> set[str]:
    """The modules that come with a module, itself among them; without the packages they are in."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        module = waiting.pop()
        place = HOUSE / module.replace(".", "/")
        path = place.with_suffix(".py")
        if module not in found:
            found.add(module)
            waiting += imported_files(path if path.is_file() else place / "__init__.py")
    return {module for module in found if (HOUSE / module.replace(".", "/")).with_suffix(".py").is_file()}


def test_what_asks_for_a_check_and_what_runs_in_the_child_have_no_module_of_check_in_common():
    asks = {module for module in reached_from("compare.check.question") if module.startswith("compare.check.")}
    assert asks == {f"compare.check.{name}" for name in ASKS}
    assert not asks & reached_from(CHILD)


def test_the_child_imports_numpy_alone_so_that_any_python_can_be_it():
    ours = {"compare", *ROOMS}
    for module in reached_from(CHILD):
        path = HOUSE / f"{module.replace('.', '/')}.py"
        needed = {node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)}
        names = {alias.name for node in needed if isinstance(node, ast.Import) for alias in node.names}
        names |= {str(node.module) for node in needed if isinstance(node, ast.ImportFrom)}
        strangers = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - ours - {"numpy"}
        assert not strangers, f"{module} imports {strangers}"
        assert not module.startswith("torch_ref"), module


#: From the ground up: a recording, the step in it, what that means, what is wrong with it, how that is said.
STOREYS = ("recording", "steps", "understanding", "judging", "saying", "training")


def test_in_check_each_folder_imports_of_those_below_it_alone():
    for height, folder in enumerate(STOREYS):
        allowed = tuple(f"compare.check.{below}" for below in STOREYS[: height + 1])
        for path in (CHECK / folder).rglob("*.py"):
            others = {m for m in imported_files(path) if m.startswith("compare.check.")}
            above = {m for m in others if not m.startswith(allowed)}
            assert not above, f"{path.relative_to(HOUSE)} imports {above}"


def test_what_judges_a_recording_knows_nothing_of_how_the_program_was_run():
    for folder in JUDGES:
        for path in (CHECK / folder).rglob("*.py"):
            runs = {m for m in imported_files(path) if m.startswith(tuple(f"compare.check.{name}" for name in RUNS))}
            assert not runs, f"{path.relative_to(HOUSE)} imports {runs}"


def test_of_what_runs_the_program_the_child_alone_hands_over_to_what_judges():
    for folder in RUNS:
        for path in (CHECK / folder).rglob("*.py"):
            judges = {m for m in imported_files(path) if m.startswith(tuple(f"compare.check.{n}" for n in JUDGES))}
            assert not judges or path == CHECK / "running" / "child.py", f"{path.relative_to(HOUSE)} imports {judges}"


def test_the_child_reads_of_a_request_what_the_other_side_writes_into_it():
    asking = ast.parse((CHECK / "running" / "parent.py").read_text())
    literal = next(
        node.value
        for node in ast.walk(asking)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "request"
    )
    written = {key.value for key in literal.keys if isinstance(key, ast.Constant)}
    question = ast.parse((CHECK / "question.py").read_text())
    written |= {
        word.arg for call in ast.walk(question) if isinstance(call, ast.Call) for word in call.keywords if word.arg
    }  # what goes through as an option
    read = set()
    for path in (CHECK / "running").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("request"):
                read.add(ast.literal_eval(node.slice))
    assert read
    assert read <= written, read - written
