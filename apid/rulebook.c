/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/rulebook.h"

#include <errno.h>
#include <string.h>

#define BUILT_IN "circuit_breaker" /* detector that no file can name */

void rulebook_done(struct rulebook *book)
{
	free(book->rules);
	free(book->coming);
	*book = (struct rulebook){0};
}

void rulebook_forget(struct rulebook *book)
{
	rulebook_done(book);
}

const struct rulebook_rule *rulebook_find(const struct rulebook *book, const char *name)
{
	for (unsigned i = 0; i < book->count; i++)
		if (strcmp(book->rules[i].name, name) == 0)
			return &book->rules[i];
	return NULL;
}

static void adopt(struct rulebook *book)
{
	free(book->rules);
	book->rules = TAKE_PTR(book->coming);
	book->count = book->expected;
	book->known = true;
}

int rulebook_set(struct rulebook *book, const struct frame *frame)
{
	const struct rules *told = frame->payload;

	if (told->loaded > RULEBOOK_MAX)
		return -EPROTO;
	free(book->coming);
	book->expected = book->seen = 0;
	book->coming = calloc(MAX(told->loaded, 1U), sizeof(struct rulebook_rule));
	if (!book->coming)
		return -ENOMEM;
	book->generation = told->generation;
	book->expected = told->loaded;
	book->reload_success = told->reload_success != 0;
	text_copy(frame_text(frame, 0), book->error, sizeof(book->error));
	if (book->expected == 0)
		adopt(book);
	return 0;
}

static void fill(struct rulebook_rule *place, const struct frame *frame)
{
	place->rule = *(const struct rule *)frame->payload;
	text_copy(frame_text(frame, 0), place->name, sizeof(place->name));
	text_copy(frame_text(frame, 1), place->detector, sizeof(place->detector));
}

int rulebook_rule(struct rulebook *book, const struct frame *frame)
{
	const struct rule *told = frame->payload;

	/* trust: ruled's number of rules and place of a rule, which the frame table leaves open */
	if (told->generation != book->generation || told->index >= book->expected)
		return -EPROTO;
	/* Between two sets a rule comes again when it has fired or its state has changed. */
	if (!book->coming) {
		fill(&book->rules[told->index], frame);
		return 0;
	}
	if (told->index != book->seen)
		return -EPROTO;
	fill(&book->coming[book->seen++], frame);
	if (book->seen == book->expected)
		adopt(book);
	return 0;
}

unsigned rulebook_loaded(const struct rulebook *book)
{
	unsigned loaded = book->count;

	while (loaded > 0 && strcmp(book->rules[loaded - 1].detector, BUILT_IN) == 0)
		loaded--;
	return loaded;
}
