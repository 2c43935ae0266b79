/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/incident_evidence.h"

#include <errno.h>
#include <string.h>

static size_t row_bytes(const struct incident_row *row)
{
	return sizeof(*row) + row->process.text_len[0] + row->process.text_len[1];
}

void incident_evidence_done(struct incident_evidence *e)
{
	for (unsigned i = 0; i < e->row_count; i++)
		free(e->rows[i]);
	free(e->rows);
	free(e->host);
	free(e->series);
	free(e->events);
	*e = (struct incident_evidence){0};
}

/* A copy of a payload, in the place of the one before; NULL: no memory. */
static void *copy(struct incident_evidence *e, void *place, const void *payload, size_t size)
{
	if (!place) {
		place = malloc(size);
		e->bytes += place ? size : 0;
	}
	return place ? memcpy(place, payload, size) : NULL;
}

static int set_host(struct incident_evidence *e, const struct frame *frame)
{
	e->host = copy(e, e->host, frame->payload, sizeof(*e->host));
	return e->host ? 0 : -ENOMEM;
}

static int set_series(struct incident_evidence *e, const struct frame *frame)
{
	e->series = copy(e, e->series, frame->payload, sizeof(*e->series));
	text_copy(frame_text(frame, 0), e->unit, sizeof(e->unit));
	return e->series ? 0 : -ENOMEM;
}

static int set_events(struct incident_evidence *e, const struct frame *frame)
{
	e->events = copy(e, e->events, frame->payload, sizeof(*e->events));
	return e->events ? 0 : -ENOMEM;
}

static struct incident_row *row_new(const struct frame *frame)
{
	const struct incident_process *process = frame->payload;
	size_t texts = (size_t)process->text_len[0] + process->text_len[1];
	struct incident_row *row = malloc(sizeof(*row) + texts);

	if (!row)
		return NULL;
	row->process = *process;
	memcpy(row->texts, frame->tail, texts);
	return row;
}

/* The place of the row about this process, or the one behind the last. */
static unsigned place_of(const struct incident_evidence *e, const struct process *process)
{
	unsigned i = 0;

	while (i < e->row_count &&
		(e->rows[i]->process.process.tgid != process->tgid ||
			e->rows[i]->process.process.start_ns != process->start_ns))
		i++;
	return i;
}

static int add_row(struct incident_evidence *e, const struct frame *frame)
{
	const struct incident_process *told = frame->payload;
	unsigned place = place_of(e, &told->process);
	struct incident_row *row;

	/* trust: ruled says which processes matter; how many are kept is decided here */
	if (place == INCIDENT_ROWS_MAX) {
		e->refused++;
		return 0;
	}
	if (!e->rows)
		e->rows = calloc(INCIDENT_ROWS_MAX, sizeof(struct incident_row *));
	row = e->rows ? row_new(frame) : NULL;
	if (!row)
		return -ENOMEM;
	if (place == e->row_count)
		e->row_count++;
	else
		e->bytes -= row_bytes(e->rows[place]);
	free(e->rows[place]);
	e->rows[place] = row;
	e->bytes += row_bytes(row);
	return 0;
}

static const struct {
	unsigned type;
	int (*add)(struct incident_evidence *evidence, const struct frame *frame);
} parts[] = {
	{FRAME_INCIDENT_HOST, set_host},
	{FRAME_INCIDENT_PROCESS, add_row},
	{FRAME_INCIDENT_SERIES, set_series},
	{FRAME_INCIDENT_EVENTS, set_events},
};

int incident_evidence_add(struct incident_evidence *evidence, const struct frame *frame)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i].type == frame->header.type)
			return parts[i].add(evidence, frame);
	return -EPROTO;
}

struct text incident_row_text(const struct incident_row *row, unsigned index)
{
	const uint16_t *len = row->process.text_len;

	return (struct text){row->texts + (index ? len[0] : 0), len[index]};
}
