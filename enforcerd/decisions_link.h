/* SPDX-License-Identifier: AGPL-3.0-only */
/* The link with apid: decisions in, the actions and enforcerd's own state out. */
#pragma once

#include "enforcerd/enforcer.h"

must_check int decisions_link_open(struct enforcerd *e, uid_t apid);

void decisions_publish(struct enforcerd *e, const struct job *job);
void decisions_publish_enforcer(struct enforcerd *e);

/* Each second. */
void decisions_link_tick(struct enforcerd *e);
