# Thin: each target says which script or preset does the work. `make help` lists them.
SHELL := /bin/bash
ENVIRONMENT := . scripts/environment.sh
OPTIONS ?=  # for CMake, such as OPTIONS=-DGGML_CUDA=ON

.PHONY: help build demo demo-real test bench format tidy clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build:  ## set up the machine where needed, then build build/release/assay
	@scripts/setup.sh build
	@$(ENVIRONMENT) && cmake --preset release $(OPTIONS) && cmake --build --preset release

demo: build  ## a study of the two models inside the program, in two minutes, and its report
	build/release/assay demo --output build/demo

demo-real: build  ## the same on a real model (SmolLM2-135M) and WikiText-2; fetches the model once
	@scripts/setup.sh demo-real
	@scripts/demo_real.sh

test:  ## every test, the sanitizers, the format and the architecture rules; ends with the counts
	@scripts/setup.sh test
	@scripts/test.sh

bench: build  ## time against llama.cpp's own tools from the same source
	@$(ENVIRONMENT) && benchmarks/run.sh

format:  ## format the sources with the pinned clang-format
	@tests/conformance/format.sh --fix

tidy:  ## clang-tidy with the allow-list of .clang-tidy
	@scripts/setup.sh test
	@$(ENVIRONMENT) && cmake --preset dev >/dev/null && \
	  git ls-files 'src/*.cc' | xargs -n 1 -P "$$(nproc)" clang-tidy -p build/dev --quiet \
	    --extra-arg=-Wno-unknown-warning-option  # the database has g++'s

clean:  ## remove build/ (llama.cpp's build stays in the user's cache)
	rm -rf build
