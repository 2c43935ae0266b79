/* SPDX-License-Identifier: AGPL-3.0-only */
/* One rule from its place in the rules file: the tables of keys and what else must hold. */
#pragma once

#include "common/yaml_tree.h"
#include "ruled/rule.h"

/* Reads the rule at @node. -EINVAL: its problems are told; -ENOMEM. */
must_check int rule_draft_read(
	const struct ytree *tree, const struct ynode *node, struct rule_def **rule);
