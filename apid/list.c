/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/list.h"

#include <errno.h>
#include <string.h>

int list_begin(struct list *list, struct exchange *e)
{
	*list = (struct list){.body = evbuffer_new()};
	if (list->body)
		return 0;
	answer_json(e, 500, NULL);
	return -ENOMEM;
}

void list_add(struct list *list, const char *json)
{
	evbuffer_add(list->body, list->count++ ? "," : "[", 1);
	evbuffer_add(list->body, json, strlen(json));
}

void list_answer(struct list *list, struct exchange *e)
{
	evbuffer_add(list->body, list->count ? "]" : "[]", list->count ? 1 : 2);
	answer_body(e, 200, TYPE_JSON, list->body);
	evbuffer_free(list->body);
}
