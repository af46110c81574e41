# `make run` and `make test` are all you need: each sets up .venv first, when it is missing or out of date.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup run test coverage mutants lint pictures notebook clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed; name one with `make run PYTHON=python3.12`.' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[check,dev]'
	@touch $@

run: setup
	$(BIN)/python -m compare run

# In as many processes as there are processors, up to four; a file's tests share what takes long, so they stay together.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test: setup
	$(PYTEST)

# Which lines the tests run, those in other processes included; fails below 95 %.
coverage: setup
	$(PYTEST) --cov

# Alters the calculus, one slip at a time: each time some test must fail. (The tests do so for a sample of the slips.)
mutants: setup
	$(BIN)/python tests/mutants.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The pictures in README.md: a run's curves, the head of its report and a page of look, the latter two taken by a headless
# Chromium; and the one in docs/bridge.md.
SHOT := chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --virtual-time-budget=5000

pictures: setup
	$(BIN)/python -m compare run --force
	cp results/run/curves.png docs/curves.png
	$(BIN)/python -m compare hidden used-twice
	cp results/hidden/used-twice.svg docs/graph.svg
	$(SHOT) --window-size=1200,1480 --screenshot=docs/report.png "file://$(CURDIR)/results/run/report.html"
	$(BIN)/python -m compare look --force
	$(SHOT) --window-size=1200,960 --screenshot=docs/look.png \
		"file://$(CURDIR)/results/look/report.html#line=dW1&epoch=1&at=dW1[350,33]"

# The walk as a notebook, made of docs/bridge.md, in Jupyter.
notebook: setup
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[notebook]'
	$(BIN)/python docs/notebook.py
	$(BIN)/jupyter lab docs/bridge.ipynb

clean:
	rm -rf $(VENV) build dist *.egg-info results .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage*
