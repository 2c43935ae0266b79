/* SPDX-License-Identifier: AGPL-3.0-only */
#include "enforcerd/refusals.h"

static struct refusal *find(struct refusals *refusals, uid_t uid, uint64_t now_ns)
{
	struct refusal *place = NULL;

	for (size_t i = 0; i < REFUSALS_MAX; i++) {
		struct refusal *r = &refusals->places[i];

		if (r->used && r->uid == uid)
			return r;
		if (!place &&
			(!r->used || (r->suppressed == 0 && now_ns - r->last_ns >= NSEC_PER_SEC)))
			place = r;
	}
	if (!place)
		return &refusals->places[0];
	*place = (struct refusal){.uid = uid};
	return place;
}

bool refusals_pass(struct refusals *refusals, uid_t uid, uint64_t now_ns)
{
	struct refusal *r = find(refusals, uid, now_ns);

	if (r->used && now_ns - r->last_ns < NSEC_PER_SEC) {
		r->suppressed++;
		return false;
	}
	r->used = true;
	r->last_ns = now_ns;
	return true;
}

bool refusals_take(struct refusals *refusals, uint64_t now_ns, uid_t *uid, uint64_t *suppressed)
{
	for (size_t i = 0; i < REFUSALS_MAX; i++) {
		struct refusal *r = &refusals->places[i];

		if (r->suppressed == 0 || now_ns - r->last_ns < NSEC_PER_SEC)
			continue;
		*uid = r->uid;
		*suppressed = r->suppressed;
		r->suppressed = 0;
		r->last_ns = now_ns;
		return true;
	}
	return false;
}
