/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The engine under frames that are well-formed and otherwise arbitrary: few processes with any
 * parents, any times, any order. Alerts must be frames the feed would take.
 */
#include <assert.h>
#include <string.h>

#include "ruled/alert_json.h"
#include "ruled/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char RULES[] =
	"- {name: rate, detector: forks_per_sec, threshold: 1, duration: 1, cooldown: 1}\n"
	"- {name: tree, detector: fork_burst, threshold: 3, window_seconds: 5, cooldown: 0, propose: {action: kill_tree}}\n"
	"- {name: host, detector: fork_burst, threshold: 3, window_seconds: 1, scope: host, cooldown: 1}\n"
	"- {name: self, detector: fork_burst, threshold: 2, window_seconds: 1, scope: process, exclude: [{comm: 'a*'}]}\n"
	"- {name: group, detector: short_job_flood, threshold: 2, window_seconds: 60, scope: cgroup}\n"
	"- {name: user, detector: short_job_flood, threshold: 1, window_seconds: 3600, scope: user}\n"
	"- {name: crash, detector: crash_loop, threshold: 1, window_seconds: 2}\n"
	"- {name: exec, detector: exec_rate, regex: '^.?a*', rate_per_min: 2, median_lifetime: 9}\n";

static const uint16_t TYPES[] = {FRAME_FORK, FRAME_EXEC, FRAME_EXIT, FRAME_SAMPLE_BEGIN,
	FRAME_SAMPLE, FRAME_SAMPLE_END, FRAME_CGROUP, FRAME_TICK, FRAME_COUNTERS, FRAME_HOST};

struct input {
	const uint8_t *data;
	size_t size;
};

/* The next bytes, zeros after the end. */
static void take(struct input *input, void *out, size_t size)
{
	size_t given = MIN(size, input->size);

	memset(out, 0, size);
	memcpy(out, input->data, given);
	input->data += given;
	input->size -= given;
}

static uint8_t take_byte(struct input *input)
{
	uint8_t byte;

	take(input, &byte, 1);
	return byte;
}

static void on_alert(void *ctx, const struct engine_alert *alert)
{
	static uint64_t bytes[FRAME_BYTES_MAX / sizeof(uint64_t)];
	static char line[ALERT_JSON_BYTES];
	struct frame_header header;
	struct frame frame;
	const char *why;

	(void)ctx;
	assert(frame_write(bytes, sizeof(bytes), FRAME_ALERT, 1, &alert->frame, alert->texts) > 0);
	memcpy(&header, bytes, sizeof(header));
	assert(frame_check_header(&header, WAY_FEED_UP, &why) == 0);
	assert(frame_parse(&header, (char *)bytes + sizeof(header), &frame, &why) == 0);
	assert(alert_json(alert, line, sizeof(line)) == 0);
	assert(alert->frame.value > alert->frame.threshold);
	assert(!alert->actionable || alert->frame.culprit.tgid > 1);
}

static void on_cleared(void *ctx, uint64_t counter, const char *why)
{
	(void)ctx, (void)why;
	assert(counter > 0);
}

/* Small numbers, so that processes meet again; now and then any. */
static void shape_process(struct input *input, struct process *process, uint64_t *now_ns)
{
	uint8_t how = take_byte(input);

	if (how == 0xff)
		take(input, process, sizeof(*process));
	*now_ns += (how & 7) * 100 * NSEC_PER_MSEC;
	process->tgid = 1 + take_byte(input) % 24;
	process->start_ns = 1 + take_byte(input) % 8;
	process->ppid = take_byte(input) % 24;
	process->parent_start_ns = take_byte(input) % 8;
	process->uid = take_byte(input) % 4;
	process->cgroup = take_byte(input) % 4;
	process->kernel_thread = how == 0xfe;
	process->comm[0] = (char)take_byte(input);
	process->comm[COMM_BYTES - 1] = '\0';
	if (how != 0xff)
		process->time_ns = *now_ns;
}

static void feed(struct engine *engine, struct input *input, uint64_t *now_ns)
{
	static uint64_t payload[64], bytes[FRAME_BYTES_MAX / sizeof(uint64_t)];
	unsigned type = TYPES[take_byte(input) % ARRAY_LEN(TYPES)];
	const struct frame_spec *spec = frame_spec(type);
	char tail[2][16];
	struct text texts[2];
	struct frame_header header;
	struct frame frame;
	const char *why;

	memset(payload, 0, sizeof(payload));
	if (type == FRAME_FORK || type == FRAME_EXEC || type == FRAME_EXIT || type == FRAME_SAMPLE)
		shape_process(input, (struct process *)payload, now_ns);
	else
		take(input, payload, spec->payload_bytes);
	if (type == FRAME_EXIT)
		((struct exit *)payload)->status = take_byte(input);
	if (type == FRAME_TICK && take_byte(input) < 250)
		((struct tick *)payload)->time_ns = *now_ns += NSEC_PER_SEC;
	for (unsigned i = 0; i < 2; i++) {
		texts[i] = (struct text){tail[i], take_byte(input) % sizeof(tail[i])};
		take(input, tail[i], texts[i].len);
	}
	if (frame_write(bytes, sizeof(bytes), type, 1, payload, texts) < 0)
		return;
	memcpy(&header, bytes, sizeof(header));
	if (frame_check_header(&header, WAY_EVENTS_UP, &why) == 0 &&
		frame_parse(&header, (char *)bytes + sizeof(header), &frame, &why) == 0)
		engine_frame(engine, &frame);
}

static struct ruleset *rules(void)
{
	struct problems problems = PROBLEMS_INIT;
	struct ruleset *ruleset;
	int r = ruleset_parse(RULES, sizeof(RULES) - 1, "f", &problems, &ruleset);

	assert(r == 0);
	return ruleset;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct engine_options options = {.retention_ns = 10 * NSEC_PER_SEC};
	const struct engine_sink sink = {on_alert, on_cleared, NULL};
	struct input input = {data, size};
	struct detection detection;
	struct engine *engine;
	uint64_t now_ns = 100 * NSEC_PER_SEC;
	int r = engine_new(&options, &sink, &engine);

	assert(r == 0);
	r = engine_set_rules(engine, rules());
	assert(r == 0);
	while (input.size > 0)
		feed(engine, &input, &now_ns);
	r = engine_set_rules(engine, rules());
	assert(r == 0);
	engine_detection(engine, &detection);
	engine_free(engine);
	return 0;
}
