# Every command of the project. `make help` lists them; scripts/ holds what they do.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test check bench fmt setup fuzz bless screenshots

help: ## list the commands
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build and start the platform with its demo city on http://127.0.0.1:8080 (data in ./data)
	@scripts/run

test: ## everything that must pass before a change lands; STEP="tests browser" runs those steps alone
	@scripts/test $(STEP)

check: ## the fast loop: format, lints, shape, and the tests of the rooms you changed
	@scripts/check

bench: ## all benchmarks, or one: NAME=ingest-durable
	@scripts/bench $(NAME)

fmt: ## format all code
	@scripts/fmt

setup: ## install what tests need (run and test do this by themselves)
	@scripts/setup test

fuzz: ## fuzz one parser for a time: NAME=rule TIME=600 (all for a minute each without NAME)
	@scripts/fuzz $(NAME)

bless: ## write the generated files anew: the OpenAPI document and the console's types
	@scripts/bless

screenshots: ## take the pictures in docs/images from the demo city
	@scripts/screenshots
