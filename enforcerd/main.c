/* SPDX-License-Identifier: AGPL-3.0-only */
/* linnix-enforcerd: ends processes that an approver has condemned, and nothing else. */
#include "common/log.h"
#include "common/privs.h"
#include "enforcerd/enforcerd.h"
#include "enforcerd/policy.h"

static const struct daemon_info info = {
	.name = "linnix-enforcerd",
	.summary = "ends what was proposed and approved, and nothing else",
};

/* Large, and all zero at first: what is not used costs nothing. */
static struct enforcerd self;

static int run(struct enforcerd *d)
{
	const struct account *own = &d->accounts[ROLE_ENFORCERD];
	int r = daemon_standard();

	if (r == 0)
		r = daemon_notify_open();
	if (r < 0)
		return log_err_r(r, "start");
	if ((r = enforcerd_find_users(d)) < 0)
		return r;
	r = privs_drop(&enforcerd_policy, own);
	if (r < 0)
		return log_err_r(r, "dropping rights to %s", own->name);
	if ((r = enforcerd_open(d)) < 0 || (r = enforcerd_confine(d)) < 0)
		return r;
	return enforcerd_run(d);
}

int main(int argc, char **argv)
{
	int r = daemon_options(&self.options, &info, argc, argv);

	if (r != 0)
		return r < 0 ? 2 : EXIT_SUCCESS;
	config_init(&self.config);
	self.self = (struct selfstat)SELFSTAT_INIT;
	r = daemon_config(&self.config, &self.options, &info);
	if (r == 0 && !self.options.check_config)
		r = run(&self);
	enforcerd_done(&self);
	return daemon_exit(r);
}
