/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NESTWG_INIT_QR_H
#define NESTWG_INIT_QR_H

#include "init_text.h"

/*
 * The file as a QR code for a terminal, to be freed; NULL where qrencode is not installed. 0, or -1
 * after reporting.
 */
int init_qr_make(const struct init_text *text, char **code);

#endif /* NESTWG_INIT_QR_H */
