// SPDX-License-Identifier: GPL-2.0-only
/* A line of /proc/net/{tcp,udp}{,6}: what was read and is printed again is read as the same. */
#include "loader_fuzz.h"
#include "sockets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct socket socket = {}, again = {};
	char *text = text_of(data, size);
	char line[256];

	if (socket_parse(text, &socket)) {
		snprintf(line, sizeof(line), "  10: %08X:%04X %08X:%04X %02X "
			 "00000000:00000000 00:00000000 00000000     0        0 %lu 1 "
			 "0000000000000000 100 0 0 10 0\n", socket.local, socket.local_port,
			 socket.remote, socket.remote_port, socket.state, socket.inode);
		EXPECT(socket_parse(line, &again));
		EXPECT(memcmp(&socket, &again, sizeof(socket)) == 0);
	}
	free(text);
	return 0;
}
