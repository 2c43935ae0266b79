/* SPDX-License-Identifier: AGPL-3.0-only */
#include "proto/frame.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "proto/check.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are little-endian structs");
static_assert(sizeof(struct frame_header) == 16, "frame header");
static_assert(sizeof(struct process) == 72, "process");

/* Where a payload's text_len[] stands and how long it is, by the table's number of texts. */
#define AT(payload) offsetof(struct payload, text_len)
#define LEN(payload) (sizeof(((struct payload *)0)->text_len) / sizeof(uint16_t))
#define AT_0(payload) 0
#define AT_1(payload) AT(payload)
#define AT_2(payload) AT(payload)
#define AT_3(payload) AT(payload)
#define AT_11(payload) AT(payload)
#define LEN_0(payload) 0
#define LEN_1(payload) LEN(payload)
#define LEN_2(payload) LEN(payload)
#define LEN_3(payload) LEN(payload)
#define LEN_11(payload) LEN(payload)

#define FRAME(name, number, payload, ways, texts, tail_max, reliable, descriptor) \
	static_assert(sizeof(struct payload) % 8 == 0, #name " is not padded to 8 bytes"); \
	static_assert(sizeof(struct frame_header) + sizeof(struct payload) + (tail_max) <= FRAME_BYTES_MAX, #name); \
	static_assert((number) > 0 && (number) < FRAME_TYPE_MAX, #name); \
	static_assert(LEN_##texts(payload) == (texts), #name " has another number of texts than the table says");
FRAMES(FRAME)
#undef FRAME

static const struct frame_spec specs[FRAME_TYPE_MAX] = {
#define FRAME(name, number, payload, ways, texts, tail_max, reliable, descriptor) \
	[number] = {#name, ways, sizeof(struct payload), texts, tail_max, AT_##texts(payload), reliable, descriptor},
	FRAMES(FRAME)
#undef FRAME
};

const struct frame_spec *frame_spec(unsigned type)
{
	return type < FRAME_TYPE_MAX && specs[type].name ? &specs[type] : NULL;
}

const char *frame_name(unsigned type)
{
	const struct frame_spec *spec = frame_spec(type);

	return spec ? spec->name : "?";
}

const char *role_name(enum role role)
{
	static const char *const names[ROLE_COUNT] = {"collectord", "ruled", "apid", "enforcerd"};

	return (unsigned)role < ROLE_COUNT ? names[role] : "?";
}

static int refuse(const char **why, const char *reason)
{
	*why = reason;
	return -EPROTO;
}

int frame_check_header(const struct frame_header *header, enum way way, const char **why)
{
	const struct frame_spec *spec = frame_spec(header->type);
	size_t shortest;

	if (!spec)
		return refuse(why, "unknown frame");
	if (!(spec->ways & way))
		return refuse(why, "frame is not allowed on this link");
	shortest = sizeof(*header) + spec->payload_bytes;
	if (header->length < shortest)
		return refuse(why, "frame is too short");
	if (header->length > shortest + spec->tail_max)
		return refuse(why, "frame is too long");
	if (header->flags != (spec->descriptor ? FRAME_HAS_FD : 0))
		return refuse(why, "wrong frame flags");
	return 0;
}

static const uint16_t *text_lengths(const struct frame_spec *spec, const void *payload)
{
	return (const uint16_t *)(const void *)((const char *)payload + spec->text_len_offset);
}

int frame_parse(const struct frame_header *header, const void *body, struct frame *frame, const char **why)
{
	const struct frame_spec *spec = frame_spec(header->type);
	const uint16_t *lengths = text_lengths(spec, body);
	size_t tail = header->length - sizeof(*header) - spec->payload_bytes, sum = 0;
	int r;

	assert((uintptr_t)body % 8 == 0);
	for (unsigned i = 0; i < spec->texts; i++)
		sum += lengths[i];
	if (sum != tail)
		return refuse(why, "text lengths do not add up");
	r = check_payload(header->type, body, why);
	if (r < 0)
		return r;
	*frame = (struct frame){*header, spec, body, (const char *)body + spec->payload_bytes};
	return 0;
}

struct text frame_text(const struct frame *frame, unsigned index)
{
	const uint16_t *lengths = text_lengths(frame->spec, frame->payload);
	const char *at = frame->tail;

	assert(index < frame->spec->texts);
	for (unsigned i = 0; i < index; i++)
		at += lengths[i];
	return (struct text){at, lengths[index]};
}

char *text_copy(struct text text, char *buffer, size_t size)
{
	size_t len = MIN(text.len, size - 1);

	if (len > 0)
		memcpy(buffer, text.data, len);
	buffer[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (buffer[i] == '\0')
			buffer[i] = '?';
	return buffer;
}

/* Fills @lengths with what of each text is sent: the longest give way first. */
static size_t fit_texts(const struct frame_spec *spec, const struct text *texts, uint16_t *lengths)
{
	size_t sum = 0;

	for (unsigned i = 0; i < spec->texts; i++) {
		lengths[i] = (uint16_t)MIN(texts ? texts[i].len : 0, (size_t)spec->tail_max);
		sum += lengths[i];
	}
	while (sum > spec->tail_max) {
		unsigned longest = 0;
		size_t cut;

		for (unsigned i = 1; i < spec->texts; i++)
			if (lengths[i] > lengths[longest])
				longest = i;
		/* No text shrinks below its even share: the others shrink in the next rounds. */
		cut = MIN(sum - spec->tail_max, lengths[longest] - (size_t)spec->tail_max / spec->texts);
		lengths[longest] = (uint16_t)(lengths[longest] - MAX(cut, (size_t)1));
		sum -= MAX(cut, (size_t)1);
	}
	return sum;
}

long frame_write(void *buffer, size_t size, unsigned type, uint64_t sequence, const void *payload,
	const struct text *texts)
{
	const struct frame_spec *spec = frame_spec(type);
	struct frame_header header;
	char *body = (char *)buffer + sizeof(header), *at;
	uint16_t lengths[16];
	size_t tail, total;

	assert(spec && spec->texts <= ARRAY_LEN(lengths));
	tail = fit_texts(spec, texts, lengths);
	total = sizeof(header) + spec->payload_bytes + tail;
	if (total > size)
		return -ENOBUFS;
	header = (struct frame_header){(uint32_t)total, (uint16_t)type, spec->descriptor ? FRAME_HAS_FD : 0, sequence};
	memcpy(buffer, &header, sizeof(header)); /* behind other frames @buffer stands at any address */
	memcpy(body, payload, spec->payload_bytes);
	if (spec->texts > 0)
		memcpy(body + spec->text_len_offset, lengths, spec->texts * sizeof(uint16_t));
	at = body + spec->payload_bytes;
	for (unsigned i = 0; i < spec->texts; i++) {
		if (lengths[i] > 0)
			memcpy(at, texts[i].data, lengths[i]);
		at += lengths[i];
	}
	return (long)total;
}
