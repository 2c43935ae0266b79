/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/router.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "apid/routes.h"

static int find(unsigned method, const char *path, struct route_match *match)
{
	return route_find(&api_routes, method, path, strlen(path), match);
}

static void every_route_is_found_by_its_own_path(void **state)
{
	struct route_match match;

	(void)state;
	for (size_t i = 0; i < api_routes.count; i++) {
		const struct route *route = &api_routes.routes[i];
		char path[64];
		const char *brace = strchr(route->path, '{');
		bool is_action = brace && strncmp(brace, "{action}", 8) == 0;

		strcpy(path, route->path);
		if (brace)
			sprintf(path, "%.*s%s%s", (int)(brace - route->path), route->path,
				is_action ? "action-17" : "2a-17", strchr(brace, '}') + 1);
		assert_int_equal(find(route->methods, path, &match), 0);
		assert_ptr_equal(match.route, route);
		assert_int_equal(match.action, is_action ? 17 : 0);
		assert_int_equal(match.incident.epoch, brace && !is_action ? 42 : 0);
		assert_int_equal(match.incident.counter, brace && !is_action ? 17 : 0);
	}
}

static void a_path_matches_byte_for_byte_or_not_at_all(void **state)
{
	static const char *const strangers[] = {
		"",
		"/",
		"*",
		"healthz",
		"/healthz/",
		"//healthz",
		"/healthz//",
		"/Healthz",
		"/health",
		"/healthzz",
		"/health%7a",
		"/./healthz",
		"/x/../healthz",
		"//host/healthz",
		"http://localhost/healthz",
		"/healthz#x",
		"/actions/",
		"/actions/action-1/",
		"/actions/action-1/approve/",
		"/actions/action-1/approve/x",
		"/actions//approve",
		"/actions/{action}",
		"/actions/action-",
		"/actions/action-0",
		"/actions/action-01",
		"/actions/action-+1",
		"/actions/action- 1",
		"/actions/action-1 ",
		"/actions/Action-1",
		"/actions/1",
		"/actions/action-1x",
		"/actions/action-18446744073709551616",
		"/incidents/",
		"/incidents/2a-17/",
		"/incidents/{incident}",
		"/incidents/2a-0",
		"/incidents/2A-17",
		"/incidents/02a-17",
		"/incidents/2a-017",
		"/incidents/2a",
		"/incidents/2a-",
		"/incidents/-17",
		"/incidents/0x2a-17",
		"/incidents/summary/",
		"/enforcement",
		"/enforcement/hold/",
	};
	struct route_match match;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++)
		if (find(METHOD_GET | METHOD_POST, strangers[i], &match) != -ENOENT)
			fail_msg("'%s' matches", strangers[i]);
	assert_int_equal(route_find(&api_routes, METHOD_GET, "/healthz\0", 9, &match), -ENOENT);
	assert_int_equal(route_find(&api_routes, METHOD_GET, "/x\0y", 4, &match), -ENOENT);
}

static void the_largest_action_number_is_found(void **state)
{
	struct route_match match;

	(void)state;
	assert_int_equal(find(METHOD_GET, "/actions/action-18446744073709551615", &match), 0);
	assert_true(match.action == UINT64_MAX);
}

static void a_wrong_method_is_told_apart_from_an_unknown_path(void **state)
{
	struct route_match match = {0};
	char allow[64];

	(void)state;
	assert_int_equal(find(METHOD_POST, "/alerts", &match), -EOPNOTSUPP);
	assert_string_equal(route_allow(match.route, allow, sizeof(allow)), "GET, HEAD, OPTIONS");
	assert_int_equal(find(METHOD_GET, "/actions/action-1/reject", &match), -EOPNOTSUPP);
	assert_string_equal(route_allow(match.route, allow, sizeof(allow)), "POST, OPTIONS");
	assert_int_equal(find(METHOD_OTHER, "/healthz", &match), -EOPNOTSUPP);
	assert_int_equal(find(METHOD_OTHER, "/nothing", &match), -ENOENT);
}

static void methods_are_compared_with_their_case(void **state)
{
	(void)state;
	assert_int_equal(route_method("GET", 3), METHOD_GET);
	assert_int_equal(route_method("OPTIONS", 7), METHOD_OPTIONS);
	assert_int_equal(route_method("get", 3), METHOD_OTHER);
	assert_int_equal(route_method("GETX", 4), METHOD_OTHER);
	assert_int_equal(route_method("", 0), METHOD_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_found_by_its_own_path),
		cmocka_unit_test(a_path_matches_byte_for_byte_or_not_at_all),
		cmocka_unit_test(the_largest_action_number_is_found),
		cmocka_unit_test(a_wrong_method_is_told_apart_from_an_unknown_path),
		cmocka_unit_test(methods_are_compared_with_their_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
