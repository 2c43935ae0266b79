/* SPDX-License-Identifier: AGPL-3.0-only */
/* collectord: turns what the kernel programs see into frames for ruled, or into a recording. */
#include "collectord/collector.h"

int main(int argc, char **argv)
{
	_cleanup_(collectord_done) struct collectord c = COLLECTORD_INIT;
	const struct daemon_option extra[] = {
		{"record", "FILE",
			"write frames into FILE instead of sending them to ruled, until SIGINT",
			&c.record_path},
		{"dry-run", NULL,
			"load and attach, report each probe, exit: 0 all needed ones attached, 1 not",
			&c.dry_run},
	};
	const struct daemon_info info = {"linnix-collectord",
		"reports what processes do, as the kernel sees it", extra, ARRAY_LEN(extra)};
	int r;

	config_init(&c.config);
	r = daemon_options(&c.options, &info, argc, argv);
	if (r != 0)
		return r < 0 ? 2 : 0;
	r = daemon_config(&c.config, &c.options, &info);
	if (r < 0 || c.options.check_config)
		return daemon_exit(r);
	if ((r = daemon_standard()) < 0)
		return daemon_exit(log_err_r(r, "start"));
	r = collectord_load(&c);
	if (c.dry_run) {
		collectord_report(&c, stdout);
		return daemon_exit(r);
	}
	/* Rights only go down from here. */
	if (r < 0 || (r = collectord_prepare(&c)) < 0 || (r = collectord_confine(&c)) < 0)
		return daemon_exit(r);
	return daemon_exit(collectord_serve(&c));
}
