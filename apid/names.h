/* SPDX-License-Identifier: AGPL-3.0-only */
/* The words for the numbers in frames, as users see them. NULL-free: a number out of range reads
 * "unknown". */
#pragma once

#include "common/base.h"
#include "proto/frame.h"

const char *name_severity(unsigned severity);
const char *name_scope(unsigned scope);
const char *name_action(unsigned type);	      /* "kill_tree" */
const char *name_status(unsigned status);     /* "pending" */
const char *name_peer(unsigned kind);	      /* "unix" */
const char *name_event(unsigned kind);	      /* "fork" */
const char *name_pressure(unsigned resource); /* "cpu" */
const char *name_breaker(unsigned state);     /* "grace" */
const char *name_mute(unsigned kind);	  /* "rule" */

/* The number of a word, or -1. */
int severity_number(const char *name);
int status_number(const char *name);
