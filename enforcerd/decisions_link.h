/* SPDX-License-Identifier: AGPL-3.0-only */
/* The link with apid: decisions in, the actions and enforcerd's own state out. */
#pragma once

#include "common/link.h"
#include "common/selfstat.h"
#include "enforcerd/core.h"

struct decisions_link {
	struct link *link;
	struct core *core;
	struct selfstat *self; /* borrowed */
	bool peers_ok;	       /* socket owners can be looked up */
	bool stale;	       /* something could not be queued for apid */
};

must_check int decisions_link_open(struct decisions_link *d, struct loop *loop, uid_t apid);
void decisions_link_done(struct decisions_link *d);

/* Tells apid all of @job; of hold, audit and budget. */
void decisions_link_tell(struct decisions_link *d, const struct job *job);
void decisions_link_tell_enforcer(struct decisions_link *d);

/* Each second. */
void decisions_link_second(struct decisions_link *d);
