/* SPDX-License-Identifier: AGPL-3.0-only */
/* What the parts of apid_peer share. A command gets the words of its line; those left out are 0 or
 * empty. */
#pragma once

#include "common/link.h"

struct peer_command {
	const char *name;
	void (*run)(char **words);
};

void say(const char *fmt, ...) printf_like(1, 2);
void send_frame(unsigned type, const void *payload, const struct text *texts);
uint64_t number(char **words, unsigned index);
struct text word(char **words, unsigned index);

/* Incidents: as ruled tells them, and as it is told of them. */
extern const struct peer_command incident_commands[];
extern const size_t incident_command_count;

int on_resume(struct link *link, const struct frame *frame, int *fd, void *ctx);
int on_resumed(struct link *link, const struct frame *frame, int *fd, void *ctx);
