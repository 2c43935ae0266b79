/* SPDX-License-Identifier: AGPL-3.0-only */
/* Whatever a directory is called: every name taken from its path ends, and a pod's is a uid. */
#include <string.h>

#include "common/cgroup_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of its own, so that a byte read beyond it is seen. */
	char *copy = malloc(size ? size : 1);
	struct cgroup_name name;

	memcpy(copy, data, size);
	cgroup_name_of((struct text){copy, size}, &name);
	free(copy);
	if (!name.runtime || !memchr(name.unit, '\0', sizeof(name.unit)) ||
		!memchr(name.container, '\0', sizeof(name.container)) ||
		!memchr(name.pod, '\0', sizeof(name.pod)))
		__builtin_trap();
	if (name.pod[strspn(name.pod, "0123456789abcdef-")] != '\0')
		__builtin_trap();
	if (name.runtime[0] != '\0' && name.container[0] == '\0')
		__builtin_trap();
	return 0;
}
