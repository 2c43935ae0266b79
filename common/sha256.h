/* SPDX-License-Identifier: AGPL-3.0-only */
/* SHA-256 (FIPS 180-4), written by hand so that no daemon links a crypto library for one hash.
 * Pure. */
#pragma once

#include "common/base.h"

#define SHA256_BYTES	32
#define SHA256_HEX_SIZE (2 * SHA256_BYTES + 1) /* with the NUL */

struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	uint8_t block[64];
};

void sha256_init(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t len);
/* Ends the hash; @hash must be initialised anew before it is used again. */
void sha256_end(struct sha256 *hash, uint8_t digest[SHA256_BYTES]);
/* Ends the hash as lower-case hex with a NUL. */
void sha256_end_hex(struct sha256 *hash, char hex[SHA256_HEX_SIZE]);
