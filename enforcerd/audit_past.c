/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/audit_past.h"

#include <string.h>

#include "common/text.h"
#include "enforcerd/audit_line.h"

void audit_past_init(struct audit_past *past)
{
	memset(past, 0, sizeof(*past));
	memcpy(past->head, CHAIN_START, sizeof(past->head));
}

/* Takes `@before` and then the text up to @end off @rest. False: it does not stand there; @rest is
 * as it was. */
static bool take(struct text *rest, const char *before, char end, struct text *value)
{
	size_t skip = strlen(before);
	const char *stop;

	if (rest->len < skip || memcmp(rest->data, before, skip) != 0)
		return false;
	stop = memchr(rest->data + skip, end, rest->len - skip);
	if (!stop)
		return false;
	*value = (struct text){rest->data + skip, (size_t)(stop - rest->data) - skip};
	rest->len -= (size_t)(stop - rest->data) + 1;
	rest->data = stop + 1;
	return true;
}

static uint64_t read_time(struct text text)
{
	const char *point = memchr(text.data, '.', text.len);
	uint64_t seconds;

	/* Whole seconds do. */
	if (!point || text_to_u64(text.data, (size_t)(point - text.data), UINT64_MAX / NSEC_PER_SEC,
			      &seconds) < 0)
		return 0;
	return seconds * NSEC_PER_SEC;
}

static struct audit_open *find_open(struct audit_past *past, uint64_t action)
{
	for (unsigned i = 0; i < past->open_count; i++)
		if (past->open[i].action == action)
			return &past->open[i];
	return NULL;
}

static void open_action(struct audit_past *past, uint64_t action)
{
	if (past->open_count == AUDIT_OPEN_MAX)
		memmove(past->open, past->open + 1, --past->open_count * sizeof(past->open[0]));
	past->open[past->open_count++] = (struct audit_open){.action = action};
}

static void close_action(struct audit_past *past, struct audit_open *open)
{
	memmove(open, open + 1, (size_t)(&past->open[--past->open_count] - open) * sizeof(*open));
}

/* An action costs once, however many signals it took. */
static void execute_action(struct audit_past *past, struct audit_open *open, uint64_t wall_ns)
{
	if (open->executed)
		return;
	open->executed = true;
	past->spent_wall_ns[past->spent_count++ % AUDIT_SPENT_MAX] = wall_ns;
}

/* What a step of an action means for the state at the end. */
static void apply(struct audit_past *past, enum audit_kind kind, uint64_t action, uint64_t wall_ns)
{
	struct audit_open *open = find_open(past, action);

	if (!open && kind == AUDIT_PROPOSED)
		open_action(past, action);
	if (!open)
		return;
	switch (kind) {
	case AUDIT_APPROVED:
	case AUDIT_AUTO_APPROVED:
		open->approved = true;
		return;
	case AUDIT_EXECUTED:
		execute_action(past, open, wall_ns);
		return;
	case AUDIT_OUTCOME:
	case AUDIT_FAILED:
	case AUDIT_REJECTED:
	case AUDIT_EXPIRED:
	case AUDIT_WITHDRAWN:
		close_action(past, open);
		return;
	default:
		return;
	}
}

/* Without a name it is of the file, which is looked at anyway. */
static void apply_hold(struct audit_past *past, bool held, struct text by, uint64_t wall_ns)
{
	if (by.len == 0)
		return;
	past->held = held;
	if (!held)
		return;
	past->held_wall_ns = wall_ns;
	text_copy(by, past->held_by, sizeof(past->held_by));
}

/*
 * What follows "by" in the line of a mute. A name that stands there escaped is not known any more:
 * its mute ends with the enforcerd that knew it. A mute ends also by a line that fits nowhere.
 */
static void apply_mute(
	struct audit_past *past, struct text rest, struct text by, uint64_t wall_ns, bool fits)
{
	struct muting muting = {.kind = MUTE_CULPRIT}, *place;
	struct text skipped, what, number;
	uint64_t secs;

	if (!take(&rest, ",\"uid\":", ',', &skipped) ||
		!take(&rest, "\"user\":\"", '"', &skipped) ||
		!take(&rest, ",\"via\":\"", '"', &skipped))
		return;
	if (!take(&rest, ",\"comm\":\"", '"', &what)) {
		muting.kind = MUTE_RULE;
		if (!take(&rest, ",\"rule\":\"", '"', &what))
			return;
	}
	if (!take(&rest, ",\"for_secs\":", ',', &number) ||
		text_to_u64(number.data, number.len, MUTE_SECS_MAX, &secs) < 0 ||
		memchr(what.data, '\\', what.len) ||
		mutes_invalid(muting.kind, what, (uint32_t)secs))
		return;
	text_copy(what, muting.what, sizeof(muting.what));
	text_copy(by, muting.by, sizeof(muting.by));
	muting.until_wall_ns = wall_ns + secs * NSEC_PER_SEC;
	if (secs == 0)
		mutes_forget(&past->mutes, muting.kind, muting.what);
	else if (fits && (place = mutes_place(&past->mutes, muting.kind, muting.what, wall_ns)))
		*place = muting;
}

/*
 * trust: the file is ours, but anybody who was root may have written to it. A line that does not
 * fit the chain can only make us more careful: it uses up numbers, holds and ends a mute; it never
 * resumes, mutes, closes or forgets.
 */
static void read_line(struct audit_past *past, const char *line, size_t len)
{
	struct text rest = {line, len}, time, name, number = {0}, by = {"", 0};
	struct chain_link link;
	enum audit_kind kind;
	uint64_t action = 0, wall_ns;
	bool fits = chain_open(line, len, &link) == 0;

	past->lines++;
	if ((!fits || strcmp(link.prev, past->head) != 0) && past->broken_line == 0)
		past->broken_line = past->lines;
	if (fits)
		memcpy(past->head, link.hash, sizeof(past->head));
	if (!take(&rest, "{\"time\":", ',', &time) || !take(&rest, "\"kind\":\"", '"', &name))
		return;
	kind = audit_kind_of(name);
	wall_ns = read_time(time);
	if (take(&rest, ",\"action\":\"action-", '"', &number) &&
		text_to_u64(number.data, number.len, UINT64_MAX - 1, &action) < 0)
		action = 0;
	(void)take(&rest, ",\"by\":\"", '"', &by);
	past->last_action = MAX(past->last_action, action);
	if (kind == AUDIT_HOLD || (fits && kind == AUDIT_RESUME))
		apply_hold(past, kind == AUDIT_HOLD, by, wall_ns);
	else if (kind == AUDIT_MUTED)
		apply_mute(past, rest, by, wall_ns, fits);
	else if (fits)
		apply(past, kind, action, wall_ns);
}

void audit_past_feed(struct audit_past *past, const char *data, size_t len)
{
	while (len > 0) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;

		past->too_long = past->too_long || n > sizeof(past->line) - past->used;
		if (!past->too_long) {
			memcpy(past->line + past->used, data, n);
			past->used += n;
		}
		if (newline) {
			read_line(past, past->line, past->too_long ? 0 : past->used);
			past->used = 0;
			past->too_long = false;
		}
		data += n + (newline ? 1 : 0);
		len -= n + (newline ? 1 : 0);
	}
}

void audit_past_end(struct audit_past *past)
{
	past->cut = past->used > 0 || past->too_long;
}
