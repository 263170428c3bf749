// SPDX-License-Identifier: GPL-2.0-only
/* Questions go to stderr: stdout may be a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "init_settings.h"

static void print_question(const struct init_setting *setting, const char *fallback)
{
	fprintf(stderr, "%s", setting->question);
	if (setting->many)
		fputs(" [no more]", stderr);
	else if (*fallback)
		fprintf(stderr, " [%s]", fallback);
	fputs(": ", stderr);
}

/* What was typed, without blanks around it; NULL after reporting. */
static char *read_answer(char **line, size_t *size)
{
	size_t length;
	char *answer;

	errno = 0;
	if (getline(line, size, stdin) < 0) {
		fputc('\n', stderr);
		fail(NULL, "the answers ended%s%s; nothing was written", errno ? ": " : "",
		     errno ? strerror(errno) : "");
		return NULL;
	}
	answer = *line + strspn(*line, " \t\r\n");
	length = strlen(answer);
	while (length && strchr(" \t\r\n", answer[length - 1]))
		answer[--length] = '\0';
	return answer;
}

/* Where no sshd is found, there may be none. */
static bool may_be_empty(enum init_setting_id id, const char *fallback)
{
	return init_settings[id].many || (id == INIT_SSH_PORT && !*fallback);
}

int init_ask(struct init_plan *plan, enum init_setting_id id)
{
	const struct init_setting *setting = &init_settings[id];
	char fallback[INIT_DEFAULT_SIZE], *line = NULL;
	size_t size = 0;
	int err = -1;

	init_default(plan, id, fallback);
	for (;;) {
		const char *answer, *wrong;

		print_question(setting, fallback);
		answer = read_answer(&line, &size);
		if (!answer)
			break;
		err = 0;
		if (!*answer && may_be_empty(id, fallback))
			break;
		wrong = init_apply(plan, id, *answer ? answer : fallback);
		if (wrong)
			fprintf(stderr, "  %s\n", wrong);
		else if (!setting->many)
			break;
		err = -1;
	}
	free(line);
	return err;
}
