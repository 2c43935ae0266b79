/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/journal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static char path[64];

static int listen_at(const char *where)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, where);
	unlink(where);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void sends_fields_in_one_datagram(void **state)
{
	const struct journal_field fields[] = {
		{"MESSAGE", "one line"}, {"ABSENT", NULL}, {"TEXT", "a\nb"}};
	struct journal journal = JOURNAL_INIT;
	char datagram[256];
	int fd = listen_at(path);

	(void)state;
	assert_int_equal(journal_open(&journal, path), 0);
	assert_int_equal(journal_send(&journal, fields, ARRAY_LEN(fields)), 0);
	assert_int_equal(recv(fd, datagram, sizeof(datagram), MSG_DONTWAIT), 17 + 5 + 8 + 4);
	assert_memory_equal(
		datagram, "MESSAGE=one line\nTEXT\n\3\0\0\0\0\0\0\0a\nb\n", 17 + 5 + 8 + 4);
	journal_close(&journal);
	close(fd);
	unlink(path);
}

static void says_when_there_is_no_journal_and_finds_it_later(void **state)
{
	const struct journal_field field = {"MESSAGE", "x"};
	struct journal journal = JOURNAL_INIT;
	int fd;

	(void)state;
	assert_int_equal(journal_send(&journal, &field, 1), -ENOENT);
	assert_int_equal(journal_open(&journal, path), 0);
	assert_int_equal(journal_send(&journal, &field, 1), -ENOENT);
	fd = listen_at(path);
	assert_int_equal(journal_send(&journal, &field, 1), 0);
	close(fd);
	assert_int_equal(journal_send(&journal, &field, 1), -ECONNREFUSED);
	journal_close(&journal);
	unlink(path);
}

static void never_waits_for_a_full_journal(void **state)
{
	const struct journal_field field = {"MESSAGE", "x"};
	struct journal journal = JOURNAL_INIT;
	int fd = listen_at(path), r = 0;

	(void)state;
	assert_int_equal(journal_open(&journal, path), 0);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = journal_send(&journal, &field, 1);
	assert_int_equal(r, -EAGAIN);
	journal_close(&journal);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_fields_in_one_datagram),
		cmocka_unit_test(says_when_there_is_no_journal_and_finds_it_later),
		cmocka_unit_test(never_waits_for_a_full_journal),
	};

	snprintf(path, sizeof(path), "/tmp/linnix-journal-%d", getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
