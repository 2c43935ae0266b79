/* SPDX-License-Identifier: AGPL-3.0-only */
/* An alert as one line of JSON, for replays. Pure. */
#pragma once

#include "ruled/engine.h"

#define ALERT_JSON_BYTES 65536

/* Writes @alert into @out without a newline. -ENOBUFS: it does not fit. */
must_check int alert_json(const struct engine_alert *alert, char *out, size_t size);
