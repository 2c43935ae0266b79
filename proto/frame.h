/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The frames of all links, declared once: roles, links, the header and the table. Every name, size and
 * direction check is an expansion of FRAMES. Declares and checks; never does I/O.
 *
 * A frame on the wire: struct frame_header, the payload struct of its type, then the tail: the frame's
 * texts, concatenated, whose lengths stand in the payload's text_len[]. Little-endian, same host.
 */
#pragma once

#include "common/base.h"
#include "proto/payload.h"

#define FRAME_BYTES_MAX 65536U
#define PROTOCOL_MAGIC 0x584e4c01U
#define PROTOCOL_VERSION 3

enum role { ROLE_COLLECTORD, ROLE_RULED, ROLE_APID, ROLE_ENFORCERD, ROLE_COUNT };

/* One bit for each direction of each link; a frame lists where it may appear. */
enum way {
	WAY_EVENTS_UP = 1 << 0,      /* collectord → ruled; recordings hold these frames too */
	WAY_EVENTS_DOWN = 1 << 1,    /* ruled → collectord: HELLO and what is wanted */
	WAY_FEED_UP = 1 << 2,        /* ruled → apid */
	WAY_FEED_DOWN = 1 << 3,      /* apid → ruled */
	WAY_PROPOSALS_UP = 1 << 4,   /* ruled → enforcerd */
	WAY_PROPOSALS_DOWN = 1 << 5, /* enforcerd → ruled */
	WAY_DECISIONS_UP = 1 << 6,   /* apid → enforcerd */
	WAY_DECISIONS_DOWN = 1 << 7, /* enforcerd → apid */
	WAY_ANY = (1 << 8) - 1,
};

struct frame_header {
	uint32_t length; /* of the whole frame: header, payload, tail */
	uint16_t type;   /* enum frame_type */
	uint16_t flags;  /* FRAME_HAS_FD */
	uint64_t sequence; /* counts the frames one end has sent on this connection, from 1 */
};

#define FRAME_HAS_FD 1U

/*
 * FRAME(name, number, payload struct, ways, texts, tail_max, reliable, descriptor)
 *   texts       how many texts the tail holds (length of text_len[])
 *   tail_max    bytes of all texts together
 *   reliable    kept by the sender until acknowledged (ACK)
 *   descriptor  comes with exactly one file descriptor
 */
#define FRAMES(FRAME) \
	FRAME(HELLO, 1, hello, WAY_ANY, 0, 0, 0, 0) \
	FRAME(SELF, 2, self, WAY_EVENTS_UP | WAY_FEED_UP | WAY_DECISIONS_DOWN, 0, 0, 0, 0) \
	FRAME(HOST, 3, host, WAY_EVENTS_UP | WAY_FEED_UP, 2, 384, 0, 0) \
	FRAME(PROBE, 4, probe, WAY_EVENTS_UP | WAY_FEED_UP, 2, 320, 0, 0) \
	FRAME(TICK, 5, tick, WAY_EVENTS_UP | WAY_FEED_UP, 0, 0, 0, 0) \
	FRAME(COUNTERS, 6, counters, WAY_EVENTS_UP | WAY_FEED_UP, 0, 0, 0, 0) \
	FRAME(PROGRAM, 7, program, WAY_EVENTS_UP | WAY_FEED_UP, 1, 64, 0, 0) \
	FRAME(WANT, 8, want, WAY_EVENTS_DOWN, 0, 0, 0, 0) \
	FRAME(CGROUP, 10, cgroup, WAY_EVENTS_UP, 1, 4096, 0, 0) \
	FRAME(FORK, 11, fork, WAY_EVENTS_UP, 0, 0, 0, 0) \
	FRAME(EXEC, 12, exec, WAY_EVENTS_UP, 2, 2048, 0, 0) \
	FRAME(EXIT, 13, exit, WAY_EVENTS_UP, 0, 0, 0, 0) \
	FRAME(SAMPLE_BEGIN, 14, sample_begin, WAY_EVENTS_UP, 0, 0, 0, 0) \
	FRAME(SAMPLE, 15, sample, WAY_EVENTS_UP, 2, 2048, 0, 0) \
	FRAME(SAMPLE_END, 16, sample_end, WAY_EVENTS_UP, 0, 0, 0, 0) \
	FRAME(OOM, 17, oom, WAY_EVENTS_UP, 0, 0, 0, 0) \
	FRAME(EXIT_INFERRED, 18, exit_inferred, WAY_EVENTS_UP, 0, 0, 0, 0) \
	FRAME(HOST_SAMPLE, 19, host_sample, WAY_EVENTS_UP, 0, 0, 0, 0) \
	FRAME(ALERT, 20, alert, WAY_FEED_UP, 11, 8192, 1, 0) \
	FRAME(ALERT_NOTE, 21, alert_note, WAY_FEED_UP, 1, 512, 1, 0) \
	FRAME(ACK, 22, ack, WAY_FEED_DOWN, 0, 0, 0, 0) \
	FRAME(RULES, 23, rules, WAY_FEED_UP, 1, 1024, 0, 0) \
	FRAME(RULE, 24, rule, WAY_FEED_UP, 2, 192, 0, 0) \
	FRAME(DETECTION, 25, detection, WAY_FEED_UP, 0, 0, 0, 0) \
	FRAME(PROPOSE, 30, propose, WAY_PROPOSALS_UP, 3, 1024, 0, 0) \
	FRAME(VERDICT, 31, verdict, WAY_PROPOSALS_DOWN, 1, 512, 0, 0) \
	FRAME(WITHDRAW, 32, withdraw, WAY_PROPOSALS_UP, 1, 256, 0, 0) \
	FRAME(ACTION_STATE, 33, action_state, WAY_PROPOSALS_DOWN, 1, 512, 0, 0) \
	FRAME(MUTE, 34, mute, WAY_PROPOSALS_DOWN | WAY_FEED_UP, 2, 384, 0, 0) \
	FRAME(CLAIM, 40, claim, WAY_DECISIONS_UP, 0, 0, 0, 1) \
	FRAME(PROOF, 41, proof, WAY_DECISIONS_DOWN, 2, 512, 0, 0) \
	FRAME(UNCLAIM, 42, unclaim, WAY_DECISIONS_UP, 0, 0, 0, 0) \
	FRAME(DECIDE, 43, decide, WAY_DECISIONS_UP, 3, 1408, 0, 0) \
	FRAME(DECIDED, 44, decided, WAY_DECISIONS_DOWN, 1, 512, 0, 0) \
	FRAME(ENFORCER, 45, enforcer, WAY_DECISIONS_DOWN, 2, 512, 0, 0) \
	FRAME(ACTION, 46, action, WAY_DECISIONS_DOWN, 11, 8192, 0, 0) \
	FRAME(ACTION_GATE, 47, action_gate, WAY_DECISIONS_DOWN, 2, 384, 0, 0) \
	FRAME(ACTION_MEMBER, 48, action_member, WAY_DECISIONS_DOWN, 2, 512, 0, 0) \
	FRAME(ACTION_PROOF, 49, action_proof, WAY_DECISIONS_DOWN, 2, 256, 0, 0) \
	FRAME(ACTIONS_END, 50, actions_end, WAY_DECISIONS_DOWN, 0, 0, 0, 0) \
	FRAME(INCIDENT, 51, incident, WAY_FEED_UP, 1, 1024, 1, 0) \
	FRAME(INCIDENT_HOST, 52, incident_host, WAY_FEED_UP, 0, 0, 1, 0) \
	FRAME(INCIDENT_PROCESS, 53, incident_process, WAY_FEED_UP, 2, 512, 1, 0) \
	FRAME(INCIDENT_SERIES, 54, incident_series, WAY_FEED_UP, 1, 64, 1, 0) \
	FRAME(INCIDENT_EVENTS, 55, incident_events, WAY_FEED_UP, 0, 0, 1, 0) \
	FRAME(RESUME, 56, resume, WAY_FEED_DOWN, 1, 128, 0, 0) \
	FRAME(RESUMED, 57, resumed, WAY_FEED_DOWN, 0, 0, 0, 0)

enum frame_type {
#define FRAME(name, number, payload, ways, texts, tail_max, reliable, descriptor) FRAME_##name = number,
	FRAMES(FRAME)
#undef FRAME
	FRAME_TYPE_MAX = 64,
};

struct frame_spec {
	const char *name; /* NULL where no frame has this number */
	uint16_t ways, payload_bytes, texts, tail_max;
	uint16_t text_len_offset; /* of text_len[] in the payload */
	bool reliable, descriptor;
};

/* A whole, checked frame. Borrows the buffer it was parsed from. */
struct frame {
	struct frame_header header;
	const struct frame_spec *spec;
	const void *payload; /* 8-byte aligned copy or buffer */
	const char *tail;
};

/* A text of a tail: any bytes, not terminated. */
struct text {
	const char *data;
	size_t len;
};

const struct frame_spec *frame_spec(unsigned type); /* NULL if there is no such frame */
const char *frame_name(unsigned type);              /* "?" if there is no such frame */
const char *role_name(enum role role);              /* "collectord", … */

/*
 * Checks a header that has just been read from a peer sending on @way: known type, allowed there, length within
 * the spec's bounds, descriptor flag as the spec says. Returns 0 or -EPROTO; *why (static text) says what is wrong.
 */
must_check int frame_check_header(const struct frame_header *header, enum way way, const char **why);

/*
 * Checks payload and tail of a frame whose header passed: text lengths add up, fields in range (payload table in
 * check.c). On success fills @frame, which borrows @body. @body must be 8-byte aligned.
 */
must_check int frame_parse(const struct frame_header *header, const void *body, struct frame *frame, const char **why);

/* The @index-th text of a parsed frame. */
struct text frame_text(const struct frame *frame, unsigned index);

/* Copies a text as a C string, cut to size - 1 bytes; NUL bytes inside become '?'. Returns @buffer. */
char *text_copy(struct text text, char *buffer, size_t size);

static inline struct text text_of(const char *string)
{
	return (struct text){string, string ? __builtin_strlen(string) : 0};
}

/*
 * Writes header, payload and texts into @buffer. @payload is the type's struct; its text_len[] is filled here from
 * @texts (spec->texts of them; NULL if none). A tail over tail_max is shortened, longest text first, at its end.
 * Returns the frame's bytes, or -ENOBUFS if @size is too small.
 */
must_check long frame_write(void *buffer, size_t size, unsigned type, uint64_t sequence, const void *payload,
	const struct text *texts);
