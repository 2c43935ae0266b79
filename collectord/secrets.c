/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/secrets.h"

#include <string.h>

#define NAME_MAX_BYTES 64

const struct secret_pattern secret_patterns[] = {
	{NAME_HAS, "password", NULL, ALL},
	{NAME_HAS, "passwd", NULL, ALL},
	{NAME_HAS, "passphrase", NULL, ALL},
	{NAME_HAS, "token", NULL, ALL},
	{NAME_HAS, "secret", NULL, ALL},
	{NAME_HAS, "credential", NULL, ALL},
	{NAME_HAS, "apikey", NULL, ALL},
	{NAME_HAS, "accesskey", NULL, ALL},
	{NAME_HAS, "privatekey", NULL, ALL},
	{NAME_HAS, "authorization", NULL, ALL},
	{NAME_LAST, "key", NULL, ALL},
	{NAME_LAST, "pass", NULL, ALL},
	{NAME_LAST, "pwd", NULL, ALL},
	{NAME_LAST, "auth", NULL, ALL},
	{NAME_LAST, "cookie", NULL, ALL},
	{NAME_LAST, "passin", NULL, ALL},
	{NAME_LAST, "passout", NULL, ALL},
	{NAME_LAST, "storepass", NULL, ALL},
	{NAME_LAST, "keypass", NULL, ALL},
	{NAME_LAST, "requirepass", NULL, ALL},
	{NAME_LAST, "masterauth", NULL, ALL},
	{NAME_PLAIN, "file", NULL, ALL},
	{NAME_PLAIN, "path", NULL, ALL},
	{NAME_PLAIN, "dir", NULL, ALL},
	{NAME_PLAIN, "stdin", NULL, ALL},
	{NAME_PLAIN, "fd", NULL, ALL},
	{WORD_NEXT, "bearer", NULL, ALL},
	{TOOL_JOINED, "mysql", "-p", ALL},
	{TOOL_JOINED, "mysqladmin", "-p", ALL},
	{TOOL_JOINED, "mysqldump", "-p", ALL},
	{TOOL_JOINED, "mysqlimport", "-p", ALL},
	{TOOL_JOINED, "mariadb", "-p", ALL},
	{TOOL_JOINED, "mariadb-dump", "-p", ALL},
	{TOOL_JOINED, "sshpass", "-p", ALL},
	{TOOL_NEXT, "sshpass", "-p", ALL},
	{TOOL_JOINED, "curl", "-u", AFTER_COLON},
	{TOOL_NEXT, "curl", "-u", AFTER_COLON},
	{TOOL_NEXT, "curl", "--user", AFTER_COLON},
	{TOOL_JOINED, "curl", "--user=", AFTER_COLON},
	{TOOL_JOINED, "curl", "-U", AFTER_COLON},
	{TOOL_NEXT, "curl", "-U", AFTER_COLON},
	{TOOL_NEXT, "curl", "--proxy-user", AFTER_COLON},
	{TOOL_JOINED, "curl", "--proxy-user=", AFTER_COLON},
	{TOOL_NEXT, "redis-cli", "-a", ALL},
	{TOOL_JOINED, "ldapsearch", "-w", ALL},
	{TOOL_NEXT, "ldapsearch", "-w", ALL},
	{TOOL_JOINED, "ldapmodify", "-w", ALL},
	{TOOL_NEXT, "ldapmodify", "-w", ALL},
	{TOOL_JOINED, "ldapadd", "-w", ALL},
	{TOOL_NEXT, "ldapadd", "-w", ALL},
	{TOOL_NEXT, "mongo", "-p", ALL},
	{TOOL_NEXT, "mongosh", "-p", ALL},
	{TOOL_NEXT, "mongodump", "-p", ALL},
	{TOOL_NEXT, "login", "-p", ALL}, /* docker login, podman login */
	{TOOL_JOINED, "7z", "-p", ALL},
	{TOOL_NEXT, "zip", "-P", ALL},
	{TOOL_NEXT, "unzip", "-P", ALL},
	{TOOL_JOINED, "sqlcmd", "-P", ALL},
	{TOOL_NEXT, "sqlcmd", "-P", ALL},
	{TOOL_JOINED, "smbclient", "-U", AFTER_PERCENT},
	{TOOL_NEXT, "smbclient", "-U", AFTER_PERCENT},
};

const size_t secret_pattern_count = ARRAY_LEN(secret_patterns);

/* Lower case, '-' between words, no leading dashes; a long name's end. Returns its length. */
static size_t plain_name(const char *data, size_t len, char plain[2 * NAME_MAX_BYTES + 1])
{
	size_t used = 0, at = len > NAME_MAX_BYTES ? len - NAME_MAX_BYTES : 0;

	while (at < len && data[at] == '-')
		at++;
	for (size_t i = at; i < len; i++) {
		bool upper = data[i] >= 'A' && data[i] <= 'Z';

		if (upper && i > at && data[i - 1] >= 'a' && data[i - 1] <= 'z')
			plain[used++] = '-';
		if (upper)
			plain[used++] = (char)(data[i] - 'A' + 'a');
		else
			plain[used++] = data[i] == '_' || data[i] == '.' ? '-' : data[i];
	}
	plain[used] = '\0';
	return used;
}

const struct secret_pattern *secret_name(const char *name, size_t len)
{
	char plain[2 * NAME_MAX_BYTES + 1];
	const char *last;
	const struct secret_pattern *found = NULL;

	if (plain_name(name, len, plain) == 0)
		return NULL;
	last = strrchr(plain, '-');
	last = last ? last + 1 : plain;
	for (size_t i = 0; i < secret_pattern_count; i++) {
		const struct secret_pattern *pattern = &secret_patterns[i];

		if (pattern->kind == NAME_PLAIN && strcmp(last, pattern->word) == 0)
			return NULL;
		if ((pattern->kind == NAME_HAS && strstr(plain, pattern->word)) ||
			(pattern->kind == NAME_LAST && strcmp(last, pattern->word) == 0))
			found = pattern;
	}
	return found;
}
