PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
UV ?= uv

.PHONY: demo test bench down lint lock clean

demo: $(VENV)/.demo
	@TIME_ZONE=$${TIME_ZONE:-America/New_York} \
		$(BIN)/python -m loyalty.embedded run -- $(BIN)/python manage.py demo $(ARGS)

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n auto $(ARGS)

bench: $(VENV)/.dev
	@$(BIN)/python -m loyalty.embedded run --scratch -- $(BIN)/python manage.py bench $(ARGS)

down: $(VENV)/.demo
	@$(BIN)/python -m loyalty.embedded down

lint: $(VENV)/.dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@DATABASE_URL=postgres://types/only BROKER_URL=redis://types/only $(BIN)/mypy

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python requirements.lock
	@echo "Installing packages into $(VENV) (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python requirements-dev.lock
	@echo "Installing packages for development into $(VENV) (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.demo

# Hash-pinned and free of addresses: any index that serves the same files will do.
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml

lock:
	@$(LOCK) --extra demo --output-file requirements.lock
	@$(LOCK) --extra demo --extra dev --extra mlflow --constraint requirements.lock --output-file requirements-dev.lock

clean:
	@rm -rf $(VENV) build var
