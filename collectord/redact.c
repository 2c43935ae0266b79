/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/redact.h"

#include <string.h>
#include <strings.h>

#include "collectord/secrets.h"

#define MARK "***"

struct redaction {
	char *out;
	size_t size, used;
	const char *tool;		   /* last known program seen; a word of the table */
	const struct secret_pattern *next; /* what follows is a secret */
	bool script;			   /* what follows is a script: sh -c '…' */
	bool truncated;			   /* the argument at hand is not complete */
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
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
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

static void put_secret(
	struct redaction *redaction, const char *data, size_t len, enum secret_part part)
{
	const char *mark = part == ALL ? NULL : memchr(data, part == AFTER_COLON ? ':' : '%', len);

	/* A user without a password; but what has the look of another secret is none. */
	if (part != ALL && !mark && !redaction->truncated && !memchr(data, '=', len) &&
		!memchr(data, ':', len)) {
		put(redaction, data, len);
		return;
	}
	if (mark)
		put(redaction, data, (size_t)(mark - data) + 1);
	put_mark(redaction);
}

/* The secret that an earlier word announced. It may itself look like an option that announces one.
 */
static void put_announced(struct redaction *redaction, const char *data, size_t len)
{
	enum secret_part part = redaction->next->part;

	redaction->next = len > 0 && data[0] == '-' ? secret_name(data, len) : NULL;
	put_secret(redaction, data, len, part);
}

/*
 * The value that begins at @at, after the separator. @whole: it ends with the argument. @outer: the
 * quote its name stands in, or 0. Returns where it ends.
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

/* Passes over the separator after a name: a closing quote, '=' or ':', spaces. Returns 0 if there
 * is none. */
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

/* scheme://user:password@host with @at behind the "//". Copies what may be shown; returns where it
 * stopped. */
static size_t put_url(struct redaction *redaction, const char *arg, size_t len, size_t at)
{
	size_t end = at, colon = 0, sign = 0;

	while (end < len && !is_space(arg[end]) && !is_quote(arg[end]) &&
		!strchr("/?#", arg[end])) {
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

/* What an option of a known program hides in its own word; 0: nothing. Sets ->next if it announces
 * a secret. */
static size_t put_tool_option(struct redaction *redaction, const char *arg, size_t len, size_t at)
{
	size_t end = word_end(arg, len, at);

	if (!redaction->tool)
		return 0;
	for (size_t i = 0; i < secret_pattern_count; i++) {
		const struct secret_pattern *pattern = &secret_patterns[i];
		size_t option_len = pattern->option ? strlen(pattern->option) : 0;

		if (option_len == 0 || strcmp(pattern->word, redaction->tool) != 0 ||
			end - at < option_len || memcmp(arg + at, pattern->option, option_len) != 0)
			continue;
		if (pattern->kind == TOOL_NEXT && end - at == option_len) {
			redaction->next = pattern;
			put(redaction, arg + at, option_len);
			return end;
		}
		if (pattern->kind == TOOL_JOINED && end - at > option_len) {
			put(redaction, pattern->option, option_len);
			put_secret(redaction, arg + at + option_len, end - at - option_len,
				pattern->part);
			return end;
		}
	}
	return 0;
}

/* A word without separator: a program we know better, or one that announces a secret. */
static void note_word(struct redaction *redaction, const char *data, size_t len)
{
	if (data[0] == '-') {
		redaction->next = secret_name(data, len);
		return;
	}
	for (size_t i = 0; i < secret_pattern_count; i++) {
		if (!same(data, len, secret_patterns[i].word))
			continue;
		if (secret_patterns[i].kind == WORD_NEXT)
			redaction->next = &secret_patterns[i];
		else if (secret_patterns[i].option)
			redaction->tool = secret_patterns[i].word;
	}
}

/* A run of name characters begins at @at. Copies it and what belongs to it; returns where it
 * stopped. */
static size_t put_name(
	struct redaction *redaction, const char *arg, size_t len, size_t at, bool script)
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
	if (value > 0 && secret_name(arg + at, end - at)) {
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
