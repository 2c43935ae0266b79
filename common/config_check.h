/* SPDX-License-Identifier: AGPL-3.0-only */
/* The checks of linnix.yaml that are more than a type and a range; config.c's tables name them.
 * Reads no other file. */
#pragma once

#include "common/yaml_keys.h"

/* Of one text, which may be one of a list. */
void config_check_path(const struct ytree *tree, const struct ynode *node, const char *key);
void config_check_listen(const struct ytree *tree, const struct ynode *node, const char *key);
void config_check_host(const struct ytree *tree, const struct ynode *node, const char *key);
void config_check_glob(const struct ytree *tree, const struct ynode *node, const char *key);
void config_check_group(const struct ytree *tree, const struct ynode *node, const char *key);
void config_check_user(const struct ytree *tree, const struct ynode *node, const char *key);
void config_check_daemon_user(const struct ytree *tree, const struct ynode *node, const char *key);

/* Of a value that has been read into @target, a struct config. */
ykey_check config_check_ring, config_check_users, config_check_listens, config_check_hosts;
