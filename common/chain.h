/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The hash chain of the audit file: each line ends with ,"prev":"…","hash":"…"} and its hash covers
 * the hash of the line before it. Seals and opens lines; knows nothing of what they say. Pure.
 */
#pragma once

#include "common/base.h"
#include "common/sha256.h"

#define CHAIN_START "0000000000000000000000000000000000000000000000000000000000000000"
/* What sealing adds to a line, without the NUL. */
#define CHAIN_SEAL_BYTES (sizeof(",\"prev\":\"\",\"hash\":\"\"") - 1 + 2 * (SHA256_HEX_SIZE - 1))

/*
 * @line holds a JSON object with at least one member, @len bytes, in a buffer of @size. Adds the
 * members prev and hash;
 * @head is the hash of the line before and becomes that of this one. Returns the new length, or
 * -ENOBUFS (nothing done).
 */
must_check long chain_seal(char *line, size_t len, size_t size, char head[SHA256_HEX_SIZE]);

struct chain_link {
	char prev[SHA256_HEX_SIZE], hash[SHA256_HEX_SIZE];
};

/* Checks one line (without its newline) against its own hash. 0, or -EBADMSG: cut, changed, or
 * never sealed. */
must_check int chain_open(const char *line, size_t len, struct chain_link *link);
