/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The rules file through its directory, opened once: so it can be read again after rights are gone
 * and after an editor has put another file in its place. Reads; changes nothing.
 */
#pragma once

#include "common/config.h"
#include "common/problems.h"
#include "ruled/ruleset.h"

struct rules_file {
	int directory;
	const char *path; /* borrowed, as given */
	const char *name; /* its last component */
	const struct breaker_config *breakers; /* borrowed: rules beside those of the file */
};

#define RULES_FILE_INIT \
	{ \
		.directory = -1 \
	}

/* 0 or -errno. @path must outlive @file. */
must_check int rules_file_open(struct rules_file *file, const char *path);
void rules_file_close(struct rules_file *file);

/*
 * Reads the file as it is now; as ruleset_load(), but a missing file is a problem too (-EINVAL). The circuit breakers
 * follow its rules.
 */
must_check int rules_file_load(
	const struct rules_file *file, struct problems *problems, struct ruleset **ruleset);
