/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void complain(const char *fmt, va_list ap) printf_like(1, 0);
static void complain(const char *fmt, va_list ap)
{
	_cleanup_free_ char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	fflush(stdout);
	fputs("linnix: ", stderr);
	put_text(stderr, text ? text : fmt);
	fputc('\n', stderr);
}

int fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	return EXIT_NO;
}

int fail_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	fputs("Try 'linnix --help'.\n", stderr);
	return EXIT_USAGE;
}

int fail_unreachable(const struct endpoint *endpoint, int r)
{
	char where[HTTP_SOCKET_SIZE + HTTP_HOST_SIZE + 64];

	endpoint_text(endpoint, where, sizeof(where));
	(void)fail("no daemon answers at %s: %s", where,
		r == -EPROTO ? "what answers does not speak HTTP, or was cut short" : strerror(-r));
	return EXIT_UNREACHABLE;
}
