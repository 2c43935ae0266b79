/* SPDX-License-Identifier: AGPL-3.0-only */
/* An incident, whole, as text to read. Parts that an answer does not have are left out. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "apid/client/fields.h"
#include "apid/client/terminal.h"

void evidence_print(const json_t *incident, FILE *file, const struct terminal *terminal);

/* Of alerts, told as a number or as a list. */
const char *evidence_count(const json_t *alerts, char out[FIELD_TEXT_SIZE]);
