/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Structured lines for the journal, by its native datagram protocol. Never blocks, never queues: a
 * line the journal does not take now is the caller's to write elsewhere.
 */
#pragma once

#include "common/base.h"

#define JOURNAL_SOCKET	   "/run/systemd/journal/socket"
#define JOURNAL_FIELDS_MAX 16

struct journal {
	int fd; /* -1: not open */
	const char *path;
};

#define JOURNAL_INIT                                                                               \
	{                                                                                          \
		.fd = -1                                                                           \
	}

struct journal_field {
	const char *name;  /* capitals, digits and '_' */
	const char *value; /* any text; NULL: the field is left out */
};

/*
 * Makes the sending socket, before the sandbox. @path (kept) need not exist: it is looked up at
 * each line, so that the journal may come, go and restart. 0 or -errno.
 */
must_check int journal_open(struct journal *journal, const char *path);
void journal_close(struct journal *journal);

/* Sends one line. 0; -ENOENT or -ECONNREFUSED where there is no journal, -EAGAIN when it is full,
 * -errno. */
must_check int journal_send(
	const struct journal *journal, const struct journal_field *fields, size_t count);
