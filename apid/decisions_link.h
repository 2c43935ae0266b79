/* SPDX-License-Identifier: AGPL-3.0-only */
/* The link to enforcerd: clients' sockets and decisions out, proofs, results and every action in.
 */
#pragma once

#include "apid/apid.h"

/* Connects, now or later; @peer_uid: enforcerd's. */
must_check int decisions_link_open(struct apid *apid, uid_t peer_uid);
