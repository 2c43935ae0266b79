/* SPDX-License-Identifier: AGPL-3.0-only */
/* Any bytes as a ring record: refused, or a frame that can be written, with texts inside the
 * record. */
#include <assert.h>
#include <string.h>

#include "collectord/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_texts(const struct decoded *decoded, const char *record, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(decoded->texts); i++) {
		const struct text *text = &decoded->texts[i];

		assert(text->len == 0 ||
			(text->data >= record && text->data + text->len <= record + size));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char buffer[FRAME_BYTES_MAX];
	char *record = malloc(size); /* as large as the input, so that a read behind it is found */
	struct decoded decoded;

	if (size > 0 && !record)
		return 0;
	if (size > 0)
		memcpy(record, data, size);
	assert(decode_length(record, size) <= (long)size);
	if (decode_record(record, size, 4096, &decoded) == 0) {
		bool framed = decoded.type != DECODED_THREAD && decoded.type != DECODED_CONNECTIONS;

		check_texts(&decoded, record, size);
		if (decoded.type != FRAME_CGROUP && framed)
			assert(decoded.payload.process.tgid > 0 &&
				memchr(decoded.payload.process.comm, '\0', COMM_BYTES));
		assert(!framed ||
			frame_write(buffer, sizeof(buffer), decoded.type, 1, &decoded.payload,
				decoded.texts) > 0);
	}
	free(record);
	return 0;
}
