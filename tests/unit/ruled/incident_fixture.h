/* SPDX-License-Identifier: AGPL-3.0-only */
/* Looking at what an engine has told of incidents. */
#pragma once

#include "tests/unit/ruled/engine_fixture.h"

#define USER  1000
#define STORM "- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, cooldown: 30, severity: medium}\n"
#define BURST "- {name: burst, detector: fork_burst, threshold: 30, window_seconds: 5, cooldown: 5, severity: high}\n"
#define CRASH "- {name: crash, detector: crash_loop, threshold: 3, window_seconds: 10, cooldown: 10}\n"
#define PSI   "- {name: psi, detector: system_psi_memory, threshold_pct: 10, duration: 2, cooldown: 10}\n"

static inline uint32_t shell_of(struct fixture *f)
{
	uint32_t login = made_process(&f->host, made_process(&f->host, 1, "sshd", 0), "bash", USER);

	return made_process(&f->host, login, "sh", USER);
}

/* The @index-th frame of @type; NULL: there are not so many. */
static inline const struct told_incident *nth(const struct fixture *f, unsigned type, unsigned index)
{
	for (unsigned i = 0; i < f->incident_count; i++)
		if (f->incidents[i].type == type && index-- == 0)
			return &f->incidents[i];
	return NULL;
}

static inline unsigned count_of(const struct fixture *f, unsigned type)
{
	unsigned count = 0;

	while (nth(f, type, count))
		count++;
	return count;
}

/* The newest INCIDENT. */
static inline const struct incident *newest(const struct fixture *f)
{
	const struct told_incident *told = nth(f, FRAME_INCIDENT, count_of(f, FRAME_INCIDENT) - 1);

	return told ? (const void *)told->payload : NULL;
}

static inline const char *newest_rules(const struct fixture *f)
{
	return nth(f, FRAME_INCIDENT, count_of(f, FRAME_INCIDENT) - 1)->text;
}

static inline unsigned open_incidents(const struct fixture *f)
{
	struct detection detection;

	engine_detection(f->engine, &detection);
	return detection.incidents_open;
}
