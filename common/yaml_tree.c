/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/yaml_tree.h"

#include <errno.h>
#include <string.h>

#include "common/read_file.h"
#include "common/text.h"
#include "common/yaml_build.h"

static int problem_at(struct ytree *tree, size_t line, size_t col, const char *reason)
{
	problems_add(tree->problems, tree->file, line, col, NULL, "%s", reason);
	tree->broken = true;
	return -EINVAL;
}

/* Bytes of the character at @data, 0 if it has no place in a text file; then *why says what it is.
 */
static size_t character_length(const char *data, size_t len, const char **why)
{
	unsigned char c = (unsigned char)data[0];

	*why = "control character";
	if (c < 0x80)
		return (c >= ' ' && c != 0x7f) || c == '\t' || c == '\n' || c == '\r';
	if (c == 0xc2 && len >= 2 && (unsigned char)data[1] >= 0x80 &&
		(unsigned char)data[1] < 0xa0)
		return 0;
	*why = "invalid UTF-8";
	if (len >= 3 &&
		(memcmp(data, "\xef\xbf\xbe", 3) == 0 || memcmp(data, "\xef\xbf\xbf", 3) == 0))
		return 0;
	return text_utf8_length(data, len);
}

/* trust: from here on every byte of the file is part of a printable character or a line break. */
static int check_characters(struct ytree *tree, const char *data, size_t len)
{
	size_t line = 1, col = 1, n;
	const char *why;

	for (size_t i = 0; i < len; i += n) {
		n = character_length(data + i, len - i, &why);
		if (n == 0)
			return problem_at(tree, line, col, why);
		/* They change what tags mean, and many of them keep the parser busy for minutes. */
		if (col == 1 && data[i] == '%')
			return problem_at(tree, line, col, "directives (%NAME) are not allowed");
		col++;
		if (data[i] == '\n' || (data[i] == '\r' && (i + 1 == len || data[i + 1] != '\n'))) {
			line++;
			col = 1;
		}
	}
	return 0;
}

static int start(struct ytree *tree, const char *shown, struct problems *problems)
{
	*tree = (struct ytree){.problems = problems, .file = strdup(shown)};
	return tree->file ? 0 : -ENOMEM;
}

static int parse(struct ytree *tree, const char *data, size_t len)
{
	unsigned before = tree->problems->count;
	int r;

	if (len > YTREE_BYTES_MAX)
		return problem_at(tree, 1, 1, "larger than 1 MiB");
	r = check_characters(tree, data, len);
	if (r == 0)
		r = ybuild(tree, data, len);
	if (r == 0 && tree->problems->count > before)
		r = -EINVAL;
	return r;
}

int ytree_parse(struct ytree *tree, const char *data, size_t len, const char *shown,
	struct problems *problems)
{
	int r = start(tree, shown, problems);

	return r < 0 ? r : parse(tree, data, len);
}

int ytree_load(struct ytree *tree, int dirfd, const char *path, const char *shown,
	struct problems *problems)
{
	_cleanup_free_ char *data = NULL;
	size_t len = 0;
	int r = start(tree, shown, problems);

	if (r == 0)
		r = read_file(dirfd, path, YTREE_BYTES_MAX, &data, &len);
	switch (r) {
	case 0:
		return parse(tree, data, len);
	case -ENOENT:
	case -ENOMEM:
		return r;
	case -EINVAL:
		return problem_at(tree, 1, 1, "not a regular file");
	case -EFBIG:
		return problem_at(tree, 1, 1, "larger than 1 MiB");
	default:
		problems_add(problems, shown, 1, 1, NULL, "cannot be read: %s", strerror(-r));
		return r;
	}
}
