// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "error.h"
#include "pins.h"
#include "reports.h"
#include "running.h"

struct reports {
	const char *nic;
	void (*each)(const struct report *report, void *data);
	void *data;

	struct running_list all, strays;
	struct pins_names names;
};

static bool is_wanted(const struct reports *reports, const char *name)
{
	return !reports->nic || strcmp(reports->nic, name) == 0;
}

static void give_pinned(const struct reports *reports, const char *name)
{
	struct report report;

	report_make(&report, name, &reports->all);
	report_add_strays(&report, &reports->strays);
	reports->each(&report, reports->data);
	report_free(&report);
}

static bool seen_before(const struct running_list *strays, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strays->list[i].netif.ifindex == strays->list[index].netif.ifindex)
			return true;
	return false;
}

/* Then it has been told there. */
static bool is_with_pinned(const struct reports *reports, const struct running *stray)
{
	for (size_t i = 0; i < reports->names.count; i++)
		if (running_is_with(&reports->strays, stray, reports->names.list[i]))
			return true;
	return false;
}

static void give_stray(const struct reports *reports, size_t index)
{
	const struct running *stray = &reports->strays.list[index];
	struct report report;

	if (!is_wanted(reports, stray->netif.name) || seen_before(&reports->strays, index) ||
	    is_with_pinned(reports, stray))
		return;
	report_stray(&report, &stray->netif, &reports->strays);
	reports->each(&report, reports->data);
	report_free(&report);
}

static int give_all(struct reports *reports)
{
	if (pins_list(&reports->names))
		return -1;
	running_drop_pinned(&reports->strays);
	for (size_t i = 0; i < reports->names.count; i++)
		if (is_wanted(reports, reports->names.list[i]))
			give_pinned(reports, reports->names.list[i]);
	for (size_t i = 0; i < reports->strays.count; i++)
		give_stray(reports, i);
	pins_names_free(&reports->names);
	return 0;
}

int reports_each(const char *nic, void (*each)(const struct report *report, void *data), void *data)
{
	struct reports reports = { .nic = nic, .each = each, .data = data };
	int err;

	err = running_find(&reports.all);
	if (!err)
		err = running_copy(&reports.strays, &reports.all);
	if (err)
		fail(NULL, "cannot look at the interfaces: %s", strerror(-err));
	else
		err = give_all(&reports);
	running_free(&reports.strays);
	running_free(&reports.all);
	return err;
}
