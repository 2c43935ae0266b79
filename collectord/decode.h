/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Turns a raw record of the kernel programs into the payload of its frame. Pure: looks at the bytes
 * given and nothing else; refuses what is short, long or unknown. Does not redact: arguments come
 * out as the kernel had them.
 */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

#define DECODED_THREAD	    0U	    /* no frame: a thread, to be added to its process */
#define DECODED_CONNECTIONS 0xffffU /* no frame: the open connections of a process */

struct decoded {
	unsigned type; /* enum frame_type: FORK, EXEC, EXIT, OOM, CGROUP or SAMPLE; or
			  DECODED_THREAD, DECODED_CONNECTIONS */
	bool apart;    /* SAMPLE: without the work of its threads but the first */
	union {
		struct process process; /* first member of all but cgroup */
		struct oom oom;
		struct fork fork;
		struct exec exec;
		struct exit exit;
		struct cgroup cgroup;
		struct sample sample; /* DECODED_THREAD: of its process; the sums are its own;
					 DECODED_CONNECTIONS: only who and how many */
	} payload;		      /* text_len[] is left 0 */
	/* EXEC: file name, arguments with NUL between them; CGROUP: path; SAMPLE: file name.
	 * They borrow @data. */
	struct text texts[2];
};

/* Decodes @len bytes at @data (8-byte aligned). 0, or -EPROTO: not a record of ours. */
must_check int decode_record(
	const void *data, size_t len, uint32_t page_bytes, struct decoded *decoded);

/* The bytes of the first record at @data, which an iterator wrote, of @len. -EPROTO: not one of
 * ours or not whole. */
must_check long decode_length(const void *data, size_t len);

/* The letter that /proc/PID/stat shows for the kernel's bits of a task's state. */
char decode_state(uint32_t bits);
