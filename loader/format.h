/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_FORMAT_H
#define NESTWG_FORMAT_H

#include <arpa/inet.h>
#include <linux/types.h>
#include <stdbool.h>

#include "nestwg.h"

/* Returned by value, so that several may stand in one printf(). */
struct address_text {
	char s[INET_ADDRSTRLEN];
};

struct address_text address_text(__be32 address);

/* Dotted quad only; true if that is what `text` is. */
bool address_parse(const char *text, __be32 *address);

/* The same, and not 0/8, 127/8, multicast or reserved: no interface and no peer has one of these. */
bool host_address_parse(const char *text, __be32 *address);

/* Decimal digits only, from MIN to MAX; true if that is what `text` is. */
bool number_parse(const char *text, unsigned long min, unsigned long max, unsigned long *number);

const char *mode_name(unsigned int mode);

/* NESTWG_NR_MODES if there is no such mode. */
enum nestwg_mode mode_parse(const char *text);

#endif /* NESTWG_FORMAT_H */
