/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/selfstat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

#define PSS_INTERVAL_NS (10 * NSEC_PER_SEC)

int selfstat_open(struct selfstat *stat, enum role role, uint64_t start_ns)
{
	stat->frame = (struct self){
		.role = (uint16_t)role,
		.pid = (uint32_t)getpid(),
		.uid = geteuid(),
		.gid = getegid(),
		.start_ns = start_ns,
	};
	stat->smaps_fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
	stat->status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	return stat->status_fd < 0 ? -errno : 0;
}

void selfstat_close(struct selfstat *stat)
{
	close_fd(&stat->smaps_fd);
	close_fd(&stat->status_fd);
}

/* The number after @name in the file at @fd; 0 if it cannot be read. */
static uint64_t read_field(int fd, const char *name, int base)
{
	char buffer[4096];
	ssize_t n = fd < 0 ? -1 : pread(fd, buffer, sizeof(buffer) - 1, 0);
	const char *at;

	if (n <= 0)
		return 0;
	buffer[n] = '\0';
	at = strstr(buffer, name);
	return at ? strtoull(at + strlen(name), NULL, base) : 0;
}

const struct self *selfstat_get(struct selfstat *stat)
{
	uint64_t now = clock_boottime_ns();

	stat->frame.cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (stat->pss_read_ns == 0 || now - stat->pss_read_ns >= PSS_INTERVAL_NS) {
		stat->pss_read_ns = now;
		stat->frame.pss_bytes = read_field(stat->smaps_fd, "\nPss:", 10) * 1024;
		stat->frame.cap_effective = read_field(stat->status_fd, "\nCapEff:", 16);
		stat->frame.seccomp = (uint16_t)read_field(stat->status_fd, "\nSeccomp:", 10);
	}
	return &stat->frame;
}
