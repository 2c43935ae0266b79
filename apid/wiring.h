/* SPDX-License-Identifier: AGPL-3.0-only */
/* Builds one apid of its parts and takes it apart. Everything with a path, a name or a new socket
 * happens in wiring_open(), before the sandbox; nothing here decides. */
#pragma once

#include "apid/apid.h"

/* 0 or -errno (said). */
must_check int wiring_open(struct apid *apid);

/* Serves until a signal ends it. 0 or -errno. */
must_check int wiring_run(struct apid *apid);

/* Also of a half-built one. */
void wiring_done(struct apid *apid);
