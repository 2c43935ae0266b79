/* SPDX-License-Identifier: AGPL-3.0-only */
/* An answer that is a JSON array of finished texts. */
#pragma once

#include "apid/answer.h"

struct list {
	struct evbuffer *body;
	unsigned count;
};

/* 0, or -ENOMEM (answered). */
must_check int list_begin(struct list *list, struct exchange *exchange);

void list_add(struct list *list, const char *json);

/* Answers and ends @list. */
void list_answer(struct list *list, struct exchange *exchange);
