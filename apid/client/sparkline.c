/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/sparkline.h"

#include <math.h>
#include <string.h>

static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

const char *sparkline(const double *values, size_t count, char out[SPARKLINE_SIZE])
{
	double low = INFINITY, high = -INFINITY;
	size_t skip = count > SPARKLINE_MAX ? count - SPARKLINE_MAX : 0;

	out[0] = '\0';
	for (size_t i = skip; i < count; i++) {
		if (!isfinite(values[i]))
			continue;
		low = fmin(low, values[i]);
		high = fmax(high, values[i]);
	}
	for (size_t i = skip; i < count; i++) {
		/* Halved: the difference of two finite numbers may be none. */
		double range = high / 2 - low / 2;
		double part = range > 0 ? (values[i] / 2 - low / 2) / range : 0;

		strcat(out, isfinite(values[i]) ? bars[(size_t)(part * (ARRAY_LEN(bars) - 1) + 0.5)]
						: " ");
	}
	return out;
}
