# What one does with Chengying; `make help` lists it. Each target first brings what it needs.
BUILD := build/release
CLANG_FORMAT ?= clang-format-19
IMAGE ?=
IMAGES ?= .cache/photos/test
ORDER ?=
MINUTES ?= 2

.PHONY: help demo test serve bench drills accuracy models fuzz binary all format lint
.DEFAULT_GOAL := help

help:      ## This list
	@sed -n 's/^\([a-z]*\): *\(.*\)## \(.*\)/  make \1@\3/p' $(MAKEFILE_LIST) | \
	  while IFS=@ read -r name text; do printf '%-16s %s\n' "$$name" "$$text"; done

demo:      ## From a real model and photographs to answers, a bill and its proof (IMAGE=your.jpg)
	@$(if $(IMAGE),test -f "$(IMAGE)" || { echo "make demo: no such photograph: $(IMAGE)" >&2; exit 1; })
	@scripts/setup.sh packages model photos
	@$(MAKE) --no-print-directory binary
	@scripts/demo.sh $(if $(IMAGE),"$(IMAGE)")

test:      ## All tests
	@scripts/setup.sh
	@$(MAKE) --no-print-directory all
	@ctest --test-dir $(BUILD) --output-on-failure -j 2

serve:     ## The service alone, until stopped (data in ./data)
	@scripts/setup.sh packages
	@$(MAKE) --no-print-directory binary
	@$(BUILD)/bin/chengying serve

bench:     ## Speed beside ONNX Runtime, and what the service costs
	@scripts/setup.sh
	@$(MAKE) --no-print-directory all
	@scripts/bench.sh

accuracy:  ## Agreement of int8 with fp32 on a folder of pictures (IMAGES=folder)
	@scripts/setup.sh
	@$(MAKE) --no-print-directory all
	@$(BUILD)/bench/accuracy .cache/models/resnet50.onnx .cache/photos/calibration $(IMAGES) $(ORDER)

models:    ## Real models beside ONNX Runtime: compiled, run, compared (NAME=one of scripts/models.txt)
	@scripts/setup.sh packages peer
	@$(MAKE) --no-print-directory all
	@scripts/models.sh $(if $(NAME),"$(NAME)")

drills:    ## Kill the service, its store's server and its workers under load, fill its disk, ...: a table of figures
	@scripts/setup.sh packages
	@$(MAKE) --no-print-directory all
	@scripts/drills.sh

fuzz:      ## Broken and hostile input, made by libFuzzer (MINUTES=2 for each target)
	@scripts/setup.sh packages
	@scripts/fuzz.sh $(MINUTES)

binary:    ## Build the command line and the service (release)
	@scripts/build.sh chengying

all:       ## Build everything, tests and benchmarks too (release)
	@scripts/build.sh all

format:    ## Format all sources
	@git ls-files '*.cc' '*.h' | xargs $(CLANG_FORMAT) -i

lint:      ## Check formatting, scripts and includes
	@git ls-files '*.cc' '*.h' | xargs $(CLANG_FORMAT) --dry-run --Werror
	@git ls-files '*.sh' .ci/run | xargs -n 1 bash -n
	@/usr/bin/python3 -m compileall -q scripts
