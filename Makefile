# Two commands do everything on a fresh machine:
#   make book    make test
# PYTHON=python3.12 chooses an interpreter. In a fresh clone PINS= installs
# the newest versions instead of the tested ones.

PYTHON ?= python3
PINS   ?= -c constraints.txt
ARGS   ?=

VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
SITE   := _build/html/index.html
WORKERS ?= auto --maxprocesses=4

# Workers and kernels share the cores; threads of their own would fight.
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
PYTEST  = $(ONE_THREAD) $(BIN)/python -m pytest -n $(WORKERS) \
	--dist loadfile $(BRIEF)
# `make -s` asks every tool to be brief.
BRIEF   = $(if $(findstring s,$(firstword -$(MAKEFLAGS))),-q)

# An interpreter asked for by name replaces an environment of another one.
WHO := import sys; print(sys.version_info[:3], sys.base_prefix)
ifneq ($(origin PYTHON),file)
ifneq ($(wildcard $(BIN)/python),)
ifneq ($(shell $(PYTHON) -c '$(WHO)'),$(shell $(BIN)/python -c '$(WHO)'))
STALE := yes
.PHONY: $(READY)
endif
endif
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help book handouts pdf lab train test lint format types unit notebooks \
	test-browser \
	colab test-colab dist nightly faults audit runs install pins set-repository clean distclean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 @\2/p' $(MAKEFILE_LIST) \
		| awk -F@ '{ printf "%-22s %s\n", $$1, $$2 }'

book: $(READY) ## Set everything up and build the book
	@$(BIN)/python book/_tools/vendor_assets.py
	@# A page with a warning is not read again by the next build, which
	@# would then pass: after a failure the next build starts afresh.
	@$(BIN)/jupyter-book build . -W --keep-going -n $(BRIEF) \
		|| { rm -rf _build/.doctrees; exit 1; }
	@echo "The book is ready: open $(CURDIR)/$(SITE)"

handouts: $(READY) ## Write notebooks for students and instructors
	@$(BIN)/python book/_tools/handouts.py

pdf: book ## Print the whole book into one PDF
	@$(BIN)/python book/_tools/pdf.py

lab: $(READY) ## Open the notebooks in JupyterLab
	@$(BIN)/jupyter lab book

train: $(READY) ## Train on digits; ARGS="--sweeps 20" adds options
	@$(BIN)/python -m nnbcd train --data digits $(ARGS)

test: lint types unit notebooks book test-browser colab ## Run every check
	@echo "All checks passed."

lint: $(READY) ## Check style, notebooks too
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(READY) ## Put code and notebooks in the house style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(READY) ## Check types
	$(BIN)/mypy

unit: $(READY) ## Run the tests and the examples in docstrings
	$(PYTEST) -m "not nightly and not site and not colab"

notebooks: $(READY) ## Rerun the book and compare with what is printed
	$(PYTEST) --nbval --nbval-current-env \
		--nbval-sanitize-with tests/book/nbval_sanitize.cfg book

test-browser: book ## Open every page, move every explorer, count what fails
	$(PYTEST) -m site tests

colab: $(READY) ## Run chapters as on Colab, from wheel and sdist
	$(PYTEST) -n 0 -m colab tests/colab

test-colab: $(READY) ## Run every chapter as on Colab; ARGS=CHAPTER
	@$(BIN)/python tests/colab/simulate.py $(ARGS)

dist: $(READY) ## Build and check the wheel and the sdist
	rm -rf build dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

faults: $(READY) ## Kill runs, damage files, try bad inputs: all of them
	$(ONE_THREAD) $(BIN)/python -m pytest -n 0 -m faults $(BRIEF) \
		tests

audit: $(READY) ## Look for known weaknesses of what is installed
	@$(BIN)/python .ci/audit.py

nightly: $(READY) ## Run the tests that take minutes
	$(PYTEST) -n 0 -m nightly tests

runs: $(READY) ## Make the reference runs: hours; goes on when cut
	PATH="$(CURDIR)/$(BIN):$$PATH" bash benchmarks/reference_runs.sh

install: $(READY) ## Make the environment only
	@echo "The environment is ready: $(VENV)"

pins: $(READY) ## Write the installed versions to constraints.txt
	$(BIN)/python .ci/pins.py > constraints.new
	mv constraints.new constraints.txt
	@touch $(READY)

set-repository: ## Write URL=https://github.com/OWNER/REPO everywhere
	@$(PYTHON) book/_tools/set_repository.py \
		$(if $(URL),'$(URL)') $(if $(REF),--ref '$(REF)')

clean: ## Remove what was built
	rm -rf _build book/_static/vendor build dist *.egg-info \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune \
		-exec rm -rf {} +

distclean: clean ## Remove the environment as well
	rm -rf $(VENV)

$(READY): requirements.txt constraints.txt pyproject.toml
	@if [ -n "$(STALE)" ] || [ ! -x $(BIN)/python ]; then \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' && \
		$(PYTHON) -m venv --clear $(VENV) || { \
		echo "No environment: nnbcd needs Python 3.10 or newer with its" \
			"venv module. Name one, say make book PYTHON=python3.12;" \
			"on Debian or Ubuntu: sudo apt-get install python3-venv."; \
		exit 1; }; fi
	$(BIN)/python -m pip install $(BRIEF) --disable-pip-version-check \
		-r requirements.txt $(PINS) -e '.[dev]'
	@touch $@
