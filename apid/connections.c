/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/connections.h"

#include <errno.h>

void connections_init(struct connections *set)
{
	*set = (struct connections){0};
	TAILQ_INIT(&set->fresh);
	TAILQ_INIT(&set->all);
}

void connections_add(struct connections *set, struct connection *c)
{
	c->number = ++set->last_number;
	set->held[c->client]++;
	TAILQ_INSERT_TAIL(&set->fresh, c, entry);
}

struct connection *connections_next_fresh(struct connections *set)
{
	struct connection *c = TAILQ_FIRST(&set->fresh);

	if (!c)
		return NULL;
	TAILQ_REMOVE(&set->fresh, c, entry);
	TAILQ_INSERT_TAIL(&set->all, c, entry);
	return c;
}

int connections_settle(struct connections *set, struct connection *c, int fd)
{
	if (fd < 0 || fd >= CONNECTIONS_FDS_MAX)
		return -EMFILE;
	c->fd = fd;
	set->by_fd[fd] = c;
	return 0;
}

void connections_remove(struct connections *set, struct connection *c)
{
	TAILQ_REMOVE(&set->all, c, entry);
	if (connections_at(set, c->fd) == c)
		set->by_fd[c->fd] = NULL;
	if (c->state == CONNECTION_STREAMING)
		set->streams--;
	else
		set->held[c->client]--;
}

/* Settled ones and @c itself. */
static unsigned held_by(const struct connections *set, const struct connection *c)
{
	const struct connection *other;
	unsigned count = 0;

	TAILQ_FOREACH (other, &set->all, entry)
		count += other->client == c->client && other->uid == c->uid &&
			 other->state != CONNECTION_STREAMING;
	return count;
}

/* trust: the uid is the kernel's word about the peer */
int connections_admit(struct connections *set, struct connection *c)
{
	if (c->client == CLIENT_TCP) /* bounded at the door */
		return 0;
	set->held[c->client]--;
	c->client = c->uid == 0 ? CLIENT_ROOT : CLIENT_USER;
	set->held[c->client]++;
	if (c->client == CLIENT_ROOT)
		return 0;
	if (set->held[CLIENT_TCP] + set->held[CLIENT_USER] > CONNECTIONS_NOT_ROOT)
		return -ENOBUFS;
	return held_by(set, c) > CONNECTIONS_EACH_USER ? -ENOBUFS : 0;
}

int connections_stream(struct connections *set, struct connection *c)
{
	if (set->streams >= CONNECTIONS_STREAMS)
		return -ENOBUFS;
	set->held[c->client]--;
	set->streams++;
	c->state = CONNECTION_STREAMING;
	c->deadline_ns = UINT64_MAX;
	return 0;
}

struct connection *connections_first(const struct connections *set)
{
	return TAILQ_FIRST(&set->all);
}

struct connection *connections_at(const struct connections *set, int fd)
{
	return fd >= 0 && fd < CONNECTIONS_FDS_MAX ? set->by_fd[fd] : NULL;
}

struct connection *connections_find(const struct connections *set, uint64_t number)
{
	struct connection *c;

	TAILQ_FOREACH (c, &set->all, entry)
		if (c->number == number)
			return c;
	return NULL;
}

struct connection *connections_deciding(const struct connections *set, uint64_t decision)
{
	struct connection *c;

	TAILQ_FOREACH (c, &set->all, entry)
		if (c->decision == decision && decision != 0)
			return c;
	return NULL;
}

bool connections_any(const struct connections *set)
{
	return !TAILQ_EMPTY(&set->fresh) || !TAILQ_EMPTY(&set->all);
}

unsigned connections_held(const struct connections *set)
{
	unsigned sum = 0;

	for (unsigned client = 0; client < CLIENT_KINDS; client++)
		sum += set->held[client];
	return sum;
}

bool connections_room(const struct connections *set, enum client client)
{
	unsigned held = connections_held(set);

	if (held >= CONNECTIONS_MAX)
		return false;
	return client != CLIENT_TCP ||
	       (set->held[CLIENT_TCP] < CONNECTIONS_TCP &&
		       held - set->held[CLIENT_ROOT] < CONNECTIONS_NOT_ROOT);
}
