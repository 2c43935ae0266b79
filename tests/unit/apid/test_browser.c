/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/browser.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PORT 3000

struct row {
	enum browser_kind kind;
	unsigned status;
	const char *headers[5]; /* "Name: value" */
};

#define H	 "Host: localhost:3000"
#define NAVIGATE "Sec-Fetch-Mode: navigate"
#define DOCUMENT "Sec-Fetch-Dest: document"

static const struct row rows[] = {
	{BROWSER_GET, 0, {"Host: 127.0.0.1:3000"}},
	{BROWSER_GET, 0, {"Host: [::1]:3000"}},
	{BROWSER_GET, 0, {H}},
	{BROWSER_GET, 0, {"Host: LOCALHOST:3000"}},
	{BROWSER_GET, 0, {"Host: linnix.example"}},
	{BROWSER_GET, 0, {"Host: linnix.example:3000"}},
	{BROWSER_GET, 400, {NULL}},
	{BROWSER_GET, 400, {H, H}},
	{BROWSER_GET, 421, {"Host: localhost"}},
	{BROWSER_GET, 421, {"Host: localhost:80"}},
	{BROWSER_GET, 421, {"Host: localhost:03000"}},
	{BROWSER_GET, 421, {"Host: localhost:3000.evil.example"}},
	{BROWSER_GET, 421, {"Host: evil.example:3000"}},
	{BROWSER_GET, 421, {"Host: user@localhost:3000"}},
	{BROWSER_GET, 421, {"Host: linnix.example:8000"}},
	{BROWSER_GET, 421, {"Host: ::1:3000"}},
	{BROWSER_GET, 421, {"Host: 127.1:3000"}},
	{BROWSER_GET, 421, {"Host: "}},

	{BROWSER_WRITE, 0, {H}},
	{BROWSER_WRITE, 0, {H, "Origin: http://localhost:3000"}},
	{BROWSER_WRITE, 0, {H, "Origin: http://localhost:3000", "Sec-Fetch-Site: same-origin"}},
	{BROWSER_WRITE, 403, {H, "Origin: http://127.0.0.1:3000"}},
	{BROWSER_WRITE, 403, {H, "Origin: https://localhost:3000"}},
	{BROWSER_WRITE, 403, {H, "Origin: http://localhost:8000"}},
	{BROWSER_WRITE, 403, {H, "Origin: http://localhost:3000/"}},
	{BROWSER_WRITE, 403, {H, "Origin: null"}},
	{BROWSER_WRITE, 403, {H, "Origin: "}},
	{BROWSER_WRITE, 400, {H, "Origin: http://localhost:3000", "Origin: http://localhost:3000"}},
	{BROWSER_WRITE, 403, {H, "Sec-Fetch-Site: same-site"}},
	{BROWSER_WRITE, 403, {H, "Sec-Fetch-Site: cross-site"}},
	{BROWSER_WRITE, 403, {H, "Sec-Fetch-Site: none"}},
	{BROWSER_WRITE, 403, {H, "Sec-Fetch-Site: cross-site", NAVIGATE, DOCUMENT}},
	{BROWSER_WRITE, 400, {H, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"}},

	{BROWSER_GET, 0, {H, "Sec-Fetch-Site: same-origin"}},
	{BROWSER_GET, 0, {H, "Sec-Fetch-Site: none"}},
	{BROWSER_GET, 0, {H, "Sec-Fetch-Site: cross-site", NAVIGATE, DOCUMENT}},
	{BROWSER_GET, 0, {H, "Sec-Fetch-Site: same-site", NAVIGATE, DOCUMENT}},
	{BROWSER_GET, 403, {H, "Sec-Fetch-Site: cross-site"}},
	{BROWSER_GET, 403, {H, "Sec-Fetch-Site: same-site"}},
	{BROWSER_GET, 403, {H, "Sec-Fetch-Site: cross-site", NAVIGATE}},
	{BROWSER_GET, 403, {H, "Sec-Fetch-Site: cross-site", NAVIGATE, "Sec-Fetch-Dest: iframe"}},
	{BROWSER_GET, 403, {H, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", DOCUMENT}},
	{BROWSER_GET, 403, {H, "Sec-Fetch-Site: something-new"}},
	{BROWSER_GET, 403, {H, "Origin: http://evil.example"}},
	{BROWSER_GET, 400, {H, "Sec-Fetch-Site: cross-site", NAVIGATE, DOCUMENT, DOCUMENT}},
	{BROWSER_READ, 403, {H, "Sec-Fetch-Site: cross-site", NAVIGATE, DOCUMENT}},
	{BROWSER_READ, 0, {H, "Sec-Fetch-Site: none"}},
};

static void collect(const struct row *row, struct headers *headers, char storage[5][64])
{
	*headers = (struct headers){0};
	for (size_t i = 0; i < ARRAY_LEN(row->headers) && row->headers[i]; i++) {
		char *colon;

		strcpy(storage[i], row->headers[i]);
		colon = strchr(storage[i], ':');
		*colon = '\0';
		headers_add(headers, storage[i], colon + 2);
	}
}

static void each_row_of_the_table_holds(void **state)
{
	static const char allowed[][CONFIG_TEXT_MAX] = {"linnix.example"};
	const struct config_list list = config_list_of(allowed, 1);
	const struct browser_listener listener = {.port = PORT, .allowed = &list};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char storage[5][64];
		struct headers headers;
		const char *why;
		unsigned status;

		collect(&rows[i], &headers, storage);
		status = browser_check(&headers, &listener, rows[i].kind, &why);
		if (status != rows[i].status)
			fail_msg("row %zu (%s, %s): %u", i, rows[i].headers[0], rows[i].headers[1],
				status);
	}
}

static void on_the_protocols_own_port_the_host_may_stand_alone(void **state)
{
	const struct config_list none = {0};
	const struct browser_listener listener = {.port = 80, .allowed = &none};
	struct headers headers = {0};
	const char *why;

	(void)state;
	headers_add(&headers, "Host", "localhost");
	assert_int_equal(browser_check(&headers, &listener, BROWSER_GET, &why), 0);
}

static void by_unix_socket_any_one_host_will_do(void **state)
{
	const struct config_list none = {0};
	const struct browser_listener listener = {.local = true, .allowed = &none};
	struct headers headers = {0};
	const char *why;

	(void)state;
	assert_int_equal(browser_check(&headers, &listener, BROWSER_WRITE, &why), 400);
	headers_add(&headers, "Host", "anything");
	assert_int_equal(browser_check(&headers, &listener, BROWSER_WRITE, &why), 0);
	headers_add(&headers, "Origin", "http://evil.example");
	assert_int_equal(browser_check(&headers, &listener, BROWSER_WRITE, &why), 403);
	headers_add(&headers, "Host", "anything");
	assert_int_equal(browser_check(&headers, &listener, BROWSER_WRITE, &why), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_of_the_table_holds),
		cmocka_unit_test(on_the_protocols_own_port_the_host_may_stand_alone),
		cmocka_unit_test(by_unix_socket_any_one_host_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
