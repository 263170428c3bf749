# SPDX-License-Identifier: GPL-2.0-only
# make, make install [PREFIX= DESTDIR=], make uninstall, make clean, make lint, make check,
# make fuzz [SECONDS= TARGET=], make coverage, make bench [BENCH=], make deb

PREFIX	?= /usr/local
SBINDIR	?= $(PREFIX)/sbin
MANDIR	?= $(PREFIX)/share/man
UNITDIR	?= $(PREFIX)/lib/systemd/system
UDEVDIR	?= $(PREFIX)/lib/udev/rules.d
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
DESTDIR	?=
# Without symbols; a package keeps them apart.
INSTALL_PROGRAM ?= install -s

CC	?= cc
CLANG	?= clang
BPFTOOL	?= $(firstword $(shell command -v bpftool /usr/sbin/bpftool) \
	   $(wildcard /usr/lib/linux-tools/*/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
LLVM_STRIP ?= $(firstword $(wildcard $(patsubst %clang,%llvm-strip,$(shell readlink -f \
	      $$(command -v $(CLANG))))) llvm-strip)

VERSION	:= 0.1.0
COMMIT	:= $(shell git describe --always --dirty 2>/dev/null)
BUILD	:= build
LIBS	:= libbpf libelf zlib libmnl json-c

CFLAGS	?= -O2 -g
WARN	:= -Wall -Wextra -Werror
CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iloader -isystem $(BUILD) \
	    -DNESTWG_VERSION='"$(VERSION)"' -DNESTWG_COMMIT='"$(COMMIT)"' \
	    $(shell $(PKG_CONFIG) --cflags $(LIBS) 2>/dev/null)
LDLIBS	:= -pthread $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null)

# The kernel's <asm/types.h> lies in a directory named after the machine (Debian's multiarch).
MULTIARCH := $(patsubst %/asm/types.h,%,$(firstword \
	     $(wildcard /usr/include/$(shell uname -m)-linux-gnu*/asm/types.h)))
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g $(WARN) -Wno-unused-function -Iinclude -Ibpf \
	      $(addprefix -I,$(MULTIARCH))

OBJS	:= $(patsubst loader/%.c,$(BUILD)/%.o,$(wildcard loader/*.c))

all: $(BUILD)/nestwg-xdp

$(BUILD):
	mkdir -p $@

$(BUILD)/nestwg.bpf.o: bpf/nestwg.bpf.c $(wildcard bpf/*.h include/*.h) | $(BUILD)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@.tmp
	$(LLVM_STRIP) -g $@.tmp
	mv $@.tmp $@

$(BUILD)/nestwg.skel.h: $(BUILD)/nestwg.bpf.o
	$(BPFTOOL) gen skeleton $< name nestwg_bpf > $@.tmp
	mv $@.tmp $@

$(BUILD)/%.o: loader/%.c $(wildcard loader/*.h include/*.h) $(BUILD)/nestwg.skel.h
	$(CC) $(CPPFLAGS) $(CFLAGS) -std=gnu11 $(WARN) -c $< -o $@

$(BUILD)/nestwg-xdp: $(OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

.PHONY: all

$(BUILD)/packet_test: $(wildcard selftests/packet*.c selftests/packet*.h include/*.h) $(BUILD)/nestwg.skel.h
	$(CC) $(CPPFLAGS) -Iselftests $(CFLAGS) -std=gnu11 $(WARN) $(filter %.c,$^) $(LDFLAGS) \
		$(LDLIBS) -o $@

$(BUILD)/model_test: $(wildcard selftests/model*.c selftests/model*.h include/*.h) \
		selftests/packet_lab.c selftests/packet_lab.h selftests/packet_build.c \
		selftests/packet_build.h selftests/packet_words.h $(BUILD)/nestwg.skel.h
	$(CC) $(CPPFLAGS) -Iselftests $(CFLAGS) -std=gnu11 $(WARN) $(filter %.c,$^) $(LDFLAGS) \
		$(LDLIBS) -o $@

$(BUILD)/flood: selftests/flood.c selftests/flood_kinds.c selftests/flood.h | $(BUILD)
	$(CC) $(CPPFLAGS) $(CFLAGS) -std=gnu11 $(WARN) $(filter %.c,$^) $(LDFLAGS) -o $@

$(BUILD)/netfilter_test: $(wildcard selftests/netfilter*.c selftests/netfilter*.h include/*.h) \
		selftests/packet_build.c selftests/packet_lab.c $(wildcard selftests/packet*.h) \
		$(BUILD)/nestwg.skel.h
	$(CC) $(CPPFLAGS) -Iselftests $(CFLAGS) -std=gnu11 $(WARN) $(filter %.c,$^) $(LDFLAGS) \
		$(LDLIBS) -o $@

TEST_PROGRAMS := $(addprefix $(BUILD)/,packet_test model_test netfilter_test flood)

tests: all $(TEST_PROGRAMS)

include selftests/fuzz/rules.mk

UNITS	:= nestwg-xdp@.service nestwg-xdp-tunnel@.service
INSTALLED := $(SBINDIR)/nestwg-xdp $(MANDIR)/man8/nestwg-xdp.8 $(COMPLETIONDIR)/nestwg-xdp \
	     $(UNITS:%=$(UNITDIR)/%) $(UNITDIR)/wg-quick@.service.d/nestwg-xdp.conf \
	     $(UDEVDIR)/90-nestwg-xdp.rules

install: all
	$(INSTALL_PROGRAM) -D -m 0755 $(BUILD)/nestwg-xdp $(DESTDIR)$(SBINDIR)/nestwg-xdp
	install -D -m 0644 scripts/nestwg-xdp.8 $(DESTDIR)$(MANDIR)/man8/nestwg-xdp.8
	install -D -m 0644 scripts/completion/nestwg-xdp.bash $(DESTDIR)$(COMPLETIONDIR)/nestwg-xdp
	install -d $(DESTDIR)$(UNITDIR)/wg-quick@.service.d
	for unit in $(UNITS); do \
		sed 's|@SBINDIR@|$(SBINDIR)|' scripts/systemd/$$unit >$(DESTDIR)$(UNITDIR)/$$unit && \
		chmod 0644 $(DESTDIR)$(UNITDIR)/$$unit || exit; \
	done
	install -m 0644 scripts/systemd/wg-quick-target.conf \
		$(DESTDIR)$(UNITDIR)/wg-quick@.service.d/nestwg-xdp.conf
	install -D -m 0644 scripts/systemd/90-nestwg-xdp.rules $(DESTDIR)$(UDEVDIR)/90-nestwg-xdp.rules

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-rmdir $(DESTDIR)$(UNITDIR)/wg-quick@.service.d

# What was unpacked for the VM (scripts/vm clean removes it) and for the tests stays.
clean:
	rm -rf $(filter-out $(BUILD)/vm $(BUILD)/promtool,$(wildcard $(BUILD)/*))

# One test program each way: see scripts/check for all of them, in the VM too.
check: tests
	selftests/run_tests

# What the tests run (as root: they make namespaces): lines of the loader, branches of the packet path.
coverage: coverage-loader coverage-packet

coverage-loader:
	scripts/coverage

include scripts/bench.d/bench.mk

include scripts/deb/deb.mk

SHELL_SCRIPTS = $(shell grep -rlIE '^\#!.*\b(ba)?sh\b|^\# shellcheck shell' scripts selftests .ci)

lint: lint-c lint-bpf lint-shell

# programs.c: the skeleton that bpftool generated leaks if there is no memory.
lint-c: $(BUILD)/nestwg.skel.h
	$(CC) $(CPPFLAGS) -std=gnu11 -O2 $(WARN) -fsyntax-only loader/*.c
	$(CLANG) $(CPPFLAGS) -std=gnu11 -O2 $(WARN) -fsyntax-only loader/*.c selftests/*.c
	clang-tidy --quiet --warnings-as-errors='*' $(filter-out loader/programs.c,$(wildcard loader/*.c)) \
		-- $(CPPFLAGS) -std=gnu11
	clang-tidy --quiet --warnings-as-errors='*' --checks=-clang-analyzer-unix.Malloc loader/programs.c \
		-- $(CPPFLAGS) -std=gnu11
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
		--enable=warning,performance,portability --suppress=missingIncludeSystem '-DLIBBPF_OPTS(type,name,...)=struct type name = { __VA_ARGS__ }' \
		--suppress='*:$(BUILD)/*' -Iinclude -Iloader loader


# Every warning of the BPF compiler, for both byte orders.
lint-bpf:
	$(CLANG) $(BPF_CFLAGS) -Wshadow -fsyntax-only bpf/nestwg.bpf.c
	$(CLANG) $(patsubst bpf,bpfeb,$(BPF_CFLAGS)) -fsyntax-only bpf/nestwg.bpf.c

lint-shell:
	shellcheck -x -P SCRIPTDIR $(SHELL_SCRIPTS)
	scripts/mutate --check

.PHONY: tests install uninstall clean check coverage coverage-loader lint lint-c lint-bpf lint-shell
.DELETE_ON_ERROR:
