/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/link_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "common/account.h"

#define NOBODY 65534

static char top[64], directory[80], path[96];
static int sock; /* what a test listens with */

static int make_directory(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/linnix-socket-XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(chmod(top, 0755), 0);
	snprintf(directory, sizeof(directory), "%s/ruled", top);
	snprintf(path, sizeof(path), "%s/events.sock", directory);
	sock = -1;
	return mkdir(directory, 0755);
}

static int remove_directory(void **state)
{
	(void)state;
	close_fd(&sock);
	unlink(path);
	return rmdir(directory) < 0 || rmdir(top) < 0;
}

static int listens(void)
{
	close_fd(&sock);
	return link_socket_listen(path, NULL, 0660, &sock);
}

static int connects(uid_t owner)
{
	_cleanup_close_ int fd = -1;
	int r = link_socket_connect(path, owner, &fd);

	assert_int_equal(fd >= 0, r == 0);
	return r;
}

static void needs_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void connects_to_a_socket_of_the_right_owner(void **state)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	uid_t uid = 1;

	(void)state;
	assert_int_equal(listens(), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(link_socket_connect(path, geteuid(), &fd), 0);
	assert_int_equal(link_socket_peer(fd, &uid), 0);
	assert_int_equal(uid, geteuid());
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(sock, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(fcntl(sock, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void shares_the_socket_with_its_group(void **state)
{
	struct stat st;
	gid_t gid;

	(void)state;
	needs_root();
	assert_int_equal(account_group("daemon", &gid), 0);
	assert_int_equal(link_socket_listen(path, "daemon", 0660, &sock), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_gid, gid);
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void names_a_missing_group(void **state)
{
	(void)state;
	assert_int_equal(link_socket_listen(path, "no such group", 0660, &sock), -ENOENT);
	assert_int_equal(sock, -1);
	/* What it leaves is no obstacle later. */
	assert_int_equal(listens(), 0);
}

static void names_a_missing_directory(void **state)
{
	(void)state;
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(listens(), -ENOENT);
	assert_int_equal(connects(geteuid()), -ENOENT);
	assert_int_equal(mkdir(directory, 0755), 0);
	assert_int_equal(connects(geteuid()), -ENOENT);
}

static void refuses_a_directory_of_another_owner(void **state)
{
	(void)state;
	needs_root();
	assert_int_equal(listens(), 0);
	assert_int_equal(chown(directory, NOBODY, NOBODY), 0);
	assert_int_equal(connects(0), -EPERM);
	close_fd(&sock);
	assert_int_equal(listens(), -EPERM);
}

static void refuses_a_directory_that_others_can_write(void **state)
{
	static const mode_t modes[] = {0775, 0757, 0777, 01777, 02775};

	(void)state;
	assert_int_equal(listens(), 0);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		assert_int_equal(chmod(directory, modes[i]), 0);
		assert_int_equal(connects(geteuid()), -EPERM);
	}
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(connects(geteuid()), 0);
	close_fd(&sock);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		assert_int_equal(chmod(directory, modes[i]), 0);
		assert_int_equal(listens(), -EPERM);
	}
}

static void refuses_a_directory_that_is_a_link(void **state)
{
	char real[96];

	(void)state;
	snprintf(real, sizeof(real), "%s/real", top);
	assert_int_equal(listens(), 0);
	assert_int_equal(rename(directory, real), 0);
	assert_int_equal(symlink(real, directory), 0);
	assert_int_equal(connects(geteuid()), -EPERM);
	close_fd(&sock);
	assert_int_equal(listens(), -EPERM);
	assert_int_equal(unlink(directory), 0);
	assert_int_equal(rename(real, directory), 0);
}

static void replaces_a_stale_socket(void **state)
{
	(void)state;
	assert_int_equal(listens(), 0);
	close_fd(&sock);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(connects(geteuid()), -ECONNREFUSED);
	assert_int_equal(listens(), 0);
	assert_int_equal(connects(geteuid()), 0);
}

static void does_not_take_the_socket_of_a_running_daemon(void **state)
{
	int second = -1;

	(void)state;
	assert_int_equal(listens(), 0);
	assert_int_equal(link_socket_listen(path, NULL, 0660, &second), -EADDRINUSE);
	assert_int_equal(second, -1);
	assert_int_equal(connects(geteuid()), 0);
}

static void a_crowded_listener_is_a_running_one(void **state)
{
	int crowd[64], second = -1, r = 0;
	unsigned count = 0;

	(void)state;
	assert_int_equal(listens(), 0);
	while (r == 0 && count < ARRAY_LEN(crowd)) {
		crowd[count] = -1;
		r = link_socket_connect(path, geteuid(), &crowd[count]);
		count += r == 0;
	}
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(link_socket_listen(path, NULL, 0660, &second), -EADDRINUSE);
	while (count > 0)
		close(crowd[--count]);
}

static void leaves_files_and_links_in_its_place_alone(void **state)
{
	char elsewhere[96];
	struct stat st;

	(void)state;
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(listens(), -EEXIST);
	assert_int_equal(connects(geteuid()), -EPERM);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(path), 0);

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", top);
	assert_int_equal(link_socket_listen(elsewhere, NULL, 0660, &sock), 0);
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_int_equal(connects(geteuid()), -EPERM);
	close_fd(&sock);
	assert_int_equal(listens(), -EEXIST);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(unlink(elsewhere), 0);
}

static void refuses_a_socket_of_another_owner(void **state)
{
	(void)state;
	needs_root();
	assert_int_equal(listens(), 0);
	assert_int_equal(chown(path, NOBODY, (gid_t)-1), 0);
	assert_int_equal(connects(0), -EPERM);
}

static void refuses_a_process_of_another_uid_behind_the_right_socket(void **state)
{
	(void)state;
	needs_root();
	assert_int_equal(listens(), 0);
	assert_int_equal(chown(path, NOBODY, (gid_t)-1), 0);
	assert_int_equal(connects(NOBODY), -EPERM);
}

static void tells_the_uid_of_who_connected_even_after_it_is_gone(void **state)
{
	_cleanup_close_ int fd = -1;
	int status = -1;
	uid_t uid = 0;
	pid_t child;

	(void)state;
	needs_root();
	assert_int_equal(listens(), 0);
	assert_int_equal(chmod(path, 0666), 0);
	child = fork();
	if (child == 0)
		_exit(setgid(NOBODY) < 0 || setuid(NOBODY) < 0 || connects(0) < 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	fd = accept(sock, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(link_socket_peer(fd, &uid), 0);
	assert_int_equal(uid, NOBODY);
}

static void refuses_paths_that_no_address_can_hold(void **state)
{
	char longer[200];
	int fd = -1;

	(void)state;
	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	for (size_t len = sizeof(((struct sockaddr_un *)0)->sun_path); len < sizeof(longer); len += 30) {
		longer[len] = '\0';
		assert_int_equal(link_socket_listen(longer, NULL, 0660, &fd), -ENAMETOOLONG);
		assert_int_equal(link_socket_connect(longer, 0, &fd), -ENAMETOOLONG);
		longer[len] = 'x';
	}
	assert_int_equal(link_socket_listen("no-directory", NULL, 0660, &fd), -EINVAL);
	assert_int_equal(link_socket_connect("no-directory", 0, &fd), -EINVAL);
	assert_int_equal(fd, -1);
}

static void a_descriptor_that_is_no_socket_has_no_peer(void **state)
{
	uid_t uid = 7;

	(void)state;
	assert_int_equal(link_socket_peer(STDOUT_FILENO + 100, &uid), -EBADF);
	sock = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(link_socket_peer(sock, &uid), -ENOTSOCK);
	assert_int_equal(uid, 7);
}

int main(void)
{
#define PLACE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)
	const struct CMUnitTest tests[] = {
		PLACE(connects_to_a_socket_of_the_right_owner),
		PLACE(shares_the_socket_with_its_group),
		PLACE(names_a_missing_group),
		PLACE(names_a_missing_directory),
		PLACE(refuses_a_directory_of_another_owner),
		PLACE(refuses_a_directory_that_others_can_write),
		PLACE(refuses_a_directory_that_is_a_link),
		PLACE(replaces_a_stale_socket),
		PLACE(does_not_take_the_socket_of_a_running_daemon),
		PLACE(a_crowded_listener_is_a_running_one),
		PLACE(leaves_files_and_links_in_its_place_alone),
		PLACE(refuses_a_socket_of_another_owner),
		PLACE(refuses_a_process_of_another_uid_behind_the_right_socket),
		PLACE(tells_the_uid_of_who_connected_even_after_it_is_gone),
		PLACE(refuses_paths_that_no_address_can_hold),
		PLACE(a_descriptor_that_is_no_socket_has_no_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
