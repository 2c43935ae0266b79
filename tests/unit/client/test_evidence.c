/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/evidence.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "apid/client/sparkline.h"

static const struct terminal terminal;

static char *print(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	char *out = NULL;
	size_t len;
	FILE *file = open_memstream(&out, &len);

	assert_non_null(json);
	assert_non_null(file);
	evidence_print(json, file, &terminal);
	fclose(file);
	json_decref(json);
	return out;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void everything_there_is_is_shown(void **state)
{
	_cleanup_free_ char *text = print(
		"{\"id\":\"1f-2\",\"status\":\"open\",\"severity\":\"high\",\"rule\":\"storm\",\"message\":\"too many\","
		"\"opened_at\":1700000000.5,\"cleared_at\":null,\"alerts\":[1,2,3],\"evidence_complete\":false,"
		"\"culprit\":{\"pid\":4711,\"comm\":\"bash\",\"args\":\"bash -c x\",\"user\":\"joe\"},"
		"\"series\":{\"unit\":\"forks/s\",\"points\":[[1,2],[2,4],{\"t\":3,\"value\":9},1]},"
		"\"tree\":[{\"pid\":4711,\"ppid\":1,\"comm\":\"bash\",\"cpu_pct\":12.5,\"rss_bytes\":2048}],"
		"\"snapshot\":{\"psi\":{\"cpu\":{\"some_avg10\":3.5}},\"load\":[1.5,2],\"cpu_pct\":50,"
		"\"top_cpu\":[{\"pid\":77,\"comm\":\"cc1\"}],\"top_rss\":[],\"top_fds\":[{\"pid\":78,\"fds\":900}]},"
		"\"events\":[{\"time\":1700000000,\"type\":\"fork\",\"pid\":4712}],"
		"\"actions\":[{\"id\":\"action-1\",\"status\":\"pending\",\"action\":{\"type\":\"kill_tree\"}},\"action-2\"]}");

	(void)state;
	has(text, "Incident 1f-2\n");
	has(text, "too many");
	has(text, "alerts    3\n");
	has(text, "incomplete");
	has(text, "bash -c x");
	has(text, "▂▄█▁  1 to 9 forks/s\n");
	has(text, "2.0 KiB");
	has(text, "psi.cpu.some_avg10 3.5\n");
	has(text, "load 1.5 2\n");
	has(text, "Most CPU");
	has(text, "Most open files");
	has(text, "type=fork pid=4712\n");
	has(text, "action-1 kill_tree pending\n");
	has(text, "action-2");
	assert_null(strstr(text, "Most memory"));
	assert_null(strstr(text, "cleared"));
}

static void a_tree_is_indented_by_generation(void **state)
{
	_cleanup_free_ char *text = print(
		"{\"tree\":[{\"pid\":1,\"comm\":\"top\",\"generation\":-1},{\"pid\":2,\"comm\":\"mid\","
		"\"generation\":0},{\"pid\":3,\"comm\":\"low\",\"generation\":1},"
		"{\"pid\":4,\"comm\":\"deep\",\"generation\":1e300}]}");

	(void)state;
	has(text, "  top ");
	has(text, "    mid ");
	has(text, "      low ");
	has(text, "  deep ");
}

static void what_is_missing_is_left_out(void **state)
{
	_cleanup_free_ char *text = print("{}");

	(void)state;
	assert_string_equal(text, "Incident -\n\nCulprit\n  nobody stands out\n");
}

static void parts_of_another_kind_do_no_harm(void **state)
{
	_cleanup_free_ char *text = print(
		"{\"id\":5,\"culprit\":\"x\",\"series\":[1],\"tree\":{\"a\":1},\"snapshot\":7,"
		"\"events\":[1,\"a\",null],\"actions\":[null,{}],\"alerts\":{}}");
	_cleanup_free_ char *evil =
		print("{\"id\":\"\\u001b[2J\",\"events\":[{\"\\u001b\":\"\\u009b\"}]}");

	(void)state;
	has(text, "Incident -");
	has(evil, "\\x1b[2J");
	assert_null(strchr(evil, '\033'));
	assert_null(strstr(evil, "\xc2\x9b"));
}

static void bars_go_from_the_lowest_to_the_highest(void **state)
{
	const double none[] = {0}, rising[] = {0, 1, 2, 3, 4, 5, 6, 7}, gap[] = {1, 0.0 / 0.0, 1};
	double many[200];
	char text[SPARKLINE_SIZE];

	(void)state;
	assert_string_equal(sparkline(none, 0, text), "");
	assert_string_equal(sparkline(none, 1, text), "▁");
	assert_string_equal(sparkline(rising, 8, text), "▁▂▃▄▅▆▇█");
	assert_string_equal(sparkline(gap, 3, text), "▁ ▁");
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = i % 2 ? 1.7e308 : -1.7e308;
	assert_int_equal(text_columns(sparkline(many, ARRAY_LEN(many), text)), SPARKLINE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_there_is_is_shown),
		cmocka_unit_test(a_tree_is_indented_by_generation),
		cmocka_unit_test(what_is_missing_is_left_out),
		cmocka_unit_test(parts_of_another_kind_do_no_harm),
		cmocka_unit_test(bars_go_from_the_lowest_to_the_highest),
	};

	return cmocka_run_group_tests_name("client/evidence", tests, NULL, NULL);
}
