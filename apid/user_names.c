/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/user_names.h"

#include <stdio.h>

#include "common/account.h"

static struct {
	struct {
		uid_t uid;
		char name[ACCOUNT_NAME_MAX];
	} at[USER_NAMES_MAX];
	unsigned count, read;
} self;

void user_names_begin(void)
{
	self.count = self.read = 0;
}

const char *user_name(uid_t uid, char *buffer, size_t size)
{
	for (unsigned i = 0; i < self.count; i++)
		if (self.at[i].uid == uid) {
			snprintf(buffer, size, "%s", self.at[i].name);
			return buffer;
		}
	self.read++;
	account_name(uid, buffer, size);
	if (self.count < USER_NAMES_MAX) {
		snprintf(self.at[self.count].name, sizeof(self.at[0].name), "%s", buffer);
		self.at[self.count++].uid = uid;
	}
	return buffer;
}

unsigned user_names_read(void)
{
	return self.read;
}
