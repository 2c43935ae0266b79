/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/rights.h"

#include <errno.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/privs.h"

int rights_probe(struct policy *policy, const struct account *account, const struct probes *probes)
{
	pid_t child = fork();
	int status, r;

	if (child < 0)
		return -errno;
	if (child == 0) {
		r = privs_drop(policy, account);
		if (r == 0)
			r = probes_iterate(probes, false);
		_exit(r == -EPERM || r == -EACCES);
	}
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	log_warn("this kernel walks processes only with CAP_BPF and CAP_PERFMON: both are kept");
	policy->caps_kept = policy->caps_start;
	return 0;
}
