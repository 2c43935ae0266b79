/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * The engine under frames that are well-formed and otherwise arbitrary: few processes with any
 * parents, any times, any order, and an apid that resumes what it likes. What is told must be frames
 * the feed would take and hold together.
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
	"- {name: exec, detector: exec_rate, regex: '^.?a*', rate_per_min: 2, median_lifetime: 9}\n"
	"- {name: oom, detector: oom_kill, threshold: 0, window_seconds: 5, propose: {action: kill_tree}}\n"
	"- {name: cpu, detector: subtree_cpu_pct, threshold: 50, duration: 1, cooldown: 1}\n"
	"- {name: own, detector: subtree_cpu_pct, threshold: 1, duration: 1, scope: process}\n"
	"- {name: tree2, detector: runaway_tree, threshold: 20, duration: 1, cooldown: 1}\n"
	"- {name: forks, detector: runaway_tree, threshold: 2, window_seconds: 5}\n"
	"- {name: rss, detector: subtree_rss_mb, threshold: 1, duration: 2, clear_below: 0}\n"
	"- {name: grow, detector: rss_growth_mb, threshold: 1, window_seconds: 3, cooldown: 1}\n"
	"- {name: fds, detector: fd_usage_pct, threshold: 50, duration: 1}\n"
	"- {name: dead, detector: zombie_count, threshold: 0, duration: 1, cooldown: 1}\n"
	"- {name: stuck, detector: dstate_count, threshold: 0, duration: 1, cooldown: 1}\n"
	"- {name: many, detector: thread_count, threshold: 2, duration: 1}\n"
	"- {name: io, detector: io_mb_per_sec, threshold: 1, duration: 1}\n"
	"- {name: c, detector: system_psi_cpu, threshold_pct: 1, duration: 1, cooldown: 1}\n"
	"- {name: m, detector: system_psi_memory, threshold_pct: 1, duration: 1, cooldown: 1}\n"
	"- {name: i, detector: system_psi_io, threshold_pct: 1, duration: 1, cooldown: 1}\n";

static const uint16_t TYPES[] = {FRAME_FORK, FRAME_EXEC, FRAME_EXIT, FRAME_SAMPLE_BEGIN,
	FRAME_SAMPLE, FRAME_SAMPLE_END, FRAME_CGROUP, FRAME_TICK, FRAME_COUNTERS, FRAME_HOST,
	FRAME_OOM, FRAME_EXIT_INFERRED, FRAME_HOST_SAMPLE, FRAME_RESUME};

/* What an apid says an earlier ruled has opened; ours begins with the first TICK, later. */
#define RESUMED_EPOCH 7

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

/* What is followed of the incidents told. */
static struct told {
	struct incident at[1024]; /* the newest state of each */
	unsigned count;
	unsigned rows; /* since the newest opening */
	bool opened;   /* what was told last opened one: its evidence may follow */
	uint64_t epoch; /* of alerts */
} told;

static void check_frame(unsigned type, const void *payload, const struct text *texts)
{
	static uint64_t bytes[FRAME_BYTES_MAX / sizeof(uint64_t)];
	struct frame_header header;
	struct frame frame;
	const char *why;

	assert(frame_write(bytes, sizeof(bytes), type, 1, payload, texts) > 0);
	memcpy(&header, bytes, sizeof(header));
	assert(frame_check_header(&header, WAY_FEED_UP, &why) == 0);
	assert(frame_parse(&header, (char *)bytes + sizeof(header), &frame, &why) == 0);
}

static void on_alert(void *ctx, const struct engine_alert *alert)
{
	static char line[ALERT_JSON_BYTES];

	(void)ctx;
	told.opened = false;
	told.epoch = alert->frame.epoch;
	check_frame(FRAME_ALERT, &alert->frame, alert->texts);
	assert(alert_json(alert, line, sizeof(line)) == 0);
	assert(alert->frame.value > alert->frame.threshold);
	assert(!alert->actionable || alert->frame.culprit.tgid > 1);
}

/* The state told before of an incident; a new place if there was none. */
static struct incident *state_of(uint64_t epoch, uint64_t counter)
{
	for (unsigned i = 0; i < told.count; i++)
		if (told.at[i].epoch == epoch && told.at[i].counter == counter)
			return &told.at[i];
	if (told.count == ARRAY_LEN(told.at))
		told.count = 0;
	told.at[told.count] = (struct incident){.epoch = epoch, .counter = counter};
	return &told.at[told.count++];
}

static void check_incident(const struct incident *frame)
{
	struct incident *before = state_of(frame->epoch, frame->counter);

	assert(frame->version >= before->version);
	assert(frame->version != 1 || frame->alerts == 1);
	assert(frame->severity >= before->severity);
	assert(!frame->flapping || frame->reopened >= 3);
	told.opened = frame->version == 1 && before->version == 0;
	told.rows = 0;
	*before = *frame;
}

static void on_incident(
	void *ctx, unsigned type, const void *payload, const struct text *texts)
{
	const struct incident_process *process = payload;

	(void)ctx;
	check_frame(type, payload, texts);
	if (type == FRAME_INCIDENT) {
		check_incident(payload);
		return;
	}
	assert(told.opened);
	if (type != FRAME_INCIDENT_PROCESS)
		return;
	assert(++told.rows <= 94);
	assert(process->lists & INCIDENT_IN_TREE || process->generation == 0);
	assert(!process->exited || process->lists == INCIDENT_IN_TREE);
}

static void on_cleared(void *ctx, uint64_t counter, const char *why)
{
	(void)ctx, (void)why;
	assert(counter > 0);
}

/* Mostly of processes and rules that are there. */
static void shape_resume(struct input *input, struct resume *resume, struct engine *engine)
{
	struct rule rule;
	unsigned index = take_byte(input) % 32;

	/* From another ruled, or ours. */
	resume->epoch = take_byte(input) % 8 != 0 || told.epoch == 0 ? RESUMED_EPOCH : told.epoch;
	resume->counter = 1 + take_byte(input) % 16;
	resume->tgid = take_byte(input) % 24;
	resume->start_ns = 1 + take_byte(input) % 8;
	resume->severity %= SEVERITY_COUNT;
	resume->scope %= SCOPE_COUNT;
	/* It may begin anew at any version and severity. */
	*state_of(resume->epoch, resume->counter) =
		(struct incident){.epoch = resume->epoch, .counter = resume->counter};
	engine_resume(engine, resume,
		text_of(index < engine_rules(engine) ? engine_rule(engine, index, &rule)->name : "none"));
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

/* A pass as the collector makes it: the frames around samples say how many there were. */
struct passes {
	uint32_t number, sent;
	uint64_t now_ns;
};

static void shape_sample(struct input *input, struct sample *sample, struct passes *passes)
{
	static const char states[] = "SRDZ";

	sample->pass = passes->number;
	sample->cpu_ns = take_byte(input) * 100 * NSEC_PER_MSEC;
	sample->rss_anon_bytes = (uint64_t)take_byte(input) << 18;
	sample->write_bytes = (uint64_t)take_byte(input) << 20;
	sample->fds = take_byte(input);
	sample->fd_limit = take_byte(input);
	sample->threads = take_byte(input) % 4;
	sample->state = (uint16_t)states[take_byte(input) % 4];
	passes->sent++;
}

/* Mostly well-formed; else as the input has it. */
static void shape_pass(struct input *input, unsigned type, void *payload, struct passes *passes)
{
	if (take_byte(input) == 0xff)
		return;
	if (type == FRAME_SAMPLE_BEGIN) {
		passes->now_ns += NSEC_PER_SEC;
		passes->sent = 0;
		*(struct sample_begin *)payload = (struct sample_begin){
			passes->now_ns, ++passes->number, take_byte(input) & 1, 0};
	} else if (type == FRAME_SAMPLE_END) {
		*(struct sample_end *)payload = (struct sample_end){
			passes->now_ns, passes->number, passes->sent, passes->sent, 0};
	} else if (type == FRAME_HOST_SAMPLE) {
		((struct host_sample *)payload)->time_ns = passes->now_ns += NSEC_PER_SEC;
		((struct host_sample *)payload)->pressure_known &= 7;
	} else if (type == FRAME_EXIT_INFERRED) {
		((struct exit_inferred *)payload)->tgid = 1 + take_byte(input) % 24;
		((struct exit_inferred *)payload)->start_ns = 1 + take_byte(input) % 8;
		((struct exit_inferred *)payload)->time_ns = passes->now_ns;
	} else if (type == FRAME_SAMPLE) {
		shape_sample(input, payload, passes);
	}
}

static void feed(struct engine *engine, struct input *input, struct passes *passes)
{
	static uint64_t payload[512], bytes[FRAME_BYTES_MAX / sizeof(uint64_t)];
	unsigned type = TYPES[take_byte(input) % ARRAY_LEN(TYPES)];
	const struct frame_spec *spec = frame_spec(type);
	char tail[2][16];
	struct text texts[2];
	struct frame_header header;
	struct frame frame;
	const char *why;

	memset(payload, 0, sizeof(payload));
	if (type == FRAME_FORK || type == FRAME_EXEC || type == FRAME_EXIT ||
		type == FRAME_SAMPLE || type == FRAME_OOM)
		shape_process(input, (struct process *)payload, &passes->now_ns);
	else
		take(input, payload, spec->payload_bytes);
	if (type == FRAME_EXIT) {
		((struct exit *)payload)->status = take_byte(input);
		((struct exit *)payload)->cpu_ns = take_byte(input) * 100 * NSEC_PER_MSEC;
	}
	if (type == FRAME_RESUME) {
		if (((struct resume *)payload)->version > 0)
			shape_resume(input, (struct resume *)payload, engine);
		return;
	}
	shape_pass(input, type, payload, passes);
	if (type == FRAME_TICK && take_byte(input) < 250)
		((struct tick *)payload)->time_ns = passes->now_ns += NSEC_PER_SEC;
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
	const struct engine_sink sink = {on_alert, on_cleared, on_incident, NULL};
	struct input input = {data, size};
	struct detection detection;
	struct engine *engine;
	struct passes passes = {.now_ns = 100 * NSEC_PER_SEC};
	int r = engine_new(&options, &sink, &engine);

	assert(r == 0);
	told = (struct told){0};
	r = engine_set_rules(engine, rules());
	assert(r == 0);
	while (input.size > 0)
		feed(engine, &input, &passes);
	r = engine_set_rules(engine, rules());
	assert(r == 0);
	engine_detection(engine, &detection);
	assert(detection.incidents_open <= 256);
	engine_free(engine);
	return 0;
}
