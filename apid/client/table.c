/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/table.h"

#include <stdarg.h>
#include <string.h>

#define GAP	    2
#define COLUMNS_MAX 16

void table_init(struct table *table, const struct column *columns, unsigned count)
{
	*table = (struct table){.columns = columns, .count = MIN(count, (unsigned)COLUMNS_MAX)};
}

void table_done(struct table *table)
{
	for (size_t i = 0; i < table->used; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){0};
}

void table_cell(struct table *table, const char *text)
{
	if (table->used == table->size) {
		size_t size = table->size ? 2 * table->size : 64;
		char **grown = reallocarray(table->cells, size, sizeof(char *));

		if (!grown)
			return;
		table->cells = grown;
		table->size = size;
	}
	text = text ? text : "-";
	table->cells[table->used++] = clean_text(text, strlen(text));
}

void table_cellf(struct table *table, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (r < 0)
		text = NULL;
	table_cell(table, text);
}

static const char *cell_at(const struct table *table, size_t row, unsigned column)
{
	const char *cell = table->cells[row * table->count + column];

	return cell ? cell : "?";
}

static void pad(FILE *file, size_t columns)
{
	while (columns-- > 0)
		fputc(' ', file);
}

/* The bytes of @text's first @columns characters. */
static size_t bytes_of(const char *text, size_t columns)
{
	size_t i = 0;

	while (text[i] && columns > 0) {
		i++;
		while ((text[i] & 0xc0) == 0x80)
			i++;
		columns--;
	}
	return i;
}

/* The last cell of a row, if it must be cut with an ellipsis at its end. */
static void put_cut(FILE *file, const char *text, size_t room)
{
	if (text_columns(text) <= room)
		fputs(text, file);
	else
		fprintf(file, "%.*s…", (int)bytes_of(text, room - 1), text);
}

struct layout {
	const struct table *table;
	const struct terminal *terminal;
	FILE *file;
	size_t widths[COLUMNS_MAX];
};

static void put_cell(const struct layout *layout, unsigned column, const char *text,
	const char *color, size_t at)
{
	const struct table *table = layout->table;
	size_t width = layout->widths[column], columns = text_columns(text);
	bool last = column + 1 == table->count, right = table->columns[column].right;
	bool colored = layout->terminal->color && *color;

	if (right)
		pad(layout->file, width - columns);
	if (colored)
		fputs(color, layout->file);
	if (last && layout->terminal->width > at + 8)
		put_cut(layout->file, text, layout->terminal->width - at);
	else
		fputs(text, layout->file);
	if (colored)
		fputs(COLOR_END, layout->file);
	if (!last)
		pad(layout->file, (right ? 0 : width - columns) + GAP);
}

/* @row -1: the headings. */
static void put_row(const struct layout *layout, long row)
{
	const struct table *table = layout->table;
	size_t at = 0;

	for (unsigned i = 0; i < table->count; i++) {
		const char *text =
			row < 0 ? table->columns[i].heading : cell_at(table, (size_t)row, i);
		const char *color = row < 0		       ? COLOR_BOLD
				    : table->columns[i].marked ? color_of(text)
							       : "";

		put_cell(layout, i, text, color, at);
		at += layout->widths[i] + GAP;
	}
	fputc('\n', layout->file);
}

void table_print(const struct table *table, FILE *file, const struct terminal *terminal)
{
	struct layout layout = {table, terminal, file, {0}};
	size_t rows = table->used / table->count;

	for (unsigned i = 0; i < table->count; i++) {
		layout.widths[i] = text_columns(table->columns[i].heading);
		for (size_t row = 0; row < rows; row++)
			layout.widths[i] =
				MAX(layout.widths[i], text_columns(cell_at(table, row, i)));
	}
	put_row(&layout, -1);
	for (size_t row = 0; row < rows; row++)
		put_row(&layout, (long)row);
}
