/* SPDX-License-Identifier: AGPL-3.0-only */
/* What stands on the command line: options of all commands in one table, and operands. Which of
 * them a command takes is commands.c's. */
#pragma once

#include "common/base.h"

#define OPERANDS_MAX 4

/* name, argument (NULL: a flag), help */
#define ARGUMENTS(ARG)                                                                             \
	ARG(URL, "url", "URL", "ask http://HOST[:PORT] instead of the unix socket")                \
	ARG(SOCKET, "socket", "PATH", "ask this unix socket")                                      \
	ARG(JSON, "json", NULL, "print JSON")                                                      \
	ARG(NO_COLOR, "no-color", NULL, "no colours, also on a terminal")                          \
	ARG(VERSION, "version", NULL, "print the version and exit")                                \
	ARG(HELP, "help", NULL, "print this, or the help of a command, and exit")                  \
	ARG(FOLLOW, "follow", NULL, "wait for new ones and print them as they come")               \
	ARG(LIMIT, "limit", "NUMBER", "at most so many, from 1 to 1000")                           \
	ARG(SEVERITY, "severity", "NAME", "only of this severity: info, low, medium, high")        \
	ARG(RULE, "rule", "NAME", "only of this rule")                                             \
	ARG(TYPES, "types", "LIST", "only these types, with commas between")                       \
	ARG(STATUS, "status", "NAME", "only those with this status")                               \
	ARG(APPROVER, "approver", "NAME", "label of who decides (default: the user's name)")       \
	ARG(REASON, "reason", "TEXT", "why")                                                       \
	ARG(FOR, "for", "TIME", "how long: a number and s, m, h or d, as in 2h")                   \
	ARG(RULES, "rules", "FILE", "the rules to play it with")                                   \
	ARG(CONFIG, "config", "FILE", "this configuration instead of /etc/linnix/linnix.yaml")

enum argument {
#define ARG(id, name, argument, help) ARG_##id,
	ARGUMENTS(ARG)
#undef ARG
		ARG_COUNT
};

#define ARG_BIT(id) (1U << ARG_##id)
#define ARGS_GLOBAL                                                                                \
	(ARG_BIT(URL) | ARG_BIT(SOCKET) | ARG_BIT(JSON) | ARG_BIT(NO_COLOR) | ARG_BIT(VERSION) |   \
		ARG_BIT(HELP))

struct argument_spec {
	const char *name, *argument, *help;
};

struct arguments {
	const char *value[ARG_COUNT];	   /* NULL: not given; of a flag: "" */
	unsigned given;			   /* ARG_BIT() of each */
	const char *operand[OPERANDS_MAX]; /* the command is the first */
	unsigned operands;
};

const struct argument_spec *argument_spec(enum argument id);

/* Options may stand before and after operands. 0, or -EINVAL; @why says it. */
must_check int arguments_parse(
	struct arguments *arguments, int argc, char **argv, char *why, size_t size);
