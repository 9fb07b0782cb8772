# make demo    set up, train on drawn faces, show where the results lie
# make test    set up, run the tests on both backends
# make slow    the tests that make test leaves out, also on both
# make fresh   the property tests on examples that are new each time
# make lint    put the code into shape
.DELETE_ON_ERROR:
.PHONY: demo test slow fresh lint

VENV := .venv
PY := $(VENV)/bin/python
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

lint: $(VENV)/.dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# Each stamp is written only after its installation went through, so a broken one is done again.
$(VENV)/.run: requirements.txt
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 was found; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "error: $(PYTHON) can't make an environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt requirements-faces.txt requirements-networks.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-networks.txt
	@touch $@
