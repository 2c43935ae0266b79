/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static struct {
	const char *program;
	enum log_level max;
	bool journal; /* stderr is a journal stream, which wants <N> prefixes */
} self = {.program = "linnix", .max = LOG_LEVEL_INFO};

/* $JOURNAL_STREAM is "device:inode" of the journal's stream; it is inherited also by those whose stderr is another. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
		st.st_dev == device && st.st_ino == inode;
}

void log_setup(const char *program, enum log_level max)
{
	self.program = program;
	self.max = max;
	self.journal = stderr_is_journal();
}

bool log_is_journal(void)
{
	return self.journal;
}

static void append(char *line, size_t size, size_t *used, const char *fmt, va_list ap) printf_like(4, 0);
static void append(char *line, size_t size, size_t *used, const char *fmt, va_list ap)
{
	int n = vsnprintf(line + *used, size - *used, fmt, ap);

	if (n > 0)
		*used = MIN(*used + (size_t)n, size - 1);
}

static void appendf(char *line, size_t size, size_t *used, const char *fmt, ...) printf_like(4, 5);
static void appendf(char *line, size_t size, size_t *used, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(line, size, used, fmt, ap);
	va_end(ap);
}

void log_write(const char *line, size_t len)
{
	static uint64_t lost; /* by all threads together, about */
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	char said[64];
	int n;

	/* A pipe that nobody reads must not hold us up. A writable one takes PIPE_BUF bytes, more than a line. */
	if (poll(&out, 1, 0) != 1 || !(out.revents & POLLOUT)) {
		__atomic_add_fetch(&lost, 1, __ATOMIC_RELAXED);
		return;
	}
	/* One write a line: lines of several daemons on one terminal do not mix. */
	(void)!write(STDERR_FILENO, line, len);
	if (__atomic_load_n(&lost, __ATOMIC_RELAXED) == 0 || poll(&out, 1, 0) != 1)
		return;
	n = snprintf(said, sizeof(said), "%s: %llu lines could not be written\n", self.program,
		(unsigned long long)__atomic_exchange_n(&lost, 0, __ATOMIC_RELAXED));
	(void)!write(STDERR_FILENO, said, (size_t)n);
}

int log_line(enum log_level level, int r, const char *fmt, ...)
{
	char line[2048];
	size_t used = 0, start;
	va_list ap;

	if (level > self.max)
		return r;
	if (self.journal)
		appendf(line, sizeof(line), &used, "<%d>", level);
	else
		appendf(line, sizeof(line), &used, "%s: %s", self.program,
			level == LOG_LEVEL_ERROR ? "error: " : level == LOG_LEVEL_WARNING ? "warning: " : "");
	start = used;
	va_start(ap, fmt);
	append(line, sizeof(line) - 1, &used, fmt, ap);
	va_end(ap);
	if (r < 0)
		appendf(line, sizeof(line) - 1, &used, ": %s", strerror(-r));
	for (size_t i = start; i < used; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[used++] = '\n';
	log_write(line, used);
	return r;
}

bool log_limit_pass(struct log_limit *limit)
{
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	now = (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	if (limit->last_ns != 0 && now - limit->last_ns < NSEC_PER_SEC) {
		limit->suppressed++;
		return false;
	}
	if (limit->suppressed > 0)
		log_line(LOG_LEVEL_WARNING, 0, "%llu more suppressed", (unsigned long long)limit->suppressed);
	limit->suppressed = 0;
	limit->last_ns = now;
	return true;
}
