/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/decode.h"

#include <errno.h>
#include <string.h>

#include "bpf/record.h"

_Static_assert((int)COUNT_FORK == EVENT_FORK && (int)COUNT_EXEC == EVENT_EXEC &&
		       (int)COUNT_EXIT == EVENT_EXIT && (int)COUNT_CGROUP == EVENT_CGROUP &&
		       (int)COUNT_OOM == EVENT_OOM && (int)COUNT_KINDS == EVENT_KINDS,
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
	decoded->payload.exit.cpu_ns = record->cpu_ns;
	decoded->payload.exit.connects = record->connects;
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

static int decode_oom(const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded)
{
	const struct record_oom *record = data;

	(void)page_bytes;
	if (len != sizeof(*record))
		return -EPROTO;
	decoded->type = FRAME_OOM;
	return decode_process(&record->process, &decoded->payload.oom.process);
}

char decode_state(uint32_t bits)
{
	static const char letters[] = "RSDTtXZP";
	const uint32_t idle = 0x402, rt_lock_wait = 0x1000, frozen = 0x8000;
	unsigned at = 0;

	if ((bits & idle) == idle)
		return 'I';
	if (bits & (rt_lock_wait | frozen))
		return 'D';
	for (uint32_t left = bits & 0x7f; left > 0; left >>= 1)
		at++;
	return letters[at];
}

static void decode_work(const struct record_work *from, struct sample *to)
{
	to->cpu_ns = from->cpu_ns;
	to->read_bytes = from->read_bytes;
	to->write_bytes = from->write_bytes;
	to->major_faults = from->major_faults;
}

static uint64_t bytes_of(int64_t pages, uint32_t page_bytes)
{
	return pages > 0 ? (uint64_t)pages * page_bytes : 0;
}

static void decode_usage(const struct record_sample *from, uint32_t page_bytes, struct sample *to)
{
	decode_work(&from->work, to);
	to->rss_anon_bytes = bytes_of(from->anon_pages, page_bytes);
	to->rss_file_bytes = bytes_of(from->file_pages, page_bytes);
	to->rss_shmem_bytes = bytes_of(from->shmem_pages, page_bytes);
	to->swap_bytes = bytes_of(from->swap_pages, page_bytes);
	to->fds = from->fds;
	to->fd_limit = (uint32_t)MIN(from->fd_limit, UINT32_MAX);
	to->threads = from->threads;
	to->connects = from->connects;
	to->state = (uint16_t)decode_state(from->state);
}

static int decode_sample(const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded)
{
	const struct record_sample *record = data;

	if (len < RECORD_SAMPLE_MIN || record->exe_len > RECORD_EXE_MAX || record->apart > 1 ||
		len != RECORD_SAMPLE_BYTES(record->exe_len))
		return -EPROTO;
	decoded->type = FRAME_SAMPLE;
	decoded->texts[0] = (struct text){record->exe, record->exe_len};
	decoded->apart = record->apart;
	if (!record->process.kernel_thread)
		decode_usage(record, page_bytes, &decoded->payload.sample);
	return decode_process(&record->process, &decoded->payload.sample.process);
}

static int decode_thread(const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded)
{
	const struct record_thread *record = data;

	(void)page_bytes;
	if (len != sizeof(*record) || record->tgid == 0)
		return -EPROTO;
	decoded->type = DECODED_THREAD;
	decoded->payload.sample.process.tgid = record->tgid;
	decoded->payload.sample.process.start_ns = record->start_ns;
	decode_work(&record->work, &decoded->payload.sample);
	return 0;
}

static int decode_connections(
	const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded)
{
	const struct record_connections *record = data;

	(void)page_bytes;
	if (len != sizeof(*record) || record->tgid == 0)
		return -EPROTO;
	decoded->type = DECODED_CONNECTIONS;
	decoded->payload.sample.process.tgid = record->tgid;
	decoded->payload.sample.process.start_ns = record->start_ns;
	decoded->payload.sample.connections = record->count;
	return 0;
}

static const decoder decoders[] = {
	[RECORD_FORK] = decode_fork,
	[RECORD_EXEC] = decode_exec,
	[RECORD_EXIT] = decode_exit,
	[RECORD_CGROUP] = decode_cgroup,
	[RECORD_SAMPLE] = decode_sample,
	[RECORD_OOM] = decode_oom,
	[RECORD_THREAD] = decode_thread,
	[RECORD_CONNECTIONS] = decode_connections,
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

long decode_length(const void *data, size_t len)
{
	const struct record_head *head = data;
	const struct record_sample *sample = data;
	size_t whole = 0;

	if (len < sizeof(*head))
		return -EPROTO;
	if (head->type == RECORD_THREAD)
		whole = sizeof(struct record_thread);
	else if (head->type == RECORD_CONNECTIONS)
		whole = sizeof(struct record_connections);
	else if (head->type == RECORD_SAMPLE && len >= RECORD_SAMPLE_MIN &&
		 sample->exe_len <= RECORD_EXE_MAX)
		whole = RECORD_SAMPLE_BYTES((size_t)sample->exe_len);
	return whole > 0 && whole <= len ? (long)whole : -EPROTO;
}
