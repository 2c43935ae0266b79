/* SPDX-License-Identifier: AGPL-3.0-only */
/* The id of an alert and of the incident it began, "%x-%u": one spelling for each. Pure. */
#pragma once

#include "common/base.h"

#define INCIDENT_ID_BYTES 40

struct incident_id {
	uint64_t epoch, counter; /* counter 0: none */
};

static inline bool incident_id_is(struct incident_id a, struct incident_id b)
{
	return a.epoch == b.epoch && a.counter == b.counter;
}

/* Lower-case hex without leading zeros. 0, or -EINVAL. */
must_check int incident_hex(const char *text, size_t len, uint64_t *number);

/* trust: @text is a client's or ruled's. 0, or -EINVAL. */
must_check int incident_id_parse(const char *text, size_t len, struct incident_id *id);

/* Returns @buffer, INCIDENT_ID_BYTES long. */
const char *incident_id_format(struct incident_id id, char *buffer);
