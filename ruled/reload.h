/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The rules while ruled runs: loaded whole, swapped whole; a bad file leaves the old ones and says
 * why.
 */
#pragma once

#include "ruled/engine.h"
#include "ruled/feed_link.h"
#include "ruled/rules_file.h"

/* At start: every problem is said. */
must_check int reload_first(
	const struct rules_file *file, struct engine *engine, struct feed_link *feed);

/* At SIGHUP: every problem is said, the first goes to the feed. */
void reload_again(const struct rules_file *file, struct engine *engine, struct feed_link *feed);

/* Reads and says every problem; for --check-config and replays. */
must_check int reload_read(const struct rules_file *file, struct ruleset **ruleset);
