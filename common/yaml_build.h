/* SPDX-License-Identifier: AGPL-3.0-only */
/* The inside of yaml_tree.c: libyaml's events become nodes. Nobody else includes this, or yaml.h.
 */
#pragma once

#include "common/yaml_node.h"

/*
 * Fills @tree, whose file and problems are set, from @len bytes of checked UTF-8. What is wrong is
 * added to its problems; sets broken if the rest cannot be read. Returns 0 or -ENOMEM.
 */
must_check int ybuild(struct ytree *tree, const char *data, size_t len);
