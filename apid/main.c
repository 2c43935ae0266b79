/* SPDX-License-Identifier: AGPL-3.0-only */
/* linnix-apid: shows what the suite sees over HTTP and passes people's decisions on. Proposes
 * nothing, decides nothing. */
#include "apid/policy.h"
#include "apid/wiring.h"
#include "common/clock.h"
#include "common/daemon.h"
#include "common/log.h"
#include "common/privs.h"

static const struct daemon_info info = {
	.name = "linnix-apid",
	.summary = "the HTTP API of Linnix: alerts, actions, decisions",
};

static struct apid apid = {.selfstat = SELFSTAT_INIT}; /* large, and mostly never touched */

static int prepare(void)
{
	int r = daemon_standard();

	if (r == 0)
		r = daemon_notify_open();
	return r < 0 ? log_err_r(r, "start") : 0;
}

static int drop_rights(struct account *account)
{
	int r = daemon_account(&apid.config, ROLE_APID, account);

	if (r == 0 && (r = privs_drop(&apid_policy, account)) < 0)
		return log_err_r(r, "dropping rights to %s", account->name);
	return r;
}

/* Rights only go down: our own user, what needs paths and sockets, the sandbox, the proof. */
static int serve(const struct daemon_options *options)
{
	struct account account;
	int r = prepare();

	if (r == 0)
		r = drop_rights(&account);
	if (r == 0)
		r = wiring_open(&apid);
	if (r == 0)
		r = daemon_confine(&apid_policy, &account, options->seccomp);
	return r == 0 ? wiring_run(&apid) : r;
}

int main(int argc, char **argv)
{
	struct daemon_options options;
	int r = daemon_options(&options, &info, argc, argv);

	if (r != 0)
		return r < 0 ? 2 : EXIT_SUCCESS;
	config_init(&apid.config);
	apid.start_ns = clock_boottime_ns();
	history_init(&apid.history, apid.start_ns);
	r = daemon_config(&apid.config, &options, &info);
	if (r == 0 && !options.check_config)
		r = serve(&options);
	wiring_done(&apid);
	return daemon_exit(r);
}
