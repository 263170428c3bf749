/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_PROMETHEUS_H
#define NESTWG_PROMETHEUS_H

/*
 * What can be measured in Prometheus' text format, of all interfaces, or only of `nic` if that is
 * not NULL; to `output` or, if that is NULL, to standard output. 0, or -1 after reporting.
 */
int prometheus_write(const char *nic, const char *output);

#endif /* NESTWG_PROMETHEUS_H */
