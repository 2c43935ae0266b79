/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/host_text.h"

#include <errno.h>
#include <string.h>

/* Takes @word off the front of @text. */
static bool skip_word(struct text *text, const char *word)
{
	size_t len = strlen(word);

	if (text->len < len || memcmp(text->data, word, len) != 0)
		return false;
	text->data += len;
	text->len -= len;
	return true;
}

static void skip_spaces(struct text *text)
{
	while (skip_word(text, " "))
		;
}

static bool is_digit(struct text text)
{
	return text.len > 0 && text.data[0] >= '0' && text.data[0] <= '9';
}

static bool take_number(struct text *text, uint64_t *number)
{
	uint64_t value = 0;

	if (!is_digit(*text))
		return false;
	for (; is_digit(*text); text->data++, text->len--)
		if (__builtin_mul_overflow(value, 10U, &value) ||
			__builtin_add_overflow(value, (uint64_t)(text->data[0] - '0'), &value))
			return false;
	*number = value;
	return true;
}

/* "12.34" as 1234. */
static bool take_centi(struct text *text, uint32_t *centi)
{
	uint64_t whole, part;
	size_t before;

	if (!take_number(text, &whole) || !skip_word(text, "."))
		return false;
	before = text->len;
	if (!take_number(text, &part) || before - text->len != 2 || whole > 10000000)
		return false;
	*centi = (uint32_t)(whole * 100 + part);
	return true;
}

/* Goes to the line that begins with @word, behind it. */
static bool find_line(struct text *text, const char *word)
{
	while (text->len > 0 && !skip_word(text, word)) {
		const char *end = memchr(text->data, '\n', text->len);
		size_t line = end ? (size_t)(end - text->data) + 1 : text->len;

		text->data += line;
		text->len -= line;
	}
	return text->len > 0;
}

static bool take_average(struct text *text, const char *name, uint32_t *centi)
{
	return skip_word(text, name) && take_centi(text, centi);
}

static bool take_pressure(struct text text, const char *line, uint32_t *avg10, uint64_t *total)
{
	uint32_t avg60, avg300;

	return find_line(&text, line) && take_average(&text, " avg10=", avg10) &&
	       take_average(&text, " avg60=", &avg60) && take_average(&text, " avg300=", &avg300) &&
	       skip_word(&text, " total=") && take_number(&text, total);
}

int host_text_pressure(struct text text, struct pressure *pressure)
{
	struct pressure found = {0}, full = {0};

	if (!take_pressure(text, "some", &found.some_avg10_centi, &found.some_total_us))
		return -EPROTO;
	if (take_pressure(text, "full", &full.full_avg10_centi, &full.full_total_us)) {
		found.full_avg10_centi = full.full_avg10_centi;
		found.full_total_us = full.full_total_us;
	}
	*pressure = found;
	return 0;
}

enum { IDLE = 3, IOWAIT = 4, COLUMNS = 8 }; /* guest time, behind them, is in user time already */

int host_text_stat(struct text text, uint64_t tick_ns, struct host_sample *sample)
{
	uint64_t ticks, total = 0, idle = 0;

	if (!find_line(&text, "cpu "))
		return -EPROTO;
	for (unsigned i = 0; i < COLUMNS; i++) {
		skip_spaces(&text);
		if (!take_number(&text, &ticks) || ticks > UINT64_MAX / COLUMNS / tick_ns)
			return -EPROTO;
		total += ticks * tick_ns;
		if (i == IDLE || i == IOWAIT)
			idle += ticks * tick_ns;
	}
	sample->cpu_total_ns = total;
	sample->cpu_busy_ns = total - idle;
	return 0;
}

int host_text_meminfo(struct text text, struct host_sample *sample)
{
	uint64_t kib;

	if (!find_line(&text, "MemAvailable:"))
		return -EPROTO;
	skip_spaces(&text);
	if (!take_number(&text, &kib) || kib > UINT64_MAX / 1024)
		return -EPROTO;
	sample->memory_available_bytes = kib * 1024;
	return 0;
}

int host_text_loadavg(struct text text, struct host_sample *sample)
{
	uint32_t load1, load5, load15;

	if (!take_centi(&text, &load1) || !skip_word(&text, " ") || !take_centi(&text, &load5) ||
		!skip_word(&text, " ") || !take_centi(&text, &load15))
		return -EPROTO;
	sample->load1_centi = load1;
	sample->load5_centi = load5;
	sample->load15_centi = load15;
	return 0;
}
