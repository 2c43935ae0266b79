/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/config_list.h"

#include <errno.h>
#include <string.h>

#define CAPACITY_FIRST 4U

struct config_list config_list_of(const char (*items)[CONFIG_TEXT_MAX], unsigned count)
{
	return (struct config_list){
		.count = count, .items = (char(*)[CONFIG_TEXT_MAX])(uintptr_t)items};
}

void config_list_done(struct config_list *list)
{
	if (list->capacity > 0)
		free(list->items);
	*list = (struct config_list){0};
}

/* Makes room for one more; constants are copied into memory of the list's own. */
static int grow(struct config_list *list)
{
	unsigned capacity = MAX(list->count * 2, CAPACITY_FIRST);
	char(*items)[CONFIG_TEXT_MAX];

	if (list->count < list->capacity)
		return 0;
	items = calloc(capacity, sizeof(*items));
	if (!items)
		return -ENOMEM;
	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(*items));
	if (list->capacity > 0)
		free(list->items);
	list->items = items;
	list->capacity = capacity;
	return 0;
}

int config_list_add(struct config_list *list, const char *text)
{
	size_t len = strlen(text);
	int r;

	if (list->count >= CONFIG_LIST_MAX)
		return -ENOSPC;
	if (len >= CONFIG_TEXT_MAX)
		return -ENAMETOOLONG;
	r = grow(list);
	if (r < 0)
		return r;
	memcpy(list->items[list->count++], text, len + 1);
	return 0;
}

bool config_list_has(const struct config_list *list, const char *text)
{
	for (unsigned i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}
