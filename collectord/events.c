/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/events.h"

#include <errno.h>

#include "bpf/record.h"
#include "collectord/redact.h"
#include "common/log.h"

#define SHOWN_BYTES (RECORD_ARGS_MAX + RECORD_ARGS_MAX / 2)

static bool is_repeated(const struct events *events, const struct decoded *decoded)
{
	const struct process *process = &decoded->payload.process;

	return decoded->type == FRAME_EXIT && !events->exit_is_exact &&
	       exits_known(&events->exits, process->tgid, process->start_ns);
}

int events_decode(struct events *events, const void *data, size_t len, struct decoded *decoded)
{
	struct decoded result;

	if (decode_record(data, len, events->page_bytes, &result) < 0 ||
		is_repeated(events, &result)) {
		events->filtered++;
		return -EPROTO;
	}
	*decoded = result;
	return 0;
}

/* What we remember ourselves, whether or not somebody listens. */
static void remember(struct events *events, const struct decoded *decoded)
{
	const struct cgroup *cgroup = &decoded->payload.cgroup;
	const struct process *process = &decoded->payload.process;

	if (decoded->type == FRAME_EXIT)
		exits_note(&events->exits, process->tgid, process->start_ns);
	else if (decoded->type == FRAME_CGROUP && cgroup->removed)
		cgroups_remove(events->cgroups, cgroup->key);
	else if (decoded->type == FRAME_CGROUP &&
		 cgroups_put(events->cgroups, cgroup->key, decoded->texts[0].data,
			 decoded->texts[0].len) < 0)
		log_warn_limited("no room for the name of another cgroup");
}

static int send_event(struct events *events, struct decoded *decoded)
{
	char shown[SHOWN_BYTES];

	if (decoded->type == FRAME_EXEC) {
		struct text *args = &decoded->texts[1];
		struct exec *exec = &decoded->payload.exec;

		/* trust: any bytes, written by whoever ran the program; secrets end here */
		args->len = redact_args(
			args->data, args->len, exec->args_truncated, shown, sizeof(shown));
		args->data = shown;
		exec->args_truncated |= args->len == sizeof(shown);
	}
	return events->out->send(
		events->out->ctx, decoded->type, &decoded->payload, decoded->texts);
}

int events_tell(struct events *events, struct decoded *decoded, bool listens)
{
	int r = listens ? send_event(events, decoded) : -ENOTCONN;

	if (r == -ENOBUFS)
		return r;
	remember(events, decoded);
	if (r < 0) {
		events->dropped_link++;
		return 0;
	}
	events->delivered++;
	events->unsettled++;
	return 0;
}

void events_settle(struct events *events)
{
	if (events->out->is_flushed(events->out->ctx))
		events->unsettled = 0;
}

void events_unsettle(struct events *events)
{
	events->delivered -= events->unsettled;
	events->dropped_link += events->unsettled;
	events->unsettled = 0;
}
