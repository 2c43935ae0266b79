/* SPDX-License-Identifier: AGPL-3.0-only */
/* Any bytes as each of the kernel's texts about the host: refused, with nothing changed, or numbers
 * that make sense. */
#include <assert.h>
#include <string.h>

#include "collectord/host_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = {malloc(size + 1), size};
	struct host_sample sample = {0}, before = {0};
	bool changed = false;

	if (!text.data)
		return 0;
	memcpy((char *)text.data, data, size);
	changed |= host_text_pressure(text, &sample.pressure[PRESSURE_IO]) == 0;
	changed |= host_text_stat(text, 10000000, &sample) == 0;
	changed |= host_text_meminfo(text, &sample) == 0;
	changed |= host_text_loadavg(text, &sample) == 0;
	assert(sample.cpu_busy_ns <= sample.cpu_total_ns);
	assert(changed || memcmp(&sample, &before, sizeof(sample)) == 0);
	free((char *)text.data);
	return 0;
}
