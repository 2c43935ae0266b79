/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/log.h"

struct entry {
	struct audit_event event;
	char hash[SHA256_HEX_SIZE];
	int result;
};

static struct {
	int fd, event_fd;
	struct journal journal;
	bool journal_is_stderr; /* what goes to stderr is in the journal anyway */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct entry queue[AUDIT_QUEUE_MAX];
	uint64_t added, written, shown; /* under the lock; counts of entries */
	bool stopping;			/* under the lock */
	atomic_bool ok;
	/* The loop's. */
	struct loop_event *watch;
	uint64_t told;
	audit_callback callback;
	void *ctx;
	/* The writer's. */
	char head[SHA256_HEX_SIZE], json[AUDIT_JSON_BYTES];
	bool cut;	 /* the file ends inside a line */
	char damage[64]; /* what the next line must tell of those before it; "": nothing */
} self = {.lock = PTHREAD_MUTEX_INITIALIZER,
	.work = PTHREAD_COND_INITIALIZER}; /* all zero: costs nothing unused */

static int read_past(struct audit_past *past)
{
	char buffer[65536];
	ssize_t n;

	audit_past_init(past);
	while ((n = read(self.fd, buffer, sizeof(buffer))) > 0)
		audit_past_feed(past, buffer, (size_t)n);
	audit_past_end(past);
	return n < 0 ? -errno : 0;
}

int audit_open(const char *path, struct audit_past *past)
{
	self.fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (self.fd < 0)
		return -errno;
	self.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (self.event_fd < 0)
		return -errno;
	self.journal_is_stderr = log_is_journal();
	self.journal = (struct journal)JOURNAL_INIT;
	(void)!journal_open(&self.journal, JOURNAL_SOCKET);
	return read_past(past);
}

static int write_all(const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(self.fd, data, len);

		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
		self.cut = len > 0;
	}
	return 0;
}

/* Seals and appends one line. The chain goes on from it only once it is whole. */
static int append(const struct audit_event *event)
{
	char head[SHA256_HEX_SIZE];
	long len;
	int r;

	memcpy(head, self.head, sizeof(head));
	len = chain_seal(self.json, audit_json(event, self.json), sizeof(self.json), head);
	if (len < 0)
		return (int)len;
	self.json[len] = '\n';
	r = write_all(self.json, (size_t)len + 1);
	if (r == 0)
		memcpy(self.head, head, sizeof(head));
	return r;
}

/* A file that does not end as it should is gone on with, on a line that says so. */
static int mend(void)
{
	struct audit_event event = {.kind = AUDIT_CONTINUED, .wall_ns = clock_wall_ns()};
	int r = 0;

	if (self.cut) {
		snprintf(self.damage, sizeof(self.damage), "the line before is cut");
		r = write_all("\n", 1);
	}
	if (r < 0 || self.damage[0] == '\0')
		return r;
	snprintf(event.reason, sizeof(event.reason), "%s", self.damage);
	r = append(&event);
	if (r == 0)
		self.damage[0] = '\0';
	return r;
}

/* Entries from @first on, before @end: all written, then one flush for all of them. */
static void write_entries(uint64_t first, uint64_t end)
{
	int flushed, last = 0;

	for (uint64_t i = first; i < end; i++) {
		struct entry *entry = &self.queue[i % AUDIT_QUEUE_MAX];

		entry->result = mend();
		if (entry->result == 0)
			entry->result = append(&entry->event);
		memcpy(entry->hash, self.head, sizeof(entry->hash));
	}
	flushed = fdatasync(self.fd) < 0 ? -errno : 0;
	for (uint64_t i = first; i < end; i++) {
		struct entry *entry = &self.queue[i % AUDIT_QUEUE_MAX];

		entry->result = entry->result ? entry->result : flushed;
		last = entry->result;
	}
	atomic_store(&self.ok, last == 0);
}

static void show(const struct entry *entry)
{
	const struct audit_event *event = &entry->event;
	char text[AUDIT_TEXT_BYTES + 1], action[32], pid[16], uid[16];
	const struct journal_field fields[] = {
		{"MESSAGE", text},
		{"MESSAGE_ID", audit_message_id(event->kind)},
		{"PRIORITY", "5"},
		{"SYSLOG_IDENTIFIER", "linnix_audit"},
		{"LINNIX_ACTION_ID", event->action ? action : NULL},
		{"LINNIX_RULE", event->rule[0] ? event->rule : NULL},
		{"LINNIX_TARGET_PID", event->pid ? pid : NULL},
		{"LINNIX_APPROVER", event->by.label[0] ? event->by.label : NULL},
		{"LINNIX_APPROVER_UID", event->by.kind ? uid : NULL},
		{"LINNIX_AUDIT_HASH", entry->result == 0 ? entry->hash : NULL},
	};
	size_t len = audit_text(event, text);
	int r;

	if (event->kind == AUDIT_CONTINUED && entry->result < 0)
		return; /* a probe that has failed */
	snprintf(action, sizeof(action), "action-%" PRIu64, event->action);
	snprintf(pid, sizeof(pid), "%u", event->pid);
	snprintf(uid, sizeof(uid), "%u", event->by.uid);
	r = journal_send(&self.journal, fields, ARRAY_LEN(fields));
	text[len] = '\n';
	if (r < 0 || !self.journal_is_stderr)
		log_write(text, len + 1);
}

/* One round of the writer, the lock held: waits, writes, tells the loop, then shows, so that no
 * terminal delays a signal. */
static void serve(void)
{
	uint64_t first, end;

	while (self.added == self.written && !self.stopping)
		pthread_cond_wait(&self.work, &self.lock);
	first = self.written;
	end = self.added;
	pthread_mutex_unlock(&self.lock);
	if (first < end)
		write_entries(first, end);
	pthread_mutex_lock(&self.lock);
	self.written = end;
	pthread_mutex_unlock(&self.lock);
	(void)!write(self.event_fd, &(uint64_t){1}, sizeof(uint64_t));
	for (uint64_t i = first; i < end; i++)
		show(&self.queue[i % AUDIT_QUEUE_MAX]);
	pthread_mutex_lock(&self.lock);
	self.shown = end;
}

static void *run(void *arg)
{
	pthread_mutex_lock(&self.lock);
	while (!self.stopping || self.added > self.written)
		serve();
	pthread_mutex_unlock(&self.lock);
	return arg;
}

static void on_written(void *ctx)
{
	uint64_t count, written;

	(void)ctx;
	(void)!read(self.event_fd, &count, sizeof(count));
	pthread_mutex_lock(&self.lock);
	written = self.written;
	pthread_mutex_unlock(&self.lock);
	while (self.told < written) {
		const struct entry *entry = &self.queue[self.told % AUDIT_QUEUE_MAX];

		self.told++;
		if (entry->result < 0)
			log_warn_limited(
				"the audit file cannot be written: %s", strerror(-entry->result));
		self.callback(entry->event.kind, entry->event.action, entry->result, self.ctx);
	}
}

int audit_start(
	struct loop *loop, const struct audit_past *past, audit_callback callback, void *ctx)
{
	sigset_t all, before;
	int r = loop_fd_new(loop, self.event_fd, on_written, NULL, NULL, &self.watch);

	if (r < 0)
		return r;
	memcpy(self.head, past->head, sizeof(self.head));
	self.cut = past->cut;
	if (past->broken_line > 0)
		snprintf(self.damage, sizeof(self.damage),
			"line %" PRIu64 " does not fit the chain", past->broken_line);
	self.callback = callback;
	self.ctx = ctx;
	atomic_store(&self.ok, true);
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&self.thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

void audit_stop(void)
{
	pthread_mutex_lock(&self.lock);
	self.stopping = true;
	pthread_cond_signal(&self.work);
	pthread_mutex_unlock(&self.lock);
	pthread_join(self.thread, NULL);
	loop_event_free(TAKE_PTR(self.watch));
}

int audit_write(const struct audit_event *event)
{
	int r = -ENOBUFS;

	pthread_mutex_lock(&self.lock);
	if (self.added - MIN(self.told, self.shown) < AUDIT_QUEUE_MAX) {
		struct entry *entry = &self.queue[self.added++ % AUDIT_QUEUE_MAX];

		entry->event = *event;
		entry->event.wall_ns = clock_wall_ns();
		pthread_cond_signal(&self.work);
		r = 0;
	}
	pthread_mutex_unlock(&self.lock);
	if (r < 0) { /* said in the file as soon as there is room: see audit_probe() */
		log_warn_limited("the audit queue is full: a line is lost");
		atomic_store(&self.ok, false);
	}
	return r;
}

void audit_probe(void)
{
	const struct audit_event event = {
		.kind = AUDIT_CONTINUED, .reason = "lines before may not be in the file"};

	(void)!audit_write(&event);
}

bool audit_is_ok(void)
{
	return atomic_load(&self.ok);
}
