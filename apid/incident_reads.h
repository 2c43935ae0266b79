/* SPDX-License-Identifier: AGPL-3.0-only */
/* The handlers that read incidents. None changes anything. */
#pragma once

#include "apid/answer.h"

void read_incidents(struct exchange *exchange);
void read_incidents_summary(struct exchange *exchange);
void read_incidents_stats(struct exchange *exchange);
void read_incident(struct exchange *exchange);
