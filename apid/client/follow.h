/* SPDX-License-Identifier: AGPL-3.0-only */
/* Reads a stream of events until the reader has enough; asks again where it ended when the daemon
 * was started anew. */
#pragma once

#include "apid/client/client.h"
#include "apid/client/sse.h"

/* Non-zero: enough. */
typedef int follow_fn(void *ctx, const struct sse_event *event);

/* EXIT_OK after enough; EXIT_NO, said: refused; EXIT_UNREACHABLE, said: nobody there, also not five
 * seconds later. */
int follow(const struct client *client, const char *path, follow_fn *on_event, void *ctx);
