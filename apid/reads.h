/* SPDX-License-Identifier: AGPL-3.0-only */
/* The handlers that only read what apid knows. None changes anything. */
#pragma once

#include "apid/answer.h"

void read_healthz(struct exchange *exchange);
void read_readyz(struct exchange *exchange);
void read_whoami(struct exchange *exchange);
void read_status(struct exchange *exchange);
void read_alerts(struct exchange *exchange);
void read_timeline(struct exchange *exchange);
void read_stream(struct exchange *exchange);
void read_rules(struct exchange *exchange);
void read_metrics(struct exchange *exchange);
void read_actions(struct exchange *exchange);
void read_action(struct exchange *exchange);
