/* SPDX-License-Identifier: AGPL-3.0-only */
/* Both ends of a link in one process, and ends that are played by hand to break the rules. */
#include "common/link.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "common/boot.h"
#include "common/clock.h"
#include "common/frame_queue.h"
#include "common/frame_reader.h"
#include "common/link_socket.h"
#include "common/log.h"
#include "tests/unit/common/sockets.h"

#define NOBODY 65534
#define QUEUE_BYTES (256U << 10)

struct end {
	struct link *link;
	unsigned ups, downs, rooms, ticks;
	uint64_t down_ns;
	struct hello peer; /* of the last one */
	int answer;        /* of the handler */
	unsigned refill;   /* ticks to send when there is room */
};

static struct loop *loop;
static struct loop_event *poll_timer;
static struct end listener, connector;
static char directory[] = "/tmp/linnix-link-XXXXXX", path[128];
static unsigned turns;

static int on_tick(struct link *link, const struct frame *frame, int *fd, void *ctx)
{
	struct end *end = ctx;

	(void)link;
	(void)frame;
	assert_int_equal(*fd, -1);
	end->ticks++;
	return end->answer;
}

static void on_up(struct link *link, const struct hello *peer, void *ctx)
{
	struct end *end = ctx;

	assert_true(link_is_up(link));
	end->peer = *peer;
	end->ups++;
}

static void on_down(struct link *link, void *ctx)
{
	struct end *end = ctx;

	assert_false(link_is_up(link));
	end->down_ns = clock_boottime_ns();
	end->downs++;
}

static int send_tick(struct link *link)
{
	const struct tick tick = {.time_ns = 1};

	return link_send(link, FRAME_TICK, &tick, NULL);
}

static void on_room(struct link *link, void *ctx)
{
	struct end *end = ctx;

	end->rooms++;
	for (; end->refill > 0; end->refill--)
		if (send_tick(link) < 0)
			break;
}

static const struct link_handlers handlers[] = {{FRAME_TICK, on_tick}, {FRAME_SAMPLE_END, on_tick}};

static const struct link_def listening = {
	.name = "events",
	.socket = "ruled/events.sock",
	.self = ROLE_RULED,
	.peer = ROLE_COLLECTORD,
	.in = WAY_EVENTS_UP,
	.out = WAY_EVENTS_DOWN,
	.listens = true,
	.queue_bytes_max = QUEUE_BYTES,
	.handlers = handlers,
	.handler_count = ARRAY_LEN(handlers),
	.on_up = on_up,
	.on_down = on_down,
	.on_room = on_room,
};

static const struct link_def connecting = {
	.name = "events",
	.socket = "ruled/events.sock",
	.self = ROLE_COLLECTORD,
	.peer = ROLE_RULED,
	.in = WAY_EVENTS_DOWN,
	.out = WAY_EVENTS_UP,
	.queue_bytes_max = QUEUE_BYTES,
	.on_up = on_up,
	.on_down = on_down,
	.on_room = on_room,
};

/* Runs the loop until *counter reaches @wanted; false if it does not within @ms. */
static const unsigned none, *counter = &none;
static unsigned counter_wanted;
static uint64_t deadline_ns;

static void on_poll(void *ctx)
{
	(void)ctx;
	if (*counter >= counter_wanted || clock_boottime_ns() >= deadline_ns)
		loop_stop(loop);
}

static bool runs_until(const unsigned *value, unsigned wanted, uint64_t ms)
{
	counter = value;
	counter_wanted = wanted;
	deadline_ns = clock_boottime_ns() + ms * NSEC_PER_MSEC;
	loop_timer_every(poll_timer, 5);
	assert_int_equal(loop_run(loop), 0);
	loop_timer_stop(poll_timer);
	return *value >= wanted;
}

/* Runs the loop, which nothing but the links' own events wakes. */
static void runs_for(uint64_t ms)
{
	deadline_ns = 0;
	loop_timer_once(poll_timer, ms);
	assert_int_equal(loop_run(loop), 0);
}

static void on_turn(void *ctx)
{
	(void)ctx;
	turns++;
}

static void start(struct end *end, const struct link_def *def, uid_t peer)
{
	assert_int_equal(link_new(loop, def, peer, end, &end->link), 0);
	assert_int_equal(link_open(end->link), 0);
}

static void start_listener(uid_t peer)
{
	start(&listener, &listening, peer);
	assert_int_equal(chmod(path, 0666), 0);
}

static void start_both(void)
{
	start_listener(getuid());
	start(&connector, &connecting, getuid());
	assert_true(runs_until(&connector.ups, 1, 2000));
	assert_true(runs_until(&listener.ups, 1, 2000));
}

static int set_up(void **state)
{
	(void)state;
	listener = connector = (struct end){0};
	turns = 0;
	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(loop_timer_new(loop, on_poll, NULL, &poll_timer), 0);
	return loop_after_turn(loop, on_turn, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	link_free(listener.link);
	link_free(connector.link);
	loop_event_free(poll_timer);
	loop_free(loop);
	assert_true(unlink(path) == 0 || errno == ENOENT);
	return 0;
}

/* An end played by hand. */
static struct {
	int sock;
	struct frame_queue queue;
	struct frame_reader reader;
} hand = {.sock = -1};

static struct hello good_hello(void)
{
	struct hello hello = {.magic = PROTOCOL_MAGIC, .version = PROTOCOL_VERSION, .role = ROLE_COLLECTORD, .pid = 1};

	memcpy(hello.boot_id, boot_get()->id, sizeof(hello.boot_id));
	return hello;
}

static void hand_connects(void)
{
	frame_queue_init(&hand.queue, 1U << 20);
	assert_int_equal(link_socket_connect(path, getuid(), &hand.sock), 0);
	assert_int_equal(frame_reader_init(&hand.reader, WAY_EVENTS_DOWN, false), 0);
}

static void hand_sends(unsigned type, const void *payload)
{
	assert_int_equal(frame_queue_add(&hand.queue, type, payload, NULL, -1), 0);
	(void)!frame_queue_write(&hand.queue, hand.sock);
}

static void hand_lets_go(void)
{
	close_fd(&hand.sock);
	frame_queue_reset(&hand.queue);
	frame_reader_done(&hand.reader);
}

/* True if the link has closed the connection (after whatever it has sent before). */
static bool hand_is_cut_off(void)
{
	char bytes[4096];
	ssize_t n;

	while ((n = recv(hand.sock, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		continue;
	return n == 0 || errno == ECONNRESET;
}

static void link_refuses(const struct hello *hello, bool early_tick)
{
	const struct tick tick = {.time_ns = 1};
	unsigned downs = listener.downs;

	hand_connects();
	if (early_tick)
		hand_sends(FRAME_TICK, &tick);
	hand_sends(FRAME_HELLO, hello);
	runs_for(40);
	assert_true(hand_is_cut_off());
	assert_false(link_is_up(listener.link));
	assert_int_equal(listener.downs, downs);
	hand_lets_go();
}

/* After every breach the link still serves a peer that keeps the rules. */
static void link_serves_on(void)
{
	const struct hello hello = good_hello();
	const struct tick tick = {.time_ns = 1};
	unsigned ups = listener.ups, ticks = listener.ticks;

	listener.answer = 0;
	hand_connects();
	hand_sends(FRAME_HELLO, &hello);
	hand_sends(FRAME_TICK, &tick);
	assert_true(runs_until(&listener.ticks, ticks + 1, 1000));
	assert_int_equal(listener.ups, ups + 1);
	hand_lets_go();
	assert_true(runs_until(&listener.downs, listener.downs + 1, 1000));
}

static void both_ends_greet_and_know_each_other(void **state)
{
	(void)state;
	start_both();
	assert_int_equal(listener.peer.role, ROLE_COLLECTORD);
	assert_int_equal(connector.peer.role, ROLE_RULED);
	assert_int_equal(listener.peer.pid, getpid());
	assert_int_equal(listener.peer.pidns_ino, boot_get()->pidns_ino);
	assert_true(link_is_up(listener.link) && link_is_up(connector.link));
	assert_int_equal(link_sequence(connector.link), 1);
	assert_int_equal(link_queued(connector.link), 0);
}

static void the_connecting_end_may_start_first(void **state)
{
	(void)state;
	start(&connector, &connecting, getuid());
	assert_int_equal(send_tick(connector.link), -ENOTCONN);
	runs_for(300);
	assert_int_equal(connector.ups, 0);
	start_listener(getuid());
	assert_true(runs_until(&connector.ups, 1, 1000));
}

static void frames_arrive_in_the_turn_they_are_sent(void **state)
{
	(void)state;
	start_both();
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(send_tick(connector.link), 0);
	assert_true(runs_until(&listener.ticks, 100, 1000));
	assert_int_equal(link_sequence(connector.link), 101);
}

static void a_burst_arrives_whole_without_another_event(void **state)
{
	(void)state;
	start_both();
	for (unsigned i = 0; i < 6000; i++)
		assert_int_equal(send_tick(connector.link), 0);
	runs_for(300);
	assert_int_equal(listener.ticks, 6000);
}

/* More frames than one turn takes, and the last ones already read from the socket: no event will tell of them. */
static void no_frame_is_left_in_the_buffer_when_a_turn_has_had_enough(void **state)
{
	const struct hello hello = good_hello();
	const struct sample_end end = {.time_ns = 1};
	const int large = 200000;

	(void)state;
	start_listener(getuid());
	hand_connects();
	assert_int_equal(setsockopt(hand.sock, SOL_SOCKET, SO_SNDBUF, &large, sizeof(large)), 0);
	hand_sends(FRAME_HELLO, &hello);
	assert_true(runs_until(&listener.ups, 1, 1000));
	for (unsigned i = 0; i < 4500; i++)
		assert_int_equal(frame_queue_add(&hand.queue, FRAME_SAMPLE_END, &end, NULL, -1), 0);
	assert_int_equal(frame_queue_write(&hand.queue, hand.sock), 0);
	runs_for(100);
	assert_int_equal(listener.ticks, 4500);
	hand_lets_go();
}

static void refuses_a_frame_before_hello(void **state)
{
	const struct hello hello = good_hello();

	(void)state;
	start_listener(getuid());
	link_refuses(&hello, true);
	assert_int_equal(listener.ticks, 0);
	assert_int_equal(listener.ups, 0);
	link_serves_on();
}

static void refuses_each_wrong_field_of_hello(void **state)
{
	struct hello hello;

	(void)state;
	start_listener(getuid());
	hello = good_hello();
	hello.magic++;
	link_refuses(&hello, false);
	hello = good_hello();
	hello.version++;
	link_refuses(&hello, false);
	hello = good_hello();
	hello.role = ROLE_APID;
	link_refuses(&hello, false);
	hello = good_hello();
	hello.role = ROLE_RULED;
	link_refuses(&hello, false);
	hello = good_hello();
	hello.role = UINT16_MAX;
	link_refuses(&hello, false);
	hello = good_hello();
	hello.boot_id[15] ^= 1;
	link_refuses(&hello, false);
	assert_int_equal(listener.ups, 0);
	link_serves_on();
}

static void refuses_a_second_hello(void **state)
{
	const struct hello hello = good_hello();

	(void)state;
	start_listener(getuid());
	hand_connects();
	hand_sends(FRAME_HELLO, &hello);
	hand_sends(FRAME_HELLO, &hello);
	assert_true(runs_until(&listener.downs, 1, 1000));
	assert_true(hand_is_cut_off());
	assert_int_equal(listener.ups, 1);
	hand_lets_go();
	link_serves_on();
}

static void refuses_frames_without_a_handler_or_of_another_way(void **state)
{
	const struct hello hello = good_hello();
	const struct counters counters = {.filtered = 1};
	const struct ack ack = {1};

	(void)state;
	start_listener(getuid());
	hand_connects();
	hand_sends(FRAME_HELLO, &hello);
	hand_sends(FRAME_COUNTERS, &counters);
	assert_true(runs_until(&listener.downs, 1, 1000));
	assert_true(hand_is_cut_off());
	hand_lets_go();
	hand_connects();
	hand_sends(FRAME_HELLO, &hello);
	hand_sends(FRAME_ACK, &ack);
	assert_true(runs_until(&listener.downs, 2, 1000));
	assert_true(hand_is_cut_off());
	hand_lets_go();
	link_serves_on();
}

static void a_handler_that_objects_closes_the_link(void **state)
{
	const struct hello hello = good_hello();
	const struct tick tick = {.time_ns = 1};

	(void)state;
	start_listener(getuid());
	listener.answer = -EPROTO;
	hand_connects();
	hand_sends(FRAME_HELLO, &hello);
	hand_sends(FRAME_TICK, &tick);
	hand_sends(FRAME_TICK, &tick);
	assert_true(runs_until(&listener.downs, 1, 1000));
	assert_int_equal(listener.ticks, 1);
	assert_true(hand_is_cut_off());
	hand_lets_go();
	link_serves_on();
}

static void a_stray_descriptor_closes_the_link_and_is_closed(void **state)
{
	const struct hello hello = good_hello();
	char bytes[256];
	long n = frame_write(bytes, sizeof(bytes), FRAME_HELLO, 1, &hello, NULL);
	int files[2] = {some_file(), -1};
	unsigned before;

	(void)state;
	files[1] = files[0];
	start_listener(getuid());
	before = open_fds();
	hand_connects();
	send_with(hand.sock, bytes, (size_t)n, files, 2);
	runs_for(40);
	assert_true(hand_is_cut_off());
	hand_lets_go();
	assert_int_equal(open_fds(), before);
	close(files[0]);
	link_serves_on();
}

static void as_nobody(void)
{
	char byte;
	int sock = -1;

	if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0 || link_socket_connect(path, 0, &sock) < 0)
		_exit(1);
	usleep(300000);
	_exit(recv(sock, &byte, 1, MSG_DONTWAIT) == 0 ? 0 : 2);
}

static void refuses_a_peer_of_another_uid_before_it_says_anything(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	if (getuid() != 0)
		skip();
	start_listener(0);
	child = fork();
	if (child == 0)
		as_nobody();
	runs_for(400);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(listener.ups, 0);
	link_serves_on();
}

static void the_connecting_end_does_not_speak_to_a_listener_of_another_uid(void **state)
{
	(void)state;
	start_listener(getuid());
	start(&connector, &connecting, NOBODY);
	runs_for(200);
	assert_int_equal(connector.ups, 0);
	assert_int_equal(listener.ups, 0);
}

static void a_silent_peer_is_cut_off_and_does_not_hold_the_link(void **state)
{
	uint64_t start_ns = clock_boottime_ns();

	(void)state;
	start_listener(getuid());
	hand_connects();
	/* Half a header does not count as a word. */
	assert_int_equal(send(hand.sock, "\x40", 1, 0), 1);
	while (!hand_is_cut_off() && clock_boottime_ns() - start_ns < 8 * NSEC_PER_SEC)
		runs_for(100);
	assert_true(hand_is_cut_off());
	assert_true(clock_boottime_ns() - start_ns > 4 * NSEC_PER_SEC);
	hand_lets_go();
	link_serves_on();
}

static void reconnects_within_a_second_of_the_peer_s_death(void **state)
{
	(void)state;
	start_both();
	link_free(listener.link);
	listener = (struct end){0};
	assert_true(runs_until(&connector.downs, 1, 500));
	assert_int_equal(send_tick(connector.link), -ENOTCONN);
	runs_for(700);
	start_listener(getuid());
	assert_true(runs_until(&connector.ups, 2, 1000));
	assert_int_equal(send_tick(connector.link), 0);
	assert_true(runs_until(&listener.ticks, 1, 1000));
}

static void a_new_connection_replaces_one_that_the_peer_has_lost(void **state)
{
	(void)state;
	start_both();
	hand_connects();
	assert_true(runs_until(&listener.downs, 1, 1000));
	hand_lets_go();
	assert_true(runs_until(&connector.ups, 2, 2000));
	assert_true(runs_until(&listener.ups, 2, 2000));
}

static unsigned fill(struct link *link)
{
	unsigned sent = 0;
	int r;

	while ((r = send_tick(link)) == 0)
		assert_true(++sent < 1000000);
	assert_int_equal(r, -ENOBUFS);
	return sent;
}

static void a_full_queue_refuses_and_calls_when_there_is_room(void **state)
{
	unsigned sent;

	(void)state;
	start_both();
	sent = fill(connector.link);
	assert_int_equal(send_tick(connector.link), -ENOBUFS);
	assert_true(link_queued(connector.link) <= QUEUE_BYTES);
	assert_int_equal(connector.rooms, 0);
	assert_true(runs_until(&connector.rooms, 1, 1000));
	assert_true(runs_until(&listener.ticks, sent, 2000));
	runs_for(50);
	assert_int_equal(connector.rooms, 1);
	assert_int_equal(listener.ticks, sent);
}

static void what_is_sent_when_there_is_room_leaves_at_once(void **state)
{
	unsigned sent;

	(void)state;
	start_both();
	connector.refill = 20;
	sent = fill(connector.link);
	runs_for(300);
	assert_int_equal(listener.ticks, sent + 20);
	assert_int_equal(connector.rooms, 1);
}

static void a_peer_that_stalls_and_reads_again_does_not_keep_the_loop_busy(void **state)
{
	const struct hello hello = good_hello();
	char bytes[65536];
	unsigned before;

	(void)state;
	start_listener(getuid());
	hand_connects();
	hand_sends(FRAME_HELLO, &hello);
	assert_true(runs_until(&listener.ups, 1, 1000));
	while (link_queued(listener.link) < 100000)
		assert_int_equal(link_send(listener.link, FRAME_HELLO, &hello, NULL), 0);
	before = turns;
	runs_for(50);
	assert_true(turns - before < 5);
	while (recv(hand.sock, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	assert_int_equal(link_send(listener.link, FRAME_HELLO, &hello, NULL), 0);
	while (recv(hand.sock, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	before = turns;
	runs_for(50);
	assert_true(turns - before < 5);
	assert_int_equal(link_queued(listener.link), 0);
	hand_lets_go();
}

static void out_of_descriptors_it_waits_instead_of_spinning(void **state)
{
	struct rlimit limit, few;
	const struct hello hello = good_hello();
	unsigned before;

	(void)state;
	start_listener(getuid());
	hand_connects();
	hand_sends(FRAME_HELLO, &hello);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = (struct rlimit){3, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	before = turns;
	runs_for(200);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(turns - before < 10);
	assert_int_equal(listener.ups, 0);
	assert_true(runs_until(&listener.ups, 1, 1500));
	hand_lets_go();
}

static void a_freed_link_leaves_the_loop_usable(void **state)
{
	(void)state;
	start_both();
	link_free(connector.link);
	connector.link = NULL;
	assert_true(runs_until(&listener.downs, 1, 1000));
	start(&connector, &connecting, getuid());
	assert_true(runs_until(&listener.ups, 2, 1000));
	link_free(NULL);
}

static void last_words_are_delivered(void **state)
{
	(void)state;
	start_both();
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(send_tick(connector.link), 0);
	link_free(connector.link);
	connector.link = NULL;
	assert_true(runs_until(&listener.downs, 1, 1000));
	assert_int_equal(listener.ticks, 10);
}

static void a_socket_path_that_is_too_long_is_refused(void **state)
{
	char longer[200];
	struct link *link = NULL;

	(void)state;
	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	setenv("LINNIX_RUN_DIR", longer, 1);
	assert_int_equal(link_new(loop, &listening, 0, NULL, &link), -ENAMETOOLONG);
	setenv("LINNIX_RUN_DIR", directory, 1);
	assert_null(link);
}

static void the_run_directory_is_absolute(void **state)
{
	(void)state;
	setenv("LINNIX_RUN_DIR", "relative", 1);
	assert_string_equal(run_directory(), "/run/linnix");
	unsetenv("LINNIX_RUN_DIR");
	assert_string_equal(run_directory(), "/run/linnix");
	setenv("LINNIX_RUN_DIR", directory, 1);
	assert_string_equal(run_directory(), directory);
}

static int make_directory(void **state)
{
	(void)state;
	assert_int_equal(boot_read(), 0);
	log_setup("test_link", (enum log_level)0);
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chmod(directory, 0755), 0);
	snprintf(path, sizeof(path), "%s/ruled", directory);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/ruled/events.sock", directory);
	return setenv("LINNIX_RUN_DIR", directory, 1);
}

static int remove_directory(void **state)
{
	(void)state;
	*strrchr(path, '/') = '\0';
	return rmdir(path) < 0 || rmdir(directory) < 0;
}

int main(void)
{
#define LINKS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		LINKS(both_ends_greet_and_know_each_other),
		LINKS(the_connecting_end_may_start_first),
		LINKS(frames_arrive_in_the_turn_they_are_sent),
		LINKS(a_burst_arrives_whole_without_another_event),
		LINKS(no_frame_is_left_in_the_buffer_when_a_turn_has_had_enough),
		LINKS(refuses_a_frame_before_hello),
		LINKS(refuses_each_wrong_field_of_hello),
		LINKS(refuses_a_second_hello),
		LINKS(refuses_frames_without_a_handler_or_of_another_way),
		LINKS(a_handler_that_objects_closes_the_link),
		LINKS(a_stray_descriptor_closes_the_link_and_is_closed),
		LINKS(refuses_a_peer_of_another_uid_before_it_says_anything),
		LINKS(the_connecting_end_does_not_speak_to_a_listener_of_another_uid),
		LINKS(a_silent_peer_is_cut_off_and_does_not_hold_the_link),
		LINKS(reconnects_within_a_second_of_the_peer_s_death),
		LINKS(a_new_connection_replaces_one_that_the_peer_has_lost),
		LINKS(a_full_queue_refuses_and_calls_when_there_is_room),
		LINKS(what_is_sent_when_there_is_room_leaves_at_once),
		LINKS(a_peer_that_stalls_and_reads_again_does_not_keep_the_loop_busy),
		LINKS(out_of_descriptors_it_waits_instead_of_spinning),
		LINKS(a_freed_link_leaves_the_loop_usable),
		LINKS(last_words_are_delivered),
		LINKS(a_socket_path_that_is_too_long_is_refused),
		LINKS(the_run_directory_is_absolute),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
