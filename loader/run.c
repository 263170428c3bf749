// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#define OUTPUT_MAX (16u << 20)	/* `wg show` with a hundred thousand peers */

/* `input`: -1 for none. */
static int spawn(const char *const argv[], int input, int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int err;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!err && input < 0)
		err = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
						       O_RDONLY, 0);
	else if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (!err)
		err = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
						       O_WRONLY, 0);
	if (!err)
		err = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* Doubling by hand, since realloc() would leave copies of what may be a private key behind. */
static int grow(char **text, size_t used, size_t *size)
{
	char *larger;

	if (*size >= OUTPUT_MAX)
		return -EFBIG;
	larger = malloc(*size * 2);
	if (!larger)
		return -ENOMEM;
	memcpy(larger, *text, used);
	explicit_bzero(*text, used);
	free(*text);
	*text = larger;
	*size *= 2;
	return 0;
}

static int read_all(int fd, char **output)
{
	size_t size = 4096, used = 0;
	char *text = malloc(size);
	ssize_t got;
	int err;

	if (!text)
		return -ENOMEM;
	for (;;) {
		if (used + 1 == size) {
			err = grow(&text, used, &size);
			if (err)
				break;
		}
		got = read(fd, text + used, size - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got > 0) {
			used += (size_t)got;
			continue;
		}
		err = got < 0 ? -errno : 0;
		break;
	}
	text[used] = '\0';
	if (err) {
		explicit_bzero(text, used);
		free(text);
		return err;
	}
	*output = text;
	return 0;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

static int start_with(const char *const argv[], int input, struct running_command *command)
{
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	err = spawn(argv, input, fds[1], &command->pid);
	close(fds[1]);
	if (err)
		close(fds[0]);
	command->output = fds[0];
	return err;
}

int run_start(const char *const argv[], struct running_command *command)
{
	return start_with(argv, -1, command);
}

int run_finish(const struct running_command *command, char **output)
{
	int err, status;

	*output = NULL;
	err = read_all(command->output, output);
	close(command->output);
	status = wait_for(command->pid);
	if (err)
		return err;
	if (status < 0) {
		explicit_bzero(*output, strlen(*output));
		free(*output);
		*output = NULL;
	}
	return status;
}

static int run_with(const char *const argv[], int input, char **output)
{
	struct running_command command = { .pid = -1, .output = -1 };
	int err;

	*output = NULL;
	err = start_with(argv, input, &command);
	return err ? err : run_finish(&command, output);
}

int run(const char *const argv[], char **output)
{
	return run_with(argv, -1, output);
}

/* All of it is in the pipe before anybody reads: neither can wait for the other. */
int run_with_input(const char *const argv[], const char *input, char **output)
{
	size_t length = strlen(input);
	int fds[2], err;
	ssize_t written;

	*output = NULL;
	if (length > RUN_INPUT_MAX)
		return -EFBIG;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	written = write(fds[1], input, length);
	err = written == (ssize_t)length ? 0 : written < 0 ? -errno : -EIO;
	close(fds[1]);
	if (!err)
		err = run_with(argv, fds[0], output);
	close(fds[0]);
	return err;
}
