# Everything starts from a clean clone with Python 3.11+ and make; each target creates what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check unit terminals sheets sweep crash-sweep simulate screenshots catalogs bench bench-quick lock clean

# The sample has rejected rows (3), as real profiles do; make knows no exit code but its own 2.
demo: $(READY)
	$(BIN)/cctui demo $(DEMO) || test $$? -eq 3

test: check unit

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/catalogs.py check
	$(BIN)/python tests/audit.py

# Collect the messages of the source into every catalog, and compile.
catalogs: $(READY)
	$(BIN)/python tests/catalogs.py update

unit: $(READY)
	$(BIN)/pytest -n 3 --dist worksteal -m "not slow"

# The main job with keys alone on every kind of terminal in tmux, every size, and every way to end.
terminals: $(READY)
	$(BIN)/pytest -m slow tests/terminals tests/tui/test_every_size.py

sweep: $(READY)
	$(BIN)/pytest -m slow

# Every point of a run, three kinds of crash at each, and pairs of them.
crash-sweep: $(READY)
	$(BIN)/python tests/sweeps/crash_sweep.py $(SWEEP)

# Whole runs in milliseconds, with faults by chance; a seed replays exactly: make simulate SEEDS="--first 17 --count 1".
simulate: $(READY)
	$(BIN)/python tests/sweeps/simulation.py $(SEEDS)

# Every screen in every language at two sizes, as text: look at the difference before you keep it (SHEETS="hu-80x24" for one).
sheets: $(READY)
	PYTHONPATH=tests:tests/languages:tests/tui_connections:tests/tui_runs $(BIN)/python tests/languages/sheets.py $(SHEETS)

screenshots: $(READY)
	$(BIN)/python tests/screenshots.py

bench: $(READY)
	$(BIN)/python benchmarks/run.py

bench-quick: $(READY)
	$(BIN)/python benchmarks/run.py --quick

$(READY): requirements/development.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/development.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

# Needs uv on the PATH. Hashes without index addresses, for every platform that Python 3.11+ runs on.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra sandbox pyproject.toml -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra development pyproject.toml -o requirements/development.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra sandbox --extra keyring pyproject.toml -o requirements/run-with-keyring.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
