/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/reload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/daemon.h"
#include "common/log.h"

/* @first: room for the first problem. */
static int read_rules(
	const struct rules_file *file, struct ruleset **ruleset, char *first, size_t size)
{
	_cleanup_(problems_done) struct problems problems = PROBLEMS_INIT;
	int r = rules_file_load(file, &problems, ruleset);

	daemon_problems(&problems);
	if (r < 0 && problems.count == 0)
		log_err_r(r, "%s", file->path);
	if (r < 0)
		snprintf(first, size, "%s",
			problems.count > 0 && problems.lines[0] ? problems.lines[0] : strerror(-r));
	return r;
}

int reload_read(const struct rules_file *file, struct ruleset **ruleset)
{
	char first[FEED_ERROR_BYTES];

	return read_rules(file, ruleset, first, sizeof(first));
}

static int swap(const struct rules_file *file, struct engine *engine, char *first, size_t size)
{
	struct ruleset *ruleset;
	unsigned count;
	int r = read_rules(file, &ruleset, first, size);

	if (r < 0)
		return r;
	count = ruleset->count - ruleset->built_in;
	r = engine_set_rules(engine, ruleset);
	if (r < 0) {
		ruleset_free(ruleset);
		snprintf(first, size, "%s", strerror(-r));
		return log_err_r(r, "%s", file->path);
	}
	log_info("%u rules from %s", count, file->path);
	return 0;
}

int reload_first(const struct rules_file *file, struct engine *engine, struct feed_link *feed)
{
	char first[FEED_ERROR_BYTES];
	int r = swap(file, engine, first, sizeof(first));

	if (r == 0)
		feed_link_rules(feed, "");
	return r;
}

void reload_again(const struct rules_file *file, struct engine *engine, struct feed_link *feed)
{
	char first[FEED_ERROR_BYTES] = "";

	log_info("reading the rules again; other changes of the configuration need a restart");
	if (swap(file, engine, first, sizeof(first)) < 0)
		log_warn("the rules stay as they were");
	feed_link_rules(feed, first);
}
