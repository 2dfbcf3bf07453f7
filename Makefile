# `make` lists the verbs. Needs Python 3.11 or later; a C++ compiler makes it faster.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Build requirements are pinned too: pip hands this to the build's own environment.
CASE ?= demo/case
PIP := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

.PHONY: help setup demo case-demo service-demo test kill-test fuzz check format bench browser-test api-test case-peers postgresql-test slicers slicer-test clean
.DEFAULT_GOAL := help

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/ready ## make .venv with everything that demo, test and check need

$(VENV)/ready: pyproject.toml constraints.txt CMakeLists.txt $(wildcard src/kernel/*)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[demo,test,check]'
	touch $@

demo: setup ## list a sample design, screen a folder of sample items, show where the report is
	$(BIN)/python -m examples.demo

test: setup ## run the tests; with PARTWATCH_CORPUS=DIR those on real files too
	$(BIN)/python -m pytest -n 2 --dist loadgroup --ignore tests/browser --ignore tests/kills --ignore tests/peers --ignore tests/slicers

case-demo: setup ## a made-up case, from seized files to a disclosure pack (CASE=DIR, else demo/case)
	test '$(CASE)' != demo/case || rm -rf demo/case
	$(BIN)/python -m examples.case '$(CASE)' --run

SERVICE ?= demo/service
service-demo: setup ## a service with submissions in every state, on this machine alone, until Ctrl-C (SERVICE=DIR)
	$(BIN)/python -m examples.service '$(SERVICE)' --run

KILLS ?= 100
kill-test: setup ## kill -9 a batch and the list's writers KILLS times at random, compare what is left
	PARTWATCH_KILLS=$(KILLS) $(BIN)/python -m pytest -s tests/kills

FUZZ_SECONDS ?= 120
fuzz: setup ## fuzz the readers and the path to a finding for FUZZ_SECONDS in all; TARGETS="stl 'read 3mf'"
	$(PIP) --editable '.[fuzz,test]'
	$(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS) $(TARGETS)

check: setup ## lint and type-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=src:. $(BIN)/mypy --explicit-package-bases -p examples -p benchmarks -p fuzz

format: setup ## lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## measure speed and memory beside peers, write docs/benchmarks.md (CORPUS=DIR; long)
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet -r benchmarks/requirements-peers.txt
	$(BIN)/python -m benchmarks --corpus '$(CORPUS)' --peers-python .venv-peers/bin/python

API_EXAMPLES ?= 8
api-test: setup ## ask the whole API what its own description allows, by schemathesis (API_EXAMPLES a route; API_WHO machine, staff or shopper)
	$(PIP) --editable '.[fuzz-api]'
	$(BIN)/python tests/service/fuzz_service.py --examples $(API_EXAMPLES) $(if $(API_WHO),--who $(API_WHO))

browser-test: setup ## drive reports and the service's pages in a real browser (needs Debian's chromium or the like)
	$(PIP) --editable '.[browser]'
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/browser

case-peers: setup ## hold the vocabulary and exports of a case to the libraries they are for (ICU headers)
	test -x .venv-case-peers/bin/python || $(PYTHON) -m venv .venv-case-peers
	.venv-case-peers/bin/python -m pip install --quiet -r tests/peers/requirements.txt
	PYTHONPATH=src .venv-case-peers/bin/python -m pytest tests/peers

postgresql-test: setup ## run the tests of cases and the service on a PostgreSQL server of their own (Debian: postgresql)
	$(PIP) --editable '.[postgresql]'
	tests/with_postgresql.sh $(BIN)/python -m pytest tests/case/test_case_store.py tests/service -k 'postgresql or server or test_case_store'

slicers: ## install three slicers, and what Cura's engine needs beside it (Debian, as root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prusa-slicer slic3r cura-engine >/dev/null
	mkdir -p build/slicers
	cd build/slicers && apt-get download -qq cura && dpkg -x cura_*.deb . && rm cura_*.deb

slicer-test: setup ## slice sample parts by three slicers, screen the jobs
	$(BIN)/python -m pytest -n 2 tests/slicers

clean: ## remove what the other verbs made
	rm -rf $(VENV) .venv-peers .venv-case-peers build demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
