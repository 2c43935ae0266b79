/* SPDX-License-Identifier: AGPL-3.0-only */
/* What every command has at hand, and how it ends. */
#pragma once

#include "apid/client/arguments.h"
#include "apid/client/http.h"
#include "apid/client/terminal.h"

enum exit_code { EXIT_OK, EXIT_NO, EXIT_USAGE, EXIT_UNREACHABLE };

struct client {
	struct arguments arguments;
	struct endpoint endpoint;
	struct terminal terminal;
	bool json;
};

/* The value of an option, or NULL. */
#define client_value(client, id) ((client)->arguments.value[ARG_##id])
/* An operand behind the command, from 1; NULL: not given. */
#define client_operand(client, n) ((client)->arguments.operand[n])

/* "linnix: …" on stderr, cleaned. They return the code. */
int fail(const char *fmt, ...) printf_like(1, 2);	/* EXIT_NO */
int fail_usage(const char *fmt, ...) printf_like(1, 2); /* EXIT_USAGE */
int fail_unreachable(const struct endpoint *endpoint, int r);
