/* SPDX-License-Identifier: AGPL-3.0-only */
/* What reaches the screen: text of others made harmless, colours, the width. */
#pragma once

#include <stdio.h>

#include "common/base.h"

struct terminal {
	bool is_tty; /* of stdout */
	bool color;
	unsigned width; /* columns; 0: no limit */
};

/* Colours only on a terminal, without NO_COLOR, unless @no_color. */
void terminal_init(struct terminal *terminal, bool no_color);

/*
 * trust: the one way for text that came from outside: what is neither valid UTF-8 nor free of
 * control characters becomes \xHH. A backslash stays: the API has escaped already. NULL without
 * memory; the caller frees it.
 */
char *clean_text(const char *data, size_t len);

/* clean_text() written to @file. */
void put_text(FILE *file, const char *text);

/* Columns that cleaned text takes: one for each character. */
size_t text_columns(const char *text);

/* How @word (a severity, a status, PASS) is shown; "" if plain. */
const char *color_of(const char *word);
#define COLOR_BOLD "\033[1m"
#define COLOR_END  "\033[0m"
