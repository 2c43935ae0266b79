/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/boot.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/clock.h"

static struct boot self;

static int read_boot_id(uint8_t *id)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	unsigned got = 0, value;
	int c;

	if (!file)
		return -errno;
	while (got < 16 && fscanf(file, "%2x", &value) == 1) {
		id[got++] = (uint8_t)value;
		c = fgetc(file);
		if (c != '-' && c != EOF)
			ungetc(c, file);
	}
	fclose(file);
	return got == 16 ? 0 : -EIO;
}

int boot_read(void)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) < 0)
		return -errno;
	self.pidns_ino = st.st_ino;
	self.start_ns = clock_boottime_ns();
	return read_boot_id(self.id);
}

const struct boot *boot_get(void)
{
	return &self;
}
