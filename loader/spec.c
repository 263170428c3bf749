// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "spec.h"

/* https://www.iana.org/assignments/protocol-numbers; TCP and UDP are named by their ports. */
static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{ "icmp", IPPROTO_ICMP },
	{ "ipip", IPPROTO_IPIP },
	{ "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
	{ "ah", IPPROTO_AH },
	{ "sctp", IPPROTO_SCTP },
};

#define SPEC_SIZE	24	/* longer than any SPEC */
#define PORT_DIGITS	5
#define NR_PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

const char *protocol_name(uint8_t protocol)
{
	for (size_t i = 0; i < NR_PROTOCOLS; i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * strtoul() would take leading blanks, signs and other bases. No more digits than a port can have, so that
 * a SPEC has a greatest length. Returns what follows the number, or NULL where there is no port number.
 */
static const char *parse_port(const char *text, uint16_t *port)
{
	unsigned int value = 0, digits = 0;

	for (; is_digit(text[digits]); digits++) {
		if (digits == PORT_DIGITS)
			return NULL;
		value = value * 10 + (unsigned int)(text[digits] - '0');
	}
	*port = (uint16_t)value;
	return value && value <= UINT16_MAX ? text + digits : NULL;
}

static const char *parse_protocol(const char *text, struct spec *spec)
{
	for (size_t i = 0; i < NR_PROTOCOLS; i++) {
		if (strcmp(text, protocols[i].name) == 0) {
			spec->protocol = protocols[i].number;
			return NULL;
		}
	}
	if (!*text)
		return "it is empty";
	if (strcmp(text, "tcp") == 0 || strcmp(text, "udp") == 0)
		return "name the ports, such as 2222/tcp or 60000-61000/udp";
	return "neither a port (2222, 2222/tcp, 60000-61000/udp) nor one of icmp, ipip, gre, esp, "
	       "ah, sctp";
}

const char *spec_parse(const char *text, struct spec *spec)
{
	static const char *const bad_port = "a port is a number from 1 to 65535";
	const char *rest;

	memset(spec, 0, sizeof(*spec));
	spec->text = text;
	if (!is_digit(*text))
		return parse_protocol(text, spec);

	rest = parse_port(text, &spec->first);
	if (!rest)
		return bad_port;
	spec->last = spec->first;
	if (*rest == '-') {
		rest = parse_port(rest + 1, &spec->last);
		if (!rest)
			return bad_port;
		if (spec->last < spec->first)
			return "the range ends before it begins";
	}

	spec->protocol = IPPROTO_TCP;
	if (!*rest || strcmp(rest, "/tcp") == 0)
		return NULL;
	if (strcmp(rest, "/udp") == 0) {
		spec->protocol = IPPROTO_UDP;
		return NULL;
	}
	return *rest == '/' ? "after the slash comes tcp or udp" : "something follows the port";
}

/* TCP/2222, 2222:tcp, 1000:2000: the same as it is written here, or false where there is no sense. */
static bool spec_meant(const char *text, char meant[SPEC_SIZE])
{
	char word[8] = "", numbers[2][6] = {};
	size_t letters = 0, count = 0;
	struct spec spec;

	while (*text) {
		size_t digits = strspn(text, "0123456789");

		if (digits) {
			if (digits >= sizeof(numbers[0]) || count == 2)
				return false;
			memcpy(numbers[count++], text, digits);
			text += digits;
			continue;
		}
		if (isalpha((unsigned char)*text) && letters < sizeof(word) - 1)
			word[letters++] = (char)tolower((unsigned char)*text);
		else if (!strchr("/:-_. ", *text))
			return false;
		text++;
	}
	snprintf(meant, SPEC_SIZE, "%s%s%s%s%s", numbers[0], count == 2 ? "-" : "", numbers[1],
		 count && *word ? "/" : "", word);
	return !spec_parse(meant, &spec);
}

bool spec_overlap(const struct spec *a, const struct spec *b)
{
	return a->protocol == b->protocol && a->first <= b->last && b->first <= a->last;
}

int spec_list_append(struct spec_list *list, const struct spec *spec)
{
	struct spec *specs = reallocarray(list->specs, list->count + 1, sizeof(*specs));

	if (!specs)
		return -ENOMEM;
	list->specs = specs;
	list->specs[list->count++] = *spec;
	return 0;
}

int spec_list_add(struct spec_list *list, const char *subcommand, const char *text)
{
	struct spec spec;
	char meant[SPEC_SIZE];
	const char *wrong;

	wrong = spec_parse(text, &spec);
	if (wrong && spec_meant(text, meant))
		return usage_error(subcommand, "'%s' is not a SPEC: did you mean %s?", text, meant);
	if (wrong)
		return usage_error(subcommand, "'%s' is not a SPEC: %s", text, wrong);
	for (size_t i = 0; i < list->count; i++)
		if (spec_overlap(&spec, &list->specs[i]))
			return usage_error(subcommand, "'%s' and '%s' overlap: leave one out",
					   list->specs[i].text, text);
	if (spec_list_append(list, &spec))
		return fail(NULL, "cannot remember '%s': %s", text, strerror(errno));
	return 0;
}

void spec_list_free(struct spec_list *list)
{
	free(list->specs);
	memset(list, 0, sizeof(*list));
}
