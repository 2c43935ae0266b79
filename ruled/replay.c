/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/replay.h"

#include <errno.h>
#include <inttypes.h>

#include "common/log.h"
#include "proto/recording.h"
#include "ruled/alert_json.h"
#include "ruled/engine.h"

struct player {
	FILE *out;
	int error; /* the first that writing met */
	char line[ALERT_JSON_BYTES];
};

static void on_alert(void *ctx, const struct engine_alert *alert)
{
	struct player *player = ctx;
	int r = alert_json(alert, player->line, sizeof(player->line));

	if (r == 0 && fprintf(player->out, "%s\n", player->line) < 0)
		r = -EIO;
	if (r < 0 && player->error == 0)
		player->error = r;
}

static void on_cleared(void *ctx, uint64_t counter, const char *why)
{
	(void)ctx, (void)counter, (void)why;
}

/* Alerts name their incidents; the rest of them is apid's to show. */
static void on_incident(
	void *ctx, unsigned type, const void *payload, const struct text *texts)
{
	(void)ctx, (void)type, (void)payload, (void)texts;
}

static int play(struct engine *engine, struct recording *recording, const char *path)
{
	struct frame frame;
	const char *why;
	int r;

	while ((r = recording_next(recording, &frame, &why)) == 1)
		engine_frame(engine, &frame);
	if (r < 0)
		log_err("%s: damaged at byte %" PRIu64 ": %s", path, recording->offset, why);
	return r;
}

int replay(const char *path, struct ruleset *ruleset, uint64_t retention_ns, FILE *out)
{
	static struct recording recording; /* too large for the stack */
	static struct player player;
	const struct engine_sink sink = {on_alert, on_cleared, on_incident, &player};
	const struct engine_options options = {.retention_ns = retention_ns};
	_cleanup_(engine_freep) struct engine *engine = NULL;
	const char *why;
	int r = engine_new(&options, &sink, &engine);

	if (r == 0)
		r = engine_set_rules(engine, ruleset);
	if (r < 0) {
		ruleset_free(ruleset);
		return log_err_r(r, "replay");
	}
	player.out = out;
	r = recording_open(&recording, path, &why);
	if (r < 0)
		return r == -EPROTO ? log_err_r(0, "%s: damaged at byte 0: %s", path, why),
		       r	    : log_err_r(r, "%s", path);
	r = play(engine, &recording, path);
	recording_close(&recording);
	if (fflush(out) != 0 && player.error == 0)
		player.error = -EIO;
	return r == 0 && player.error < 0 ? log_err_r(player.error, "writing alerts") : r;
}
