/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/decode.h"

#include <errno.h>
#include <string.h>

#include "bpf/record.h"

_Static_assert((int)COUNT_FORK == EVENT_FORK && (int)COUNT_EXEC == EVENT_EXEC &&
		       (int)COUNT_EXIT == EVENT_EXIT && (int)COUNT_CGROUP == EVENT_CGROUP &&
		       (int)COUNT_KINDS == EVENT_KINDS,
	"counters are numbered alike");
_Static_assert(RECORD_COMM_BYTES == COMM_BYTES, "names are equally long");

typedef int (*decoder)(const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded);

static int decode_process(const struct record_process *from, struct process *to)
{
	if (from->tgid == 0 || from->kernel_thread > 1)
		return -EPROTO;
	*to = (struct process){
		.time_ns = from->time_ns,
		.start_ns = from->start_ns,
		.parent_start_ns = from->parent_start_ns,
		.ino = from->ino,
		.cgroup = from->cgroup,
		.tgid = from->tgid,
		.ppid = from->ppid,
		.uid = from->uid,
		.kernel_thread = (uint16_t)from->kernel_thread,
	};
	/* The kernel does not always clear what follows the NUL. */
	memcpy(to->comm, from->comm, strnlen(from->comm, COMM_BYTES - 1));
	return 0;
}

static int decode_fork(const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded)
{
	const struct record_fork *record = data;

	(void)page_bytes;
	if (len != sizeof(*record))
		return -EPROTO;
	decoded->type = FRAME_FORK;
	return decode_process(&record->process, &decoded->payload.fork.process);
}

static int decode_exec(const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded)
{
	const struct record_exec *record = data;

	(void)page_bytes;
	if (len < RECORD_EXEC_MIN || record->exe_len > RECORD_EXE_MAX ||
		record->args_len > RECORD_ARGS_MAX ||
		len != RECORD_EXEC_MIN + record->exe_len + record->args_len ||
		record->args_truncated > 1)
		return -EPROTO;
	decoded->type = FRAME_EXEC;
	decoded->payload.exec.args_truncated = (uint16_t)record->args_truncated;
	decoded->texts[0] = (struct text){record->text, record->exe_len};
	decoded->texts[1] = (struct text){record->text + record->exe_len, record->args_len};
	return decode_process(&record->process, &decoded->payload.exec.process);
}

static int decode_exit(const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded)
{
	const struct record_exit *record = data;

	if (len != sizeof(*record))
		return -EPROTO;
	decoded->type = FRAME_EXIT;
	decoded->payload.exit.status = record->status & 0xffff;
	decoded->payload.exit.maxrss_bytes = record->maxrss_pages * page_bytes;
	return decode_process(&record->process, &decoded->payload.exit.process);
}

static int decode_cgroup(const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded)
{
	const struct record_cgroup *record = data;

	(void)page_bytes;
	if (len < RECORD_CGROUP_MIN || record->path_len > RECORD_PATH_MAX ||
		len != RECORD_CGROUP_MIN + record->path_len || record->removed > 1)
		return -EPROTO;
	decoded->type = FRAME_CGROUP;
	decoded->payload.cgroup.key = record->key;
	decoded->payload.cgroup.removed = (uint16_t)record->removed;
	decoded->texts[0] = (struct text){record->path, record->path_len};
	return 0;
}

static int decode_sample(const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded)
{
	const struct record_sample *record = data;

	(void)page_bytes;
	if (len < RECORD_SAMPLE_MIN || record->exe_len > RECORD_EXE_MAX ||
		len != RECORD_SAMPLE_BYTES(record->exe_len))
		return -EPROTO;
	decoded->type = FRAME_SAMPLE;
	decoded->texts[0] = (struct text){record->exe, record->exe_len};
	return decode_process(&record->process, &decoded->payload.sample.process);
}

static const decoder decoders[] = {
	[RECORD_FORK] = decode_fork,
	[RECORD_EXEC] = decode_exec,
	[RECORD_EXIT] = decode_exit,
	[RECORD_CGROUP] = decode_cgroup,
	[RECORD_SAMPLE] = decode_sample,
};

int decode_record(const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded)
{
	const struct record_head *head = data;
	struct decoded result = {0};
	int r;

	if (len < sizeof(*head) || head->type >= ARRAY_LEN(decoders) || !decoders[head->type])
		return -EPROTO;
	r = decoders[head->type](data, len, page_bytes, &result);
	if (r < 0)
		return r;
	*decoded = result;
	return 0;
}
