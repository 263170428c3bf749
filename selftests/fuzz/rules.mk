# SPDX-License-Identifier: GPL-2.0-only
# make fuzz [SECONDS=60] [TARGET=packet], make coverage-packet. Included by the top Makefile.

FUZZ	:= $(BUILD)/fuzz
SECONDS	?= 60
FUZZ_TARGETS := $(shell selftests/fuzz/run --list)

FUZZ_FLAGS := -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -std=gnu11 $(WARN)
# The kernel's architectures read unaligned words, and so does BPF.
FUZZ_PACKET_FLAGS := -D_GNU_SOURCE -Iselftests/fuzz/include -Iinclude -Ibpf -fno-sanitize=alignment \
	-Wno-unused-function
FUZZ_PACKET := $(addprefix selftests/fuzz/,host_programs.c host_maps.c host_packet.c host_helpers.c \
	packet_view.c packet_input.c packet_check.c packet_fates.c packet_shown.c \
	packet_fuzz.c)
FUZZ_SEEDS := $(addprefix selftests/fuzz/,packet_seeds.c seed.c seed_flows.c seed_slots.c seed_watch.c)
FUZZ_HEADERS := selftests/packet_words.h $(wildcard selftests/fuzz/*.h selftests/fuzz/include/bpf/*.h bpf/* include/*.h loader/*)

# What of the loader a target is linked with.
FUZZ_ERROR	:= loader/error.c loader/colour.c loader/verbose.c
FUZZ_spec	:= loader/spec.c loader/exclusions.c loader/format.c loader/netif.c loader/netlink.c \
		   $(FUZZ_ERROR) selftests/fuzz/no_usage.c
FUZZ_conf	:= $(addprefix loader/,conffile.c confedit.c confline.c spec.c exclusions.c format.c netif.c netlink.c) \
		   $(FUZZ_ERROR) selftests/fuzz/no_usage.c
FUZZ_init	:= $(addprefix loader/,init_take.c init_plan.c init_files.c init_wg_quick.c init_mikrotik.c \
		   init_keys.c spec.c format.c run.c) $(FUZZ_ERROR) selftests/fuzz/no_usage.c
FUZZ_wgdump	:= loader/wgdump.c loader/format.c
FUZZ_sockets	:= loader/sockets.c
FUZZ_ssh	:= -Wl,--wrap=run_start -Wl,--wrap=run_finish loader/sockets.c loader/socket_owner.c loader/run.c \
		   loader/conntrack.c loader/netlink.c $(FUZZ_ERROR)
FUZZ_firewall	:= loader/nf_rules.c loader/nf_iptables.c loader/nf_nft.c loader/format.c
FUZZ_netlink	:= -Wl,--wrap=netlink_ask loader/netif.c loader/netlink.c

$(FUZZ):
	mkdir -p $@

$(FUZZ)/packet_fuzz: $(FUZZ_PACKET) $(FUZZ_HEADERS) | $(FUZZ)
	$(CLANG) $(FUZZ_FLAGS) $(FUZZ_PACKET_FLAGS) $(FUZZ_PACKET) -o $@

$(FUZZ)/%_fuzz: selftests/fuzz/%_fuzz.c $(FUZZ_HEADERS) | $(FUZZ)
	$(CLANG) $(CPPFLAGS) $(FUZZ_FLAGS) $< $(FUZZ_$*) $(shell $(PKG_CONFIG) --libs libmnl json-c) -o $@

$(FUZZ)/packet_seeds: $(FUZZ_SEEDS) selftests/fuzz/seed.h $(BUILD)/packet_test | $(FUZZ)
	$(CC) $(CPPFLAGS) -Iselftests $(CFLAGS) -std=gnu11 $(WARN) $(FUZZ_SEEDS) \
		$(filter-out %/packet_test.c,$(wildcard selftests/packet_*.c)) $(LDLIBS) -o $@

fuzz-build: $(FUZZ_TARGETS:%=$(FUZZ)/%_fuzz)

fuzz: fuzz-build
	selftests/fuzz/run $(SECONDS) $(TARGET)

# The packet seeds anew, and what was found since: less what reaches nothing new.
fuzz-corpus: fuzz-build $(FUZZ)/packet_seeds
	mkdir -p $(FUZZ)/packet
	$(FUZZ)/packet_seeds $(FUZZ)/packet
	selftests/fuzz/run --corpus $(TARGET)

# The same programs without sanitizers, but with counters.
$(FUZZ)/packet_coverage: $(FUZZ_PACKET) selftests/fuzz/replay.c $(FUZZ_HEADERS) | $(FUZZ)
	$(CLANG) -O1 -g -std=gnu11 -fprofile-instr-generate -fcoverage-mapping $(FUZZ_PACKET_FLAGS) \
		$(FUZZ_PACKET) selftests/fuzz/replay.c -o $@

coverage-packet: $(FUZZ)/packet_coverage
	CLANG=$(CLANG) selftests/fuzz/coverage $<

.PHONY: fuzz fuzz-build fuzz-corpus coverage-packet
