/* SPDX-License-Identifier: AGPL-3.0-only */
/* The link with ruled: proposals in, verdicts and what becomes of them out. */
#pragma once

#include "enforcerd/enforcer.h"

must_check int proposals_link_open(struct enforcerd *e, uid_t ruled);

/* Tells the ruled that proposed @job its state, if it is the one connected. */
void proposals_publish(struct enforcerd *e, const struct job *job);
