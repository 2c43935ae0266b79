/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * One step of an action as a line for people and as a JSON object for the file; and the file read
 * back at start. Pure.
 */
#pragma once

#include "common/base.h"
#include "common/chain.h"
#include "enforcerd/peer.h"
#include "proto/frame.h"

#define AUDIT_KINDS(KIND)                                                                          \
	KIND(PROPOSED, "PROPOSED", "f4a1b0f2c5d24a0e9c3b6a7d81e20001")                             \
	KIND(APPROVED, "APPROVED", "f4a1b0f2c5d24a0e9c3b6a7d81e20002")                             \
	KIND(AUTO_APPROVED, "AUTO-APPROVED", "f4a1b0f2c5d24a0e9c3b6a7d81e20003")                   \
	KIND(EXECUTED, "EXECUTED", "f4a1b0f2c5d24a0e9c3b6a7d81e20004")                             \
	KIND(OUTCOME, "OUTCOME", "f4a1b0f2c5d24a0e9c3b6a7d81e20005")                               \
	KIND(FAILED, "FAILED", "f4a1b0f2c5d24a0e9c3b6a7d81e20006")                                 \
	KIND(REJECTED, "REJECTED", "f4a1b0f2c5d24a0e9c3b6a7d81e20007")                             \
	KIND(EXPIRED, "EXPIRED", "f4a1b0f2c5d24a0e9c3b6a7d81e20008")                               \
	KIND(WITHDRAWN, "WITHDRAWN", "f4a1b0f2c5d24a0e9c3b6a7d81e20009")                           \
	KIND(REFUSED, "REFUSED", "f4a1b0f2c5d24a0e9c3b6a7d81e2000a")                               \
	KIND(HOLD, "HOLD", "f4a1b0f2c5d24a0e9c3b6a7d81e2000b")                                     \
	KIND(RESUME, "RESUME", "f4a1b0f2c5d24a0e9c3b6a7d81e2000c")                                 \
	KIND(CONTINUED, "CONTINUED", "f4a1b0f2c5d24a0e9c3b6a7d81e2000d")                           \
	KIND(MUTED, "MUTED", "f4a1b0f2c5d24a0e9c3b6a7d81e2000e")

/* clang-format off */
enum audit_kind {
#define KIND(symbol, name, message_id) AUDIT_##symbol,
	AUDIT_KINDS(KIND)
#undef KIND
	AUDIT_KIND_COUNT,
};
/* clang-format on */

#define AUDIT_TEXT_BYTES 4096 /* a longer line is cut */
#define AUDIT_JSON_BYTES 8192 /* every event fits */

/* Raw texts: they are escaped when a line is made. Empty and zero members are left out. */
struct audit_event {
	enum audit_kind kind;
	uint64_t wall_ns;
	uint64_t action;
	struct approval by; /* PEER_NOBODY: uid and kind are left out */
	/* Static; "what" is our own word where there is no label: "kill_process". */
	const char *what, *signal;
	uint32_t pid;
	char comm[16];
	char rule[129];
	bool for_known; /* how long something is muted */
	uint32_t for_secs;
	unsigned members;
	bool after_known;
	uint64_t after_ms;
	char reason[512];
};

/* The kind with this name, or AUDIT_KIND_COUNT. */
enum audit_kind audit_kind_of(struct text name);
const char *audit_message_id(enum audit_kind kind);

/* "[linnix_audit] APPROVED action-1 by sre-alice uid=1000 user=alice via=tcp", no newline. Returns
 * its length. */
size_t audit_text(const struct audit_event *event, char text[AUDIT_TEXT_BYTES]);

/* The JSON object without prev and hash. Returns its length. */
size_t audit_json(const struct audit_event *event, char json[AUDIT_JSON_BYTES]);
