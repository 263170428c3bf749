// SPDX-License-Identifier: GPL-2.0-only
/* The words of the command line: a SPEC, an address, the name of an interface, a mode. */
#include <net/if.h>
#include <netinet/in.h>

#include "exclusions.h"
#include "format.h"
#include "loader_fuzz.h"
#include "netif.h"
#include "spec.h"

/* `status` prints it as a SPEC that `disallow` takes. */
static void check_spec(const char *text)
{
	char printed[EXCLUSION_TEXT_SIZE];
	struct exclusion exclusion;
	struct spec spec, again;

	if (spec_parse(text, &spec))
		return;
	EXPECT(spec.text == text);
	EXPECT(spec.first <= spec.last && !spec.first == !spec.last);
	EXPECT(spec.first ? spec.protocol == IPPROTO_TCP || spec.protocol == IPPROTO_UDP :
			    protocol_name(spec.protocol) && strcmp(protocol_name(spec.protocol), text) == 0);
	exclusion = (struct exclusion){ spec.protocol, spec.first, spec.last, 0 };
	exclusion_text(&exclusion, printed);
	EXPECT(!spec_parse(printed, &again));
	EXPECT(again.protocol == spec.protocol && again.first == spec.first && again.last == spec.last);
	EXPECT(spec_overlap(&spec, &again));
}

static void check_address(const char *text)
{
	__be32 address, again;

	if (!address_parse(text, &address))
		return;
	EXPECT(address_parse(address_text(address).s, &again) && again == address);
}

static void check_name(const char *text)
{
	bool valid = netif_name_valid(text);

	EXPECT(!valid || (strlen(text) < IFNAMSIZ && *text && !strchr(text, '/')));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);

	check_spec(text);
	check_address(text);
	check_name(text);
	EXPECT(mode_parse(text) == NESTWG_NR_MODES || strcmp(mode_name(mode_parse(text)), text) == 0);
	free(text);
	return 0;
}
