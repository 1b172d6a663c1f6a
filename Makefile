# infogeo: one non-recursive Makefile. `make help` explains itself.
#
# When `deps` is among the goals, all others wait for it in a second make, so that nothing asks
# pkg-config before the packages are there, also with -j.

ifneq ($(filter deps,$(MAKECMDGOALS)),)
AFTER_DEPS := $(filter-out deps,$(MAKECMDGOALS))
.PHONY: deps $(AFTER_DEPS)
deps:
	@sh ci/deps
ifneq ($(AFTER_DEPS),)
$(firstword $(AFTER_DEPS)): deps
	@+$(MAKE) --no-print-directory $(AFTER_DEPS)
$(wordlist 2,99,$(AFTER_DEPS)): $(firstword $(AFTER_DEPS))
	@:
endif
else

# ---- settings -----------------------------------------------------------------------------------

PROFILE ?= desk#   smoke, desk or paper
ONLY    ?=#        patterns over program ids: 'kwng*'
SEEDS   ?=#        1-20 or 1,4,7; empty: the profile's own
DATASETS ?=#       folder with mnist, cifar-10, cifar-100; none: stand-ins; empty: datasets/cache
FORMAT  ?= svg#    of the figures: svg, png or pdf
SETS    ?= mnist cifar-10 cifar-100# data sets to fetch: mnist, cifar-10, cifar-100
STRICT  ?=#        datasets: 1 makes a failed fetch an error
SAN     ?=#        sanitizers: address,undefined or thread
FUZZ    ?= 600#    fuzz: seconds over all targets
BASE    ?= HEAD~1# diff: the revision to compare with
ID      ?=#        bless: the program
WHY     ?=#        bless: the reason
STORED  ?=#        bless: 1 judges the stored values of desk again, without a run

ifeq ($(origin CC),default)
CC := gcc
endif

comma := ,
VARIANT := $(filter-out gcc,$(notdir $(CC)))$(if $(SAN),-$(subst $(comma),-,$(SAN)))
BUILD := build$(if $(VARIANT),/$(patsubst -%,%,$(VARIANT)))
JOBS = $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),$(shell nproc))

ifneq ($(filter-out address undefined thread leak,$(subst $(comma), ,$(SAN))),)
$(error SAN=$(SAN): expected address, undefined, thread or leak, separated by commas)
endif

# ---- flags --------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wconversion -Wdouble-promotion \
            -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wdate-time \
            -Wvla $(if $(or $(CI),$(WERROR)),-Werror)
OPTIMIZE := $(if $(SAN),-O1,-O3) -ffp-contract=off -fno-math-errno -fno-trapping-math
# What makes the code; programs record it. Warnings are apart, so that they change no program.
CODE     := -std=c11 -D_GNU_SOURCE -g1 $(OPTIMIZE) -ffunction-sections -fdata-sections \
            $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
CFLAGS   := $(CODE) $(WARNINGS)
# Asked once, when the first file is compiled, and never before the packages are installed.
BLAS_HEADERS = $(eval BLAS_HEADERS := $$(shell pkg-config --cflags openblas))$(BLAS_HEADERS)
BLAS_FOLDER = $(eval BLAS_FOLDER := $$(shell pkg-config --variable=libdir openblas))$(BLAS_FOLDER)
PACKAGES = $(eval PACKAGES := $$(shell pkg-config --libs openblas libmd libpng zlib))$(PACKAGES)
CPPFLAGS = -Ilib -Ireproductions $(BLAS_HEADERS)
# OpenMP is for one file, and for gcc alone: clang's runtime would be a second one beside that of
# OpenBLAS. The thread sanitizer does not see gcc's barriers.
OPENMP   := $(if $(findstring gcc,$(notdir $(CC))),$(if $(findstring thread,$(SAN)),,-fopenmp))
# GSL and LAPACKE are linked statically: their shared forms would bring a second BLAS along. The
# run path holds on to the OpenMP flavour of OpenBLAS where several are installed.
LDFLAGS  = -Wl,--build-id=none -Wl,--gc-sections -Wl,--as-needed -Wl,-rpath,$(BLAS_FOLDER) \
           $(if $(SAN),-fsanitize=$(SAN))
LIBS     = -l:liblapacke.a -l:libgsl.a $(PACKAGES) -ldnnl $(if $(OPENMP),-lgomp) -lm

# ---- files --------------------------------------------------------------------------------------

LIB_SOURCES   := $(wildcard lib/*/*.c)
BENCH_SOURCES := $(wildcard ci/bench/*.c)
TEST_SOURCES  := $(wildcard tests/test_*.c)
PERF_SOURCES  := $(wildcard tests/perf/*.c)
TOOL_SOURCES  := $(wildcard datasets/*.c)
ALL_REPRODUCTION_SOURCES := $(wildcard reproductions/*/*.c)
# A program has a main; what two programs of a paper share lies beside them without one.
PROGRAM_SOURCES := $(shell grep -l '^int main\b' $(ALL_REPRODUCTION_SOURCES) /dev/null)
PAPER_SOURCES   := $(filter-out $(PROGRAM_SOURCES),$(ALL_REPRODUCTION_SOURCES))

object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB      := $(BUILD)/libinfogeo.a
# What programs of one paper share, as the tests link it.
SHARED   := $(BUILD)/libpapers.a
BENCH    := $(BUILD)/bench
IDS      := $(sort $(basename $(notdir $(PROGRAM_SOURCES))))
PROGRAMS := $(addprefix $(BUILD)/bin/,$(IDS))
TESTS    := $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SOURCES))
PERF     := $(patsubst tests/perf/%.c,$(BUILD)/perf/%,$(PERF_SOURCES))
TOOLS    := $(patsubst datasets/%.c,$(BUILD)/tools/%,$(TOOL_SOURCES))
STAND_IN := $(BUILD)/stand-in/mnist/complete
PICTURES := $(BUILD)/stand-in/cifar-10/complete $(BUILD)/stand-in/cifar-100/complete
# As many as are published: what programs take beyond smoke, where it is there.
FULL_STAND_IN := $(BUILD)/stand-in-full/complete

ifneq ($(words $(IDS)),$(words $(PROGRAM_SOURCES)))
$(error two programs under reproductions/ have the same name)
endif

# What a user typed reaches the shell through the environment, so that an apostrophe in it is one.
export PROFILE ONLY SEEDS DATASETS FORMAT SETS STRICT BASE ID WHY FUZZ
CHOSEN = $(if $(ONLY),--only "$$ONLY") $(if $(SEEDS),--seeds "$$SEEDS")
WHERE = --build '$(BUILD)' --profile "$$PROFILE" $(if $(DATASETS),--data "$$DATASETS")

# ---- what a user calls ---------------------------------------------------------------------------

.PHONY: all deps datasets stand-in stand-in-full reproduce check test figures report export \
        list status plan diff doctor bless perf curve fuzz mutate clean help
.DELETE_ON_ERROR:
.SUFFIXES:

all: $(PROGRAMS) $(BENCH) $(TOOLS) ## build everything (the default)

reproduce: all stand-in ## run every stale unit, draw the figures, write the report
	@case "$$FORMAT" in svg|png|pdf) ;; *) \
	    echo "FORMAT=$$FORMAT: expected svg, png or pdf" >&2; exit 2 ;; esac
	@[ "$$PROFILE" = smoke ] || { [ -n "$$DATASETS" ] && [ "$$DATASETS" != none ]; } || \
	{ [ -z "$$DATASETS" ] && [ -d datasets/cache/cifar-10 ] && [ -d datasets/cache/cifar-100 ]; } || \
	$(MAKE) --no-print-directory stand-in-full
	@status=0; $(BENCH) run $(WHERE) $(CHOSEN) -j $(JOBS) || status=$$?; \
	[ $$status -ne 2 ] && [ $$status -ne 5 ] && [ $$status -ne 130 ] || exit $$status; \
	$(BENCH) figures $(WHERE) --format "$$FORMAT" || [ $$status -ne 0 ] || status=$$?; \
	$(BENCH) report $(WHERE) || [ $$status -ne 0 ] || status=$$?; \
	exit $$status

datasets: ## fetch the published data that programs read (SETS=..., STRICT=1, DATASETS_MIRROR=URL)
	@sh datasets/fetch

stand-in: $(STAND_IN) $(PICTURES) ## write the generated digits that stand in for MNIST, and a few pictures

stand-in-full: $(FULL_STAND_IN) ## write as many generated pictures as CIFAR has, for desk (370 MB)

check: all stand-in $(TESTS) ## unit tests, then all programs at smoke against the references
	@sh ci/check '$(BUILD)' '$(JOBS)' "$$DATASETS" $(TESTS)

test: all stand-in $(TESTS) ## unit tests alone
	@ONLY_UNIT_TESTS=1 sh ci/check '$(BUILD)' '$(JOBS)' "$$DATASETS" $(TESTS)

figures: all ## draw the figures again from the results (FORMAT=svg, png or pdf)
	@$(BENCH) figures $(WHERE) --format "$$FORMAT"

report: all ## write the report again from the results
	@$(BENCH) report $(WHERE)

export: all ## tables for papers: FORMAT=latex, csv, markdown or json, into build/export
	@$(BENCH) export $(WHERE) $(CHOSEN) --format $(if $(filter file,$(origin FORMAT)),latex,"$$FORMAT")

list: all ## programs, their claims and last verdicts
	@$(BENCH) list $(WHERE) $(CHOSEN)

status: all ## which results are fresh, which are stale and why
	@$(BENCH) status $(WHERE) $(CHOSEN)

plan: all ## one command a missing unit, with its cost: the lines of an array job
	@$(BENCH) plan $(WHERE) $(CHOSEN)

diff: all ## what moved in the reference files since BASE, in units of tolerance
	@$(BENCH) diff --build '$(BUILD)' --base "$$BASE" $(if $(ONLY),--only "$$ONLY")

doctor: all ## the installed BLAS against naive loops, and what else may go wrong here
	@$(BENCH) doctor --build '$(BUILD)'

bless: all ## accept new reference values: ID=program WHY="reason" PROFILE=smoke or desk
	@$(BENCH) bless $(WHERE) --id "$$ID" --why "$$WHY" $(if $(STORED),--stored)

perf: all $(PERF) ## speed, as ratios within one run (uses python3-torch where installed)
	@sh tests/perf/run '$(BUILD)' "$$DATASETS"

curve: all $(PERF) ## CIFAR-10 trained here and in PyTorch, epoch by epoch: minutes (EPOCHS, SEEDS)
	@SEEDS="$${SEEDS:-5}" sh tests/perf/cifar_curve.sh '$(BUILD)' "$${DATASETS:-datasets/cache}"

fuzz: ## look for inputs that break the readers (clang; FUZZ=seconds in all)
	@+sh tests/fuzz/run '$(BUILD)' "$$FUZZ"

mutate: ## change one token of lib/ at a time and see which tests notice (60 times)
	@tests/mutate

clean: ## remove everything that was built, results included
	rm -rf build

help: ## this text
	@echo 'make deps datasets reproduce   everything: packages, data, build, claims, figures, report'
	@echo 'make deps check                packages, build, all tests'
	@echo; echo 'Targets:'; echo '  deps         install the missing Debian packages'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 15
	@echo; echo 'Variables (NAME=value):'
	@sed -n 's/^\([A-Z]*\)  *?= *\([^#]*\)#  *\(.*\)/  \1\t\3 [\2]/p' Makefile | \
	    sed 's/ \[\]$$//' | expand -t 15
	@echo '  CC           gcc or clang; results of another compiler lie under build/<compiler>'
	@echo '  -jN          N units at a time (default: all processors)'

ifneq ($(filter datasets,$(MAKECMDGOALS)),)
$(STAND_IN) $(PROGRAMS): | datasets
endif

# ---- rules ---------------------------------------------------------------------------------------

# Flags that changed rebuild what they touch.
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(CFLAGS)' > $@
.PHONY: force

$(BUILD)/obj/lib/base/provenance.o: CPPFLAGS += \
    -DBUILD_COMPILER='"$(shell $(CC) --version | head -n 1)"' -DBUILD_FLAGS='"$(CODE)"'

$(BUILD)/obj/lib/base/parallel.o: CFLAGS += $(OPENMP)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo '  cc    $<'
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(call object,$(LIB_SOURCES))
$(SHARED): $(call object,$(PAPER_SOURCES))
$(LIB) $(SHARED):
	@rm -f $@
	@ar rcsD $@ $^

# The stripped program is what runs: its hash is part of every result's key.
define program_rule
$(BUILD)/linked/$(basename $(notdir $(1))): $(call object,$(1)) \
    $(call object,$(filter $(dir $(1))%,$(PAPER_SOURCES))) $(LIB)
endef
$(foreach source,$(PROGRAM_SOURCES),$(eval $(call program_rule,$(source))))
$(addprefix $(BUILD)/linked/,$(IDS)):
	@mkdir -p $(@D)
	@echo '  link  $(@F)'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/bin/%: $(BUILD)/linked/%
	@mkdir -p $(@D)
	@strip -s -o $@.tmp $<
	@cmp -s $@.tmp $@ && rm $@.tmp && touch $@ || mv $@.tmp $@

$(BENCH): $(call object,$(BENCH_SOURCES)) $(LIB)
	@echo '  link  bench'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tools/%: $(BUILD)/obj/datasets/%.o $(LIB)
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(SHARED) $(LIB)
	@mkdir -p $(@D)
	@echo '  link  $(@F)'
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(BUILD)/perf/%: $(BUILD)/obj/tests/perf/%.o $(SHARED) $(LIB)
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The stand-in is complete when this file is: it holds the digest of the other four.
$(STAND_IN): $(BUILD)/tools/make_digits
	@mkdir -p $(@D)
	@$< '$(@D)'

# A few are enough for smoke. They lie apart from all, so that what is drawn from them never changes.
$(PICTURES) &: $(BUILD)/tools/make_objects
	@$< '$(BUILD)/stand-in' few

$(FULL_STAND_IN): $(BUILD)/tools/make_objects $(BUILD)/tools/make_digits
	@mkdir -p '$(@D)/mnist'
	@$(BUILD)/tools/make_digits '$(@D)/mnist'
	@$< '$(@D)'
	@touch $@

# Programs named after sources that are gone must not linger among the ones that bench runs.
$(foreach gone,$(filter-out $(PROGRAMS),$(wildcard $(BUILD)/bin/*)),$(shell rm -f '$(gone)'))

.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
endif
