/* SPDX-License-Identifier: AGPL-3.0-only */
#include "apid/client/terminal.h"

#include <string.h>
#include <sys/ioctl.h>

#include "common/text.h"

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define DIM    "\033[2m"

static const struct {
	const char *word, *color;
} colors[] = {
	{"high", RED},
	{"medium", YELLOW},
	{"low", ""},
	{"info", DIM},
	{"open", RED},
	{"cleared", GREEN},
	{"firing", RED},
	{"muted", DIM},
	{"pending", YELLOW},
	{"approved", YELLOW},
	{"executing", YELLOW},
	{"executed", GREEN},
	{"failed", RED},
	{"PASS", GREEN},
	{"FAIL", RED},
	{"up", GREEN},
	{"down", RED},
};

void terminal_init(struct terminal *terminal, bool no_color)
{
	const char *wish = getenv("NO_COLOR"), *kind = getenv("TERM");
	struct winsize size;

	*terminal = (struct terminal){.is_tty = isatty(STDOUT_FILENO) == 1};
	if (!terminal->is_tty)
		return;
	terminal->color = !no_color && !(wish && *wish) && !(kind && strcmp(kind, "dumb") == 0);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		terminal->width = size.ws_col;
}

char *clean_text(const char *data, size_t len)
{
	char *out = malloc(4 * len + 1);
	size_t used = 0;

	for (size_t i = 0; out && i < len;) {
		size_t n = data[i] == '\\' ? 1 : text_utf8_length(data + i, len - i);

		if (n > 0) {
			memcpy(out + used, data + i, n);
			used += n;
			i += n;
		} else {
			used += text_escape(data + i, 1, out + used, 4 + 1);
			i++;
		}
	}
	if (out)
		out[used] = '\0';
	return out;
}

void put_text(FILE *file, const char *text)
{
	_cleanup_free_ char *clean = clean_text(text, strlen(text));

	fputs(clean ? clean : "(no memory)", file);
}

size_t text_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += (*text & 0xc0) != 0x80; /* not inside a character */
	return columns;
}

const char *color_of(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(colors); i++)
		if (strcmp(colors[i].word, word) == 0)
			return colors[i].color;
	return "";
}
