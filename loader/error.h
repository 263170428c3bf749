/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the command says when something is wrong: on what, what was tried, why it failed, what to
 * do.
 */
#ifndef NESTWG_ERROR_H
#define NESTWG_ERROR_H

#include <stdarg.h>
#include <stddef.h>

#define PROGRAM "nestwg-xdp"

enum { EXIT_USAGE = 2 };

/*
 * "nestwg-xdp: THING: ..." on stderr; `thing` may be NULL. Always returns -1, for `return
 * fail(...)`.
 */
int fail(const char *thing, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "nestwg-xdp: THING: warning: ..." on stderr. */
void warn(const char *thing, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * "nestwg-xdp: ...", the usage of this subcommand, and where there is more. Always returns
 * EXIT_USAGE.
 */
int usage_error(const char *subcommand, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What all of them say, without the end of the line. */
void error_say(const char *thing, const char *kind, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/*
 * From here on what fail() and warn() would say is put into `text` instead, without the program's
 * name and one below the other, as far as it fits. NULL: on stderr again.
 */
void error_catch(char *text, size_t size);

#endif /* NESTWG_ERROR_H */
