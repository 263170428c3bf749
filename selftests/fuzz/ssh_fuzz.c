// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tells an SSH port: the environment of a process (SSH_CONNECTION), the output of `sshd -T`. Included,
 * since its parsers are its own.
 */
#include "../../loader/ssh.c"

#include "loader_fuzz.h"

static char *sshd_says;

static const struct running_command nothing = { .pid = -1, .output = -1 };

/* In the place of a program that is run: sshd said that. */
int __wrap_run_start(const char *const argv[], struct running_command *command);
int __wrap_run_start(const char *const argv[], struct running_command *command)
{
	EXPECT(strcmp(argv[0], "/usr/sbin/sshd") == 0);
	*command = nothing;
	return 0;
}

int __wrap_run_finish(const struct running_command *command, char **output);
int __wrap_run_finish(const struct running_command *command, char **output)
{
	EXPECT(command->pid == -1 && command->output == -1);
	*output = strdup(sshd_says);
	return 0;
}

static void check_connection(const char *text)
{
	uint16_t port = ssh_connection_port(text);
	char value[128];

	if (!port)
		return;
	snprintf(value, sizeof(value), "192.0.2.1 50000 192.0.2.2 %u", port);
	EXPECT(ssh_connection_port(value) == port);
	/* It is there as the decimal number that it is. */
	snprintf(value, sizeof(value), "%u", port);
	EXPECT(strstr(text, value));
}

static void check_configured(void)
{
	struct listener here = { 2222, 7 };
	struct listeners listeners = { &here, 1, 0, 0 };
	struct ssh_ports ports = {};

	EXPECT(!add_configured(&nothing, &listeners, &ports));
	for (size_t i = 0; i < ports.count; i++) {
		char number[8];

		EXPECT(ports.list[i].port && ports.list[i].why == NESTWG_WHY_SSHD);
		snprintf(number, sizeof(number), "%u", ports.list[i].port);
		EXPECT(strstr(sshd_says, number));
	}
	ssh_ports_free(&ports);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);

	check_connection(text);
	environ_port(text, size);
	sshd_says = text;
	check_configured();
	free(text);
	return 0;
}
