/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Log lines on stderr with syslog prefixes (<3>…<7>) when the journal reads them, plain otherwise.
 * Wiring and main log; common/, proto/ and deciding modules return errors instead.
 * Text that came from another process goes through text_escape() first.
 */
#pragma once

#include "common/base.h"

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* Names this program in each line; lines above @max are not written. Call once, before any thread. */
void log_setup(const char *program, enum log_level max);

/* True if stderr is the journal's stream, as log_setup() found it. */
bool log_is_journal(void);

/* Writes a finished line to stderr as it is, if that takes it without waiting; else it is counted and said later. */
void log_write(const char *line, size_t len);

/* Writes one line; control characters in the finished text are replaced by '?'. Returns @r, so that
 * `return log_err_r(r, "events socket %s", path);` both says and passes on the error. @r < 0 appends
 * its text (strerror). */
int log_line(enum log_level level, int r, const char *fmt, ...) printf_like(3, 4);

#define log_err(...) ((void)log_line(LOG_LEVEL_ERROR, 0, __VA_ARGS__))
#define log_warn(...) ((void)log_line(LOG_LEVEL_WARNING, 0, __VA_ARGS__))
#define log_info(...) ((void)log_line(LOG_LEVEL_INFO, 0, __VA_ARGS__))
#define log_debug(...) ((void)log_line(LOG_LEVEL_DEBUG, 0, __VA_ARGS__))
#define log_err_r(r, ...) log_line(LOG_LEVEL_ERROR, (r), __VA_ARGS__)
#define log_warn_r(r, ...) log_line(LOG_LEVEL_WARNING, (r), __VA_ARGS__)

/* At most one line a second from each place in the code; what was left out is counted in the next one. */
struct log_limit {
	uint64_t last_ns;
	uint64_t suppressed;
};
bool log_limit_pass(struct log_limit *limit);
#define log_warn_limited(...) \
	do { \
		static struct log_limit limit_; \
		if (log_limit_pass(&limit_)) \
			log_warn(__VA_ARGS__); \
	} while (0)
