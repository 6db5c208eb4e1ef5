# Everything starts here: `make demo` makes a call, `make test` proves that it works. Each target may be repeated.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo run test check containers bench lock clean
AGENT := .venv/bin/phone-agent

help:
	@echo "make demo        set up all that is needed and make a real call, printed as it happens"
	@echo "make run         start Asterisk and the agent; dial in with a softphone"
	@echo "make test        linters, types and all tests"
	@echo "make setup       only set up: .venv/bin/phone-agent, Asterisk and the models"
	@echo "make check       linters and types alone"
	@echo "make bench       measure the sound path, conversations in real calls, the API and webhooks"
	@echo "make containers  build both images, run them and make a call through them (root, Debian)"
	@echo "make lock        pin all packages anew (ARGS=--upgrade for newer ones)"
	@echo "make clean       remove what was made inside this folder"

setup:
	@.ci/bootstrap
	@$(AGENT) setup --for run

demo:
	@.ci/bootstrap
	@$(AGENT) setup --for demo
	@$(AGENT) demo $(ARGS)

run:
	@.ci/bootstrap
	@$(AGENT) setup --for run
	@exec $(AGENT) run $(ARGS)

test:
	@.ci/packages
	@.ci/bootstrap dev
	@$(AGENT) setup --for test
	@.ci/check
	@.venv/bin/python -m pytest -n 2 --dist loadfile --durations 30 tests/acceptance tests/unit tests/integration $(ARGS)

check:
	@.ci/bootstrap dev
	@.ci/check

bench:
	@.ci/bootstrap
	@$(AGENT) setup --for test
	@mkdir -p var/bench
	$(AGENT) bench media --calls 100 --json var/bench/media.json
	$(AGENT) bench api --json var/bench/api.json
	$(AGENT) bench webhooks --json var/bench/webhooks.json
	$(AGENT) rehearse agent/samples/scenarios --llm qwen2.5-coder-0.5b-instruct --json var/bench/rehearse.json
	$(AGENT) bench conversation --json var/bench/conversation.json --picture var/bench/conversation.png

containers:
	@.ci/bootstrap
	@$(AGENT) setup --for test
	@.ci/containers

lock:
	@.ci/bootstrap dev
	@.ci/lock $(ARGS)

clean:
	rm -rf .venv var dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@echo "Downloads are kept in $${XDG_CACHE_HOME:-$$HOME/.cache}/phone-agent, outside this folder."
