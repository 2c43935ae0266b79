/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct column columns[] = {
	{"NAME", false, false}, {"N", true, false}, {"STATE", false, true}, {"TEXT", false, false}};

static char *print(const struct table *table, unsigned width, bool color)
{
	const struct terminal terminal = {.width = width, .color = color};
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	table_print(table, file, &terminal);
	fclose(file);
	return text;
}

static void fill(struct table *table)
{
	table_init(table, columns, ARRAY_LEN(columns));
	table_cell(table, "ä");
	table_cellf(table, "%d", 7);
	table_cell(table, "high");
	table_cell(table, "a long text that goes on");
	table_cell(table, "longer");
	table_cell(table, "123");
	table_cell(table, NULL);
	table_cell(table, "short");
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	_cleanup_(table_done) struct table table = {0};
	_cleanup_free_ char *text = NULL;

	(void)state;
	fill(&table);
	text = print(&table, 0, false);
	assert_string_equal(text, "NAME      N  STATE  TEXT\n"
				  "ä         7  high   a long text that goes on\n"
				  "longer  123  -      short\n");
}

static void the_last_column_is_cut_where_the_terminal_ends(void **state)
{
	_cleanup_(table_done) struct table table = {0};
	_cleanup_free_ char *text = NULL;

	(void)state;
	fill(&table);
	text = print(&table, 30, false);
	assert_non_null(strstr(text, "  a long te…\n"));
	assert_non_null(strstr(text, "  short\n"));
}

static void only_marked_columns_have_colours_and_only_if_wanted(void **state)
{
	_cleanup_(table_done) struct table table = {0};
	_cleanup_free_ char *plain = NULL, *colored = NULL;

	(void)state;
	fill(&table);
	plain = print(&table, 0, false);
	colored = print(&table, 0, true);
	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(colored, "\033[31mhigh\033[0m"));
	assert_null(strstr(colored, "mshort"));
}

static void cells_cannot_reach_the_terminal(void **state)
{
	_cleanup_(table_done) struct table table = {0};
	_cleanup_free_ char *text = NULL;

	(void)state;
	table_init(&table, columns, 1);
	table_cell(&table, "a\033[2Jb\nc");
	text = print(&table, 0, false);
	assert_string_equal(text, "NAME\na\\x1b[2Jb\\x0ac\n");
}

static void a_row_that_is_not_whole_is_not_printed(void **state)
{
	_cleanup_(table_done) struct table table = {0};
	_cleanup_free_ char *text = NULL;

	(void)state;
	table_init(&table, columns, 2);
	table_cell(&table, "alone");
	text = print(&table, 0, false);
	assert_string_equal(text, "NAME  N\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(the_last_column_is_cut_where_the_terminal_ends),
		cmocka_unit_test(only_marked_columns_have_colours_and_only_if_wanted),
		cmocka_unit_test(cells_cannot_reach_the_terminal),
		cmocka_unit_test(a_row_that_is_not_whole_is_not_printed),
	};

	return cmocka_run_group_tests_name("client/table", tests, NULL, NULL);
}
