/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The audit trail: a hash-chained file, written and made durable by a thread of its own, and the
 * journal or stderr. Only ever appends; what is in the file is never rewritten. The loop is told
 * when a line is safe.
 */
#pragma once

#include "common/base.h"
#include "common/loop.h"
#include "enforcerd/audit_line.h"
#include "enforcerd/audit_past.h"

#define AUDIT_QUEUE_MAX 256

/* Told in the loop's thread, in the order of audit_write(). @r: 0 if the line is on the disk, else
 * -errno. */
typedef void (*audit_callback)(enum audit_kind kind, uint64_t action, int r, void *ctx);

/* Opens @path (created 0600) and reads what is there into @past; before the sandbox. 0 or -errno.
 */
must_check int audit_open(const char *path, struct audit_past *past);

/* Starts the thread, after the sandbox. A file that ends in a cut or broken line is continued with
 * a line that says so. */
must_check int audit_start(
	struct loop *loop, const struct audit_past *past, audit_callback callback, void *ctx);

/* Waits until everything is written, then ends the thread. */
void audit_stop(void);

/* Copies the event; its time is set here. -ENOBUFS: the queue is full, nothing is written. */
must_check int audit_write(const struct audit_event *event);

/* Tries whether lines can be made durable again. If so, one line says that some may be missing. */
void audit_probe(void);

/* False after a line could not be made durable, until one can again. */
bool audit_is_ok(void);
