/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/redact.h"

#include <string.h>
#include <strings.h>

#define MARK "***"
#define NAME_MAX_BYTES 64

/*
 * A name is what stands before '=' or ':' or is an option: DB_PASSWORD, --api-key, "clientSecret". It is compared in
 * lower case with '-' between its words, so that all three ways of writing look alike.
 */
enum kind {
	NAME_HAS,   /* the name contains it: its value is a secret */
	NAME_LAST,  /* it is the name's last word: likewise */
	NAME_PLAIN, /* it is the name's last word: the value is only a pointer to a secret, or there is none */
	WORD_NEXT,  /* after this word a secret follows */
	TOOL_JOINED, /* for this program: the option with the secret in the same argument */
	TOOL_NEXT,   /* likewise in the next one */
};

enum part { ALL, AFTER_COLON, AFTER_PERCENT };

static const struct pattern {
	enum kind kind;
	const char *word;
	const char *option;
	enum part part;
} patterns[] = {
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

struct redaction {
	char *out;
	size_t size, used;
	const char *tool;           /* last known program seen; a word of the table */
	const struct pattern *next; /* what follows is a secret */
	bool script;                /* what follows is a script: sh -c '…' */
	bool truncated;             /* the argument at hand is not complete */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
		c == '.';
}

static void put(struct redaction *redaction, const char *data, size_t len)
{
	len = MIN(len, redaction->size - redaction->used);
	memcpy(redaction->out + redaction->used, data, len);
	redaction->used += len;
}

static void put_mark(struct redaction *redaction)
{
	put(redaction, MARK, strlen(MARK));
}

static bool same(const char *data, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(data, word, len) == 0;
}

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

/* The entry that makes the value of this name a secret, or NULL. */
static const struct pattern *name_pattern(const char *data, size_t len)
{
	char plain[2 * NAME_MAX_BYTES + 1];
	const char *last;
	const struct pattern *found = NULL;

	if (plain_name(data, len, plain) == 0)
		return NULL;
	last = strrchr(plain, '-');
	last = last ? last + 1 : plain;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		const struct pattern *pattern = &patterns[i];

		if (pattern->kind == NAME_PLAIN && strcmp(last, pattern->word) == 0)
			return NULL;
		if ((pattern->kind == NAME_HAS && strstr(plain, pattern->word)) ||
			(pattern->kind == NAME_LAST && strcmp(last, pattern->word) == 0))
			found = pattern;
	}
	return found;
}

/* Where the quoted text that begins at @at ends, closing quote included. */
static size_t quote_end(const char *arg, size_t len, size_t at)
{
	const char *close = memchr(arg + at + 1, arg[at], len - at - 1);

	return close ? (size_t)(close - arg) + 1 : len;
}

/* Where the word at @at ends: at white space outside quotes. */
static size_t word_end(const char *arg, size_t len, size_t at)
{
	while (at < len && !is_space(arg[at]))
		at = is_quote(arg[at]) ? quote_end(arg, len, at) : at + 1;
	return at;
}

static void put_secret(struct redaction *redaction, const char *data, size_t len, enum part part)
{
	const char *mark = part == ALL ? NULL : memchr(data, part == AFTER_COLON ? ':' : '%', len);

	if (part != ALL && !mark && !redaction->truncated) { /* a user without a password */
		put(redaction, data, len);
		return;
	}
	if (mark)
		put(redaction, data, (size_t)(mark - data) + 1);
	put_mark(redaction);
}

/* The secret that an earlier word announced. It may itself look like an option that announces one. */
static void put_announced(struct redaction *redaction, const char *data, size_t len)
{
	enum part part = redaction->next->part;

	redaction->next = len > 0 && data[0] == '-' ? name_pattern(data, len) : NULL;
	put_secret(redaction, data, len, part);
}

/*
 * The value that begins at @at, after the separator. @whole: it ends with the argument. @outer: the quote its name
 * stands in, or 0. Returns where it ends.
 */
static size_t value_end(const char *arg, size_t len, size_t at, bool whole, char outer)
{
	static const char *const schemes[] = {"bearer", "basic", "token", "digest", "negotiate"};
	size_t start = at;

	if (whole)
		return len;
	if (outer) {
		const char *close = memchr(arg + at, outer, len - at);

		return close ? (size_t)(close - arg) : len;
	}
	if (at < len && is_quote(arg[at]))
		return quote_end(arg, len, at);
	if (len - at >= 2 && arg[at] == '\\' && is_quote(arg[at + 1]))
		at += 2; /* a quoted value inside a quoted script */
	while (at < len && !is_space(arg[at]) && !is_quote(arg[at]) && !strchr("&;,}", arg[at]))
		at++;
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (at < len && is_space(arg[at]) && same(arg + start, at - start, schemes[i]))
			return word_end(arg, len, at + 1);
	return at;
}

/* Passes over the separator after a name: a closing quote, '=' or ':', spaces. Returns 0 if there is none. */
static size_t separator_end(const char *arg, size_t len, size_t at, bool *quoted)
{
	*quoted = false;
	while (at < len && (is_quote(arg[at]) || arg[at] == '\\')) {
		*quoted = true;
		at++;
	}
	if (*quoted)
		while (at < len && is_space(arg[at]))
			at++;
	if (at >= len || (arg[at] != '=' && arg[at] != ':'))
		return 0;
	if (arg[at++] == ':' || *quoted)
		while (at < len && is_space(arg[at]))
			at++;
	return at;
}

/* scheme://user:password@host with @at behind the "//". Copies what may be shown; returns where it stopped. */
static size_t put_url(struct redaction *redaction, const char *arg, size_t len, size_t at)
{
	size_t end = at, colon = 0, sign = 0;

	while (end < len && !is_space(arg[end]) && !is_quote(arg[end]) && !strchr("/?#", arg[end])) {
		if (arg[end] == ':' && !colon)
			colon = end;
		if (arg[end] == '@')
			sign = end;
		end++;
	}
	if (!sign && end == len && redaction->truncated)
		sign = end; /* the '@' may have been cut off */
	if (!sign)
		return at;
	if (!colon || colon > sign)
		colon = sign - at > 16 ? at - 1 : 0; /* so long a user name is a token */
	if (!colon)
		return at;
	put(redaction, arg + at, colon + 1 - at);
	put_mark(redaction);
	return sign;
}

/* What an option of a known program hides in its own word; 0: nothing. Sets ->next if it announces a secret. */
static size_t put_tool_option(struct redaction *redaction, const char *arg, size_t len, size_t at)
{
	size_t end = word_end(arg, len, at);

	if (!redaction->tool)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		const struct pattern *pattern = &patterns[i];
		size_t option_len = pattern->option ? strlen(pattern->option) : 0;

		if (option_len == 0 || strcmp(pattern->word, redaction->tool) != 0 || end - at < option_len ||
			memcmp(arg + at, pattern->option, option_len) != 0)
			continue;
		if (pattern->kind == TOOL_NEXT && end - at == option_len) {
			redaction->next = pattern;
			put(redaction, arg + at, option_len);
			return end;
		}
		if (pattern->kind == TOOL_JOINED && end - at > option_len) {
			put(redaction, pattern->option, option_len);
			put_secret(redaction, arg + at + option_len, end - at - option_len, pattern->part);
			return end;
		}
	}
	return 0;
}

/* A word without separator: a program we know better, or one that announces a secret. */
static void note_word(struct redaction *redaction, const char *data, size_t len)
{
	if (data[0] == '-') {
		redaction->next = name_pattern(data, len);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		if (!same(data, len, patterns[i].word))
			continue;
		if (patterns[i].kind == WORD_NEXT)
			redaction->next = &patterns[i];
		else if (patterns[i].option)
			redaction->tool = patterns[i].word;
	}
}

/* A run of name characters begins at @at. Copies it and what belongs to it; returns where it stopped. */
static size_t put_name(struct redaction *redaction, const char *arg, size_t len, size_t at, bool script)
{
	size_t end = at, value, stop;
	bool quoted;

	if (arg[at] == '-' && (at == 0 || is_space(arg[at - 1])) &&
		(stop = put_tool_option(redaction, arg, len, at)) > 0)
		return stop;
	while (end < len && is_name_char(arg[end]))
		end++;
	if (len - end >= 3 && memcmp(arg + end, "://", 3) == 0) {
		put(redaction, arg + at, end + 3 - at);
		return put_url(redaction, arg, len, end + 3);
	}
	value = separator_end(arg, len, end, &quoted);
	if (value > 0 && name_pattern(arg + at, end - at)) {
		char outer = at > 0 && !quoted && is_quote(arg[at - 1]) ? arg[at - 1] : 0;

		put(redaction, arg + at, value - at);
		put_mark(redaction);
		return value_end(arg, len, value, at == 0 && !script, outer);
	}
	put(redaction, arg + at, end - at);
	if (end == len || is_space(arg[end]))
		note_word(redaction, arg + at, end - at);
	return end;
}

static void put_arg(struct redaction *redaction, const char *arg, size_t len)
{
	bool script = redaction->script;
	size_t at = 0;

	redaction->script = len >= 2 && len <= 4 && arg[0] == '-' && arg[len - 1] == 'c';
	if (redaction->next) {
		put_announced(redaction, arg, len);
		return;
	}
	while (at < len) {
		bool begins = at == 0 || is_space(arg[at - 1]);

		if (redaction->next && begins && !is_space(arg[at])) {
			size_t end = word_end(arg, len, at);

			put_announced(redaction, arg + at, end - at);
			at = end;
		} else if (is_name_char(arg[at])) {
			at = put_name(redaction, arg, len, at, script);
		} else {
			put(redaction, arg + at++, 1);
		}
	}
}

size_t redact_args(const char *args, size_t len, bool truncated, char *out, size_t size)
{
	struct redaction redaction = {.out = out, .size = size};
	size_t at = 0;

	while (at < len) {
		size_t arg_len = strnlen(args + at, len - at);

		redaction.truncated = truncated && at + arg_len == len;
		if (at > 0)
			put(&redaction, " ", 1);
		put_arg(&redaction, args + at, arg_len);
		at += arg_len + 1;
	}
	return redaction.used;
}
