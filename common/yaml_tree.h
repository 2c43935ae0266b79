/* SPDX-License-Identifier: AGPL-3.0-only */
/*
 * Reads a YAML file into a small tree of nodes. One document, no anchors, aliases or tags, bounded
 * depth, size and number of nodes. Knows no key of any file and never prints: what is wrong goes to
 * the problems.
 */
#pragma once

#include "common/yaml_node.h"

#define YTREE_BYTES_MAX (1U << 20)

/*
 * Reads @path, relative to the directory @dirfd (or AT_FDCWD), into an empty @tree. @shown is the
 * file's name in problems. Returns 0; -ENOENT if there is no such file (no problem is added);
 * -EINVAL if problems were added and
 * @tree holds what could be read; -ENOMEM. Every other failure to open or read (FIFO, directory,
 * device, more than YTREE_BYTES_MAX bytes, no right) is a problem at 1:1 as well. @tree must not
 * outlive @problems.
 */
must_check int ytree_load(struct ytree *tree, int dirfd, const char *path, const char *shown,
	struct problems *problems);

/* The same from @len bytes of @data, which are no longer needed afterwards. */
must_check int ytree_parse(struct ytree *tree, const char *data, size_t len, const char *shown,
	struct problems *problems);
