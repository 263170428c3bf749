# SPDX-License-Identifier: GPL-2.0-only
# make, make install [PREFIX= DESTDIR=], make uninstall, make clean, make lint, make check

PREFIX	?= /usr/local
SBINDIR	?= $(PREFIX)/sbin
MANDIR	?= $(PREFIX)/share/man
DESTDIR	?=

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
CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iloader -I$(BUILD) \
	    -DNESTWG_VERSION='"$(VERSION)"' -DNESTWG_COMMIT='"$(COMMIT)"' \
	    $(shell $(PKG_CONFIG) --cflags $(LIBS) 2>/dev/null)
LDLIBS	:= $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null)

# The kernel's own headers lie in a directory named after the machine (Debian's multiarch).
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g $(WARN) -Wno-unused-function -Iinclude -Ibpf \
	      $(if $(MULTIARCH),-I/usr/include/$(MULTIARCH))

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
