/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/host_watch.h"

#include <errno.h>
#include <fcntl.h>

#include "collectord/host_text.h"

/* More than the parts that are looked at, which stand in front. */
#define TEXT_BYTES 512

static const char *const pressure_paths[PRESSURE_RESOURCES] = {
	"/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io"};

static int open_file(const char *path, int *fd)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

int host_watch_open(struct host_watch *watch)
{
	long ticks_per_second = sysconf(_SC_CLK_TCK);
	int r;

	if (ticks_per_second <= 0)
		return -EIO;
	watch->tick_ns = NSEC_PER_SEC / (uint64_t)ticks_per_second;
	for (unsigned i = 0; i < PRESSURE_RESOURCES; i++)
		(void)!open_file(pressure_paths[i], &watch->pressure_fds[i]);
	if ((r = open_file("/proc/stat", &watch->stat_fd)) < 0 ||
		(r = open_file("/proc/meminfo", &watch->meminfo_fd)) < 0)
		return r;
	return open_file("/proc/loadavg", &watch->loadavg_fd);
}

void host_watch_close(struct host_watch *watch)
{
	for (unsigned i = 0; i < PRESSURE_RESOURCES; i++)
		close_fd(&watch->pressure_fds[i]);
	close_fd(&watch->stat_fd);
	close_fd(&watch->meminfo_fd);
	close_fd(&watch->loadavg_fd);
}

/* The beginning of a file; empty if it cannot be read. */
static struct text read_text(int fd, char *buffer)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, buffer, TEXT_BYTES, 0);

	return (struct text){buffer, n > 0 ? (size_t)n : 0};
}

void host_watch_read(const struct host_watch *watch, struct host_sample *sample)
{
	char buffer[TEXT_BYTES];

	/* trust: the kernel's words, but of many versions */
	for (unsigned i = 0; i < PRESSURE_RESOURCES; i++)
		if (host_text_pressure(
			    read_text(watch->pressure_fds[i], buffer), &sample->pressure[i]) == 0)
			sample->pressure_known |= (uint16_t)(1U << i);
	(void)!host_text_stat(read_text(watch->stat_fd, buffer), watch->tick_ns, sample);
	(void)!host_text_meminfo(read_text(watch->meminfo_fd, buffer), sample);
	(void)!host_text_loadavg(read_text(watch->loadavg_fd, buffer), sample);
}
