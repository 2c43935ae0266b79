/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The rules of one incident: known by the alerts that joined it, and by the list that ruled tells.
 * Each name once; bounded. Pure.
 */
#pragma once

#include "apid/query.h"
#include "common/base.h"
#include "proto/frame.h"

#define INCIDENT_RULES_MAX 32

struct incident_rule {
	char name[QUERY_RULE_MAX + 1];
	uint64_t told_wall_ns; /* of its newest alert; 0: no alert is known */
};

struct incident_rules {
	struct incident_rule *list;
	unsigned count;
	uint64_t refused; /* names beyond the bound */
};

void incident_rules_done(struct incident_rules *rules);

/* An alert of rule @name joined. 0, or -ENOMEM. */
must_check int incident_rules_alert(
	struct incident_rules *rules, const char *name, uint64_t told_wall_ns);

/*
 * trust: @text is the list of an INCIDENT, ", " between; a name may hold ", " itself, so that names
 * known from alerts are looked for first. 0, or -ENOMEM.
 */
must_check int incident_rules_told(struct incident_rules *rules, struct text text);

bool incident_rules_has(const struct incident_rules *rules, const char *name);
