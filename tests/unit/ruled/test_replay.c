/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/replay.h"

#include <errno.h>
#include <sys/stat.h>

#include "proto/recording.h"
#include "tests/unit/ruled/engine_fixture.h"

#define RULES \
	"- {name: storm, detector: forks_per_sec, threshold: 10, duration: 2, cooldown: 3}\n" \
	"- {name: burst, detector: fork_burst, threshold: 30, window_seconds: 5}\n" \
	"- {name: jobs, detector: short_job_flood, threshold: 20, window_seconds: 5}\n" \
	"- {name: crash, detector: crash_loop, threshold: 3, window_seconds: 5}\n" \
	"- {name: churn, detector: exec_rate, regex: job, rate_per_min: 30, median_lifetime: 1}\n"

struct recorder {
	FILE *file;
	char path[40];
	long header_bytes;
};

static void record(void *ctx, const struct frame *frame)
{
	struct recorder *recorder = ctx;
	size_t texts = frame->header.length - sizeof(frame->header) - frame->spec->payload_bytes;

	assert_int_equal(fwrite(&frame->header, sizeof(frame->header), 1, recorder->file), 1);
	assert_int_equal(fwrite(frame->payload, frame->spec->payload_bytes, 1, recorder->file), 1);
	assert_int_equal(fwrite(frame->tail, 1, texts, recorder->file), texts);
}

/* A minute of a host: storms, jobs, crashes. */
static int make_recording(void **state)
{
	static struct recorder recorder;
	struct made_host host;
	uint32_t shell;
	int fd;

	strcpy(recorder.path, "/tmp/linnix-test-XXXXXX");
	fd = mkstemp(recorder.path);
	recorder.file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!recorder.file || recording_start(recorder.file) < 0)
		return -1;
	recorder.header_bytes = ftell(recorder.file);
	made_host_init(&host, record, &recorder);
	shell = made_process(&host, 1, "shell\x1b\"\\", 1000);
	made_connect(&host);
	for (unsigned round = 0; round < 5; round++) {
		made_storm(&host, shell, 100, 20);
		for (unsigned i = 0; i < 40; i++) {
			uint32_t job = made_fork(&host, shell);

			made_exec(&host, job, "/bin/job", "job \xff");
			made_wait_ms(&host, 20);
			made_exit(&host, job, i % 4 == 0 ? 11 : 0);
		}
		made_wait_ms(&host, 5000);
	}
	made_host_done(&host);
	fclose(recorder.file);
	*state = &recorder;
	return 0;
}

static int remove_recording(void **state)
{
	return unlink(((struct recorder *)*state)->path);
}

static char *replayed(const char *path, int wanted)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(replay(path, rules_of(RULES), 300 * NSEC_PER_SEC, out), wanted);
	fclose(out);
	return text;
}

static void gives_the_same_bytes_each_time(void **state)
{
	struct recorder *recorder = *state;
	_cleanup_free_ char *first = replayed(recorder->path, 0);

	for (const char *const *rule =
			(const char *const[]){"storm", "burst", "jobs", "crash", "churn", NULL};
		*rule; rule++) {
		char member[32];

		snprintf(member, sizeof(member), "\"rule\":\"%s\"", *rule);
		if (!strstr(first, member))
			fail_msg("no alert of %s in\n%s", *rule, first);
	}
	assert_non_null(strstr(first, "\"id\":\"e8d4a51000-1\""));
	assert_non_null(strstr(first, "\"incident_id\":\"e8d4a51000-1\""));
	assert_null(strstr(first, "\"incident_id\":null"));
	for (unsigned i = 0; i < 10; i++) {
		_cleanup_free_ char *again = replayed(recorder->path, 0);

		assert_string_equal(again, first);
	}
}

static void live_frames_give_what_the_recording_gives(void **state)
{
	struct recorder *recorder = *state;
	_cleanup_free_ char *told = replayed(recorder->path, 0);
	unsigned lines = 0;
	void *made = NULL;

	for (const char *at = told; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(set_up(&made), 0);
	{
		static struct recording recording;
		struct fixture *f = made;
		struct frame frame;
		const char *why;

		use_rules(f, RULES);
		assert_int_equal(recording_open(&recording, recorder->path, &why), 0);
		while (recording_next(&recording, &frame, &why) == 1)
			engine_frame(f->engine, &frame);
		recording_close(&recording);
		assert_int_equal(f->count, lines);
	}
	tear_down(&made);
}

static void texts_of_processes_are_escaped(void **state)
{
	struct recorder *recorder = *state;
	_cleanup_free_ char *told = replayed(recorder->path, 0);

	assert_non_null(strstr(told, "\"comm\":\"shell\\\\x1b\\\"\\\\x5c\""));
	assert_null(strchr(told, 0x1b));
	assert_null(strchr(told, 0xff));
}

static void says_where_a_recording_is_damaged(void **state)
{
	struct recorder *recorder = *state;
	_cleanup_free_ char *none = NULL, *cut = NULL;
	struct stat st;

	assert_int_equal(stat(recorder->path, &st), 0);
	assert_int_equal(truncate(recorder->path, st.st_size - 7), 0);
	cut = replayed(recorder->path, -EPROTO);
	assert_int_equal(truncate(recorder->path, 5), 0);
	none = replayed(recorder->path, -EPROTO);
	assert_string_equal(none, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_recording, remove_recording)
	const struct CMUnitTest tests[] = {
		TEST(gives_the_same_bytes_each_time),
		TEST(live_frames_give_what_the_recording_gives),
		TEST(texts_of_processes_are_escaped),
		TEST(says_where_a_recording_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
