/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

static const struct argument_spec specs[ARG_COUNT] = {
#define ARG(id, name, argument, help) {name, argument, help},
	ARGUMENTS(ARG)
#undef ARG
};

const struct argument_spec *argument_spec(enum argument id)
{
	return &specs[id];
}

static void fill_options(struct option options[ARG_COUNT + 1])
{
	for (int i = 0; i < ARG_COUNT; i++)
		options[i] = (struct option){specs[i].name,
			specs[i].argument ? required_argument : no_argument, NULL, i + 1};
	options[ARG_COUNT] = (struct option){0};
}

static int take_operands(struct arguments *arguments, int argc, char **argv, char *why, size_t size)
{
	for (int i = optind; i < argc; i++) {
		if (arguments->operands == OPERANDS_MAX) {
			snprintf(why, size, "unexpected argument '%s'", argv[i]);
			return -EINVAL;
		}
		arguments->operand[arguments->operands++] = argv[i];
	}
	return 0;
}

int arguments_parse(struct arguments *arguments, int argc, char **argv, char *why, size_t size)
{
	struct option options[ARG_COUNT + 1];
	int c;

	*arguments = (struct arguments){0};
	fill_options(options);
	opterr = 0;
	optind = 0; /* anew, also a second time */
	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (c == ':' || c == '?') {
			snprintf(why, size, c == ':' ? "%s needs a value" : "unknown option '%s'",
				argv[optind - 1]);
			return -EINVAL;
		}
		arguments->value[c - 1] = optarg ? optarg : "";
		arguments->given |= 1U << (c - 1);
	}
	return take_operands(arguments, argc, argv, why, size);
}
