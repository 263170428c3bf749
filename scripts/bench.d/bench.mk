# SPDX-License-Identifier: GPL-2.0-only
# What scripts/bench needs built. Included by the Makefile.

BENCH_TOOLS := $(addprefix $(BUILD)/bench/,generate sink generate.bpf.o paths.bpf.o)

$(BUILD)/bench/%.bpf.o: scripts/bench.d/%.bpf.c scripts/bench.d/bench.h
	mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -Iscripts/bench.d -c $< -o $@

$(BUILD)/bench/%: scripts/bench.d/%.c scripts/bench.d/bench.h
	mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE $(CFLAGS) -std=gnu11 $(WARN) $< $(LDFLAGS) $(LDLIBS) -o $@

bench-tools: $(BUILD)/nestwg-xdp $(BENCH_TOOLS)

bench: bench-tools
	scripts/bench $(BENCH)

lint: lint-bench

lint-bench:
	clang-tidy --quiet --warnings-as-errors='*' $(filter-out %.bpf.c,$(wildcard scripts/bench.d/*.c)) \
		-- -D_GNU_SOURCE -std=gnu11 -Iscripts/bench.d
	$(CLANG) $(BPF_CFLAGS) -Iscripts/bench.d -Wshadow -fsyntax-only scripts/bench.d/*.bpf.c

.PHONY: bench bench-tools lint-bench
