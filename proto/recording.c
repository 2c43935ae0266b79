/* SPDX-License-Identifier: AGPL-3.0-only */
#include "proto/recording.h"

#include <errno.h>
#include <string.h>

struct recording_header {
	char magic[8];
	uint32_t version;
	uint32_t reserved;
};

static const struct recording_header expected = {"LINNIXR", PROTOCOL_VERSION, 0};

int recording_start(FILE *file)
{
	return fwrite(&expected, sizeof(expected), 1, file) == 1 ? 0 : -EIO;
}

static int check_start(FILE *file, const char **why)
{
	struct recording_header header;

	if (fread(&header, sizeof(header), 1, file) != 1 ||
		memcmp(header.magic, expected.magic, sizeof(header.magic)) != 0) {
		*why = "not a recording";
		return -EPROTO;
	}
	if (header.version != expected.version || header.reserved != 0) {
		*why = "recording of another version";
		return -EPROTO;
	}
	return 0;
}

int recording_open(struct recording *recording, const char *path, const char **why)
{
	int r;

	*why = "cannot be opened";
	recording->file = fopen(path, "re");
	if (!recording->file)
		return -errno;
	r = check_start(recording->file, why);
	if (r < 0)
		recording_close(recording);
	recording->offset = sizeof(struct recording_header);
	recording->sequence = 0;
	recording->at = recording->filled = 0;
	return r;
}

void recording_close(struct recording *recording)
{
	if (recording->file)
		fclose(recording->file);
	recording->file = NULL;
}

/* How much of the next @wanted bytes there is, at recording->at; less only at the end or after an error. */
static size_t look_ahead(struct recording *recording, size_t wanted)
{
	size_t left = recording->filled - recording->at;

	if (left >= wanted)
		return wanted;
	memmove(recording->buffer, recording->buffer + recording->at, left);
	recording->at = 0;
	recording->filled = left + fread(recording->buffer + left, 1, sizeof(recording->buffer) - left,
					   recording->file);
	return MIN(recording->filled, wanted);
}

int recording_next(struct recording *recording, struct frame *frame, const char **why)
{
	struct frame_header header;
	size_t body, got;
	int r;

	got = look_ahead(recording, sizeof(header));
	if (got == 0 && feof(recording->file))
		return 0;
	*why = "recording is cut off";
	if (got != sizeof(header))
		return ferror(recording->file) ? -EIO : -EPROTO;
	memcpy(&header, recording->buffer + recording->at, sizeof(header));
	/* trust: a recording from anywhere */
	r = frame_check_header(&header, WAY_EVENTS_UP, why);
	if (r < 0)
		return r;
	if (recording->offset > sizeof(struct recording_header) && header.sequence != recording->sequence + 1) {
		*why = "frames out of sequence";
		return -EPROTO;
	}
	body = header.length - sizeof(header);
	if (look_ahead(recording, header.length) != header.length)
		return ferror(recording->file) ? -EIO : -EPROTO;
	memcpy(recording->body, recording->buffer + recording->at + sizeof(header), body);
	r = frame_parse(&header, recording->body, frame, why);
	if (r < 0)
		return r;
	recording->at += header.length;
	recording->offset += header.length;
	recording->sequence = header.sequence;
	return 1;
}
