PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest

.PHONY: run test lowest check format bench screenshot clean

run: $(VENV)/.app ## start the app at http://127.0.0.1:8501
	$(BIN)/streamlit run dashboard.py

test: $(VENV)/.tests ## run every test, also those in a real browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not browser and not kills" -n auto --maxprocesses=4 --dist=loadfile
	$(BIN)/python -m pytest -m browser --reruns 1 -rR

lowest: $(LOWEST)/.tests ## run every test with the lowest versions that requirements.txt admits
	OMP_NUM_THREADS=1 $(LOWEST)/bin/python -m pytest -m "not browser and not kills" -n auto --maxprocesses=4 --dist=loadfile

check: $(VENV)/.tests ## format, lint, strict types; Biome looks at the scripts, without Node
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/biome check --error-on-warnings

format: $(VENV)/.tests ## bring the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/biome check --write

bench: $(VENV)/.benchmarks ## measure against what a user would write instead
	$(BIN)/python -m benchmarks

screenshot: $(VENV)/.tests ## make the README's picture again
	$(BIN)/python -m tests.browser.screenshot

clean: ## remove the environments
	rm -rf $(VENV) $(LOWEST)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install -r requirements.txt
	touch $@

$(VENV)/.tests: $(VENV)/.app tests/requirements.txt
	$(BIN)/python -m pip install -r tests/requirements.txt
	touch $@

$(VENV)/.benchmarks: $(VENV)/.tests benchmarks/requirements.txt
	$(BIN)/python -m pip install -r benchmarks/requirements.txt
	touch $@

$(LOWEST)/.tests: requirements.txt tests/requirements.txt benchmarks/lowest.py
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m benchmarks.lowest > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/python -m pip install -r requirements.txt -r tests/requirements.txt -c $(LOWEST)/constraints.txt
	touch $@
