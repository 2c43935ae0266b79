/* SPDX-License-Identifier: AGPL-3.0-only */
/* Rows of text in columns. The last column is cut where the terminal ends. */
#pragma once

#include <stdio.h>

#include "apid/client/terminal.h"

struct column {
	const char *heading;
	bool right;  /* numbers */
	bool marked; /* coloured by its word */
};

struct table {
	const struct column *columns;
	unsigned count;
	char **cells; /* row by row; NULL: no memory for it */
	size_t used, size;
};

void table_init(struct table *table, const struct column *columns, unsigned count);
void table_done(struct table *table);

/* trust: @text is cleaned. NULL is "-". */
void table_cell(struct table *table, const char *text);
void table_cellf(struct table *table, const char *fmt, ...) printf_like(2, 3);

/* With a line of headings. A row that is not whole is not printed. */
void table_print(const struct table *table, FILE *file, const struct terminal *terminal);
