/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/link_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/account.h"
#include "common/link.h"

#define BACKLOG 16

static int fill_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

/* The directory of @path: root's or @owner's, and nobody else may write there. */
static int check_directory(const char *path, uid_t owner)
{
	char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct stat st;
	char *slash;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (!slash)
		return -EINVAL;
	*slash = '\0';
	if (lstat(directory, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || (st.st_uid != 0 && st.st_uid != owner) || (st.st_mode & 0022) != 0)
		return -EPERM;
	return 0;
}

/* A socket that a running daemon serves is not stale: a second one must not take its peers away. */
static bool is_served(const struct sockaddr_un *address)
{
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return sock >= 0 && (connect(sock, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN);
}

static int remove_stale(const struct sockaddr_un *address)
{
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (is_served(address))
		return -EADDRINUSE;
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

static int share(const char *path, const char *group, mode_t mode)
{
	gid_t gid;
	int r;

	if (group) {
		r = account_group(group, &gid);
		if (r < 0)
			return r;
		if (chown(path, (uid_t)-1, gid) < 0)
			return -errno;
	}
	return chmod(path, mode) < 0 ? -errno : 0;
}

int link_socket_listen(const char *path, const char *group, mode_t mode, int *fd)
{
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	int r;

	if (sock < 0)
		return -errno;
	r = fill_address(path, &address);
	if (r == 0)
		r = check_directory(path, geteuid());
	if (r == 0)
		r = remove_stale(&address);
	if (r < 0)
		return r;
	if (bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	r = share(path, group, mode);
	if (r < 0)
		return r;
	if (listen(sock, BACKLOG) < 0)
		return -errno;
	*fd = TAKE_FD(sock);
	return 0;
}

int link_socket_peer(int fd, uid_t *uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	*uid = cred.uid;
	return 0;
}

int link_socket_connect(const char *path, uid_t owner, int *fd)
{
	_cleanup_close_ int sock = -1;
	struct sockaddr_un address;
	struct stat st;
	uid_t uid;
	int r = fill_address(path, &address);

	if (r == 0)
		r = check_directory(path, owner);
	if (r < 0)
		return r;
	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode) || st.st_uid != owner)
		return -EPERM;
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock < 0 || connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	r = link_socket_peer(sock, &uid);
	if (r < 0)
		return r;
	if (uid != owner)
		return -EPERM;
	*fd = TAKE_FD(sock);
	return 0;
}

void api_socket_path(const char *configured, char *path, size_t size)
{
	if (strcmp(configured, API_SOCKET_DEFAULT) == 0)
		snprintf(path, size, "%s/apid/api.sock", run_directory());
	else
		snprintf(path, size, "%s", configured);
}
