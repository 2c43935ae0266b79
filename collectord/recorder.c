/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/recorder.h"

#include <errno.h>
#include <fcntl.h>

#include "common/log.h"
#include "proto/recording.h"

static int send_frame(void *ctx, unsigned type, const void *payload, const struct text *texts)
{
	struct recorder *self = ctx;
	long n = frame_write(
		self->buffer, sizeof(self->buffer), type, self->sequence + 1, payload, texts);

	if (n < 0 || self->error < 0)
		return -ENOTCONN;
	if (fwrite(self->buffer, (size_t)n, 1, self->file) != 1) {
		self->error = log_err_r(-errno, "recording");
		return -ENOTCONN;
	}
	self->sequence++;
	if (type == FRAME_TICK) /* what is lost with us is one second at most */
		(void)!fflush(self->file);
	return 0;
}

static bool is_flushed(void *ctx)
{
	(void)ctx;
	return true;
}

int recorder_open(struct recorder *recorder, const char *path)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	recorder->file = fdopen(fd, "w");
	if (!recorder->file)
		return -errno;
	(void)TAKE_FD(fd);
	(void)!setvbuf(recorder->file, NULL, _IOFBF, sizeof(recorder->buffer));
	recorder->out = (struct out){send_frame, is_flushed, recorder};
	return recording_start(recorder->file);
}

int recorder_close(struct recorder *recorder)
{
	int r = recorder->error;

	if (recorder->file && fclose(recorder->file) != 0 && r == 0)
		r = -errno;
	recorder->file = NULL;
	return r;
}
