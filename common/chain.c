/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/chain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HEX_BYTES (SHA256_HEX_SIZE - 1)

static const char prev_key[] = ",\"prev\":\"", hash_key[] = "\",\"hash\":\"", end[] = "\"}";

/* Hash of @prev and the line as it would stand without its hash member: @body, then `"}`. */
static void hash_line(
	const char *prev, const char *body, size_t body_len, char hex[SHA256_HEX_SIZE])
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, prev, HEX_BYTES);
	sha256_add(&hash, body, body_len);
	sha256_add(&hash, end, strlen(end));
	sha256_end_hex(&hash, hex);
}

long chain_seal(char *line, size_t len, size_t size, char head[SHA256_HEX_SIZE])
{
	char hash[SHA256_HEX_SIZE];
	size_t body;

	if (len < 2 || len + CHAIN_SEAL_BYTES + 1 > size)
		return -ENOBUFS;
	body = len - 1; /* over the closing brace */
	body += (size_t)snprintf(line + body, size - body, "%s%s", prev_key, head);
	hash_line(head, line, body, hash);
	snprintf(line + body, size - body, "%s%s%s", hash_key, hash, end);
	memcpy(head, hash, sizeof(hash));
	return (long)(len + CHAIN_SEAL_BYTES);
}

/* Takes 64 lower-case hex digits at @data. */
static bool take_hex(const char *data, char hex[SHA256_HEX_SIZE])
{
	for (size_t i = 0; i < HEX_BYTES; i++)
		if (!(data[i] >= '0' && data[i] <= '9') && !(data[i] >= 'a' && data[i] <= 'f'))
			return false;
	memcpy(hex, data, HEX_BYTES);
	hex[HEX_BYTES] = '\0';
	return true;
}

int chain_open(const char *line, size_t len, struct chain_link *link)
{
	struct chain_link found;
	char expected[SHA256_HEX_SIZE];
	const char *tail;

	if (len < CHAIN_SEAL_BYTES + 2)
		return -EBADMSG;
	tail = line + len - 1 - CHAIN_SEAL_BYTES;
	if (memcmp(tail, prev_key, strlen(prev_key)) != 0 ||
		!take_hex(tail + strlen(prev_key), found.prev))
		return -EBADMSG;
	tail += strlen(prev_key) + HEX_BYTES;
	if (memcmp(tail, hash_key, strlen(hash_key)) != 0 ||
		!take_hex(tail + strlen(hash_key), found.hash) ||
		memcmp(line + len - strlen(end), end, strlen(end)) != 0)
		return -EBADMSG;
	hash_line(found.prev, line, (size_t)(tail - line), expected);
	if (strcmp(expected, found.hash) != 0)
		return -EBADMSG;
	*link = found;
	return 0;
}
