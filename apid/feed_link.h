/* SPDX-License-Identifier: AGPL-3.0-only */
/* The link on which ruled tells what happens. What must not be lost is acknowledged once it is
 * kept. */
#pragma once

#include "apid/apid.h"

/* Listens; @peer_uid: ruled's. */
must_check int feed_link_open(struct apid *apid, uid_t peer_uid);
