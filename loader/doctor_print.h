/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_DOCTOR_PRINT_H
#define NESTWG_DOCTOR_PRINT_H

#include "doctor.h"

void findings_print(const struct findings *findings);
void findings_print_json(const struct findings *findings);

unsigned int findings_count(const struct findings *findings, enum severity severity);

#endif /* NESTWG_DOCTOR_PRINT_H */
