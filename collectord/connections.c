/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/connections.h"

#include <errno.h>

#include "collectord/decode.h"

void connections_reset(struct connections *connections)
{
	map_done(&connections->by_key);
}

/* The count stands where the map has a pointer to a value. */
static void put(struct connections *connections, const struct sample *who)
{
	struct map_key key = {who->process.tgid, who->process.start_ns};
	uintptr_t known = (uintptr_t)map_get(&connections->by_key, key);
	uintptr_t count = MAX(known, who->connections);

	if (count > 0 && map_put(&connections->by_key, key, (void *)count) < 0)
		connections->refused++;
}

int connections_take(struct connections *connections, const void *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *record = (const char *)data + at;
		struct decoded decoded;
		/* trust: written by the kernel; the decoder checks the length once more */
		long bytes = decode_length(record, len - at);

		if (bytes < 0 || decode_record(record, (size_t)bytes, 0, &decoded) < 0 ||
			decoded.type != DECODED_CONNECTIONS)
			return -EPROTO;
		put(connections, &decoded.payload.sample);
		at += (size_t)bytes;
	}
	return 0;
}

uint32_t connections_of(const struct connections *connections, uint32_t tgid, uint64_t start_ns)
{
	return (uint32_t)(uintptr_t)map_get(&connections->by_key, (struct map_key){tgid, start_ns});
}
