/* SPDX-License-Identifier: AGPL-3.0-only */
#include "ruled/matcher.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define REPEAT_MAX 1000 /* regex_check.c refuses more */
#define NO_END	   UINT32_MAX

/* What a part of the pattern can begin and end with. */
struct part {
	bool empty; /* it fits the empty text */
	struct places first, last;
};

struct parser {
	struct matcher *matcher;
	const char *at;
	unsigned depth;
	const char *why; /* NULL: all well */
};

struct byte_set {
	bool has[UINT8_MAX + 1];
};

static const struct part EMPTY = {.empty = true};

static struct part parse_either(struct parser *p);

static void add_place(struct places *to, unsigned place)
{
	to->bits[place / 64] |= 1ULL << place % 64;
}

static struct part fail(struct parser *p, const char *why)
{
	if (!p->why)
		p->why = why;
	p->at += strlen(p->at);
	return EMPTY;
}

/* Each of @from may be followed by each of @to. */
static void link_places(struct matcher *m, const struct places *from, const struct places *to)
{
	for (unsigned place = 0; place < m->count; place++)
		if (from->bits[place / 64] >> place % 64 & 1)
			places_add(&m->follow[place], to);
}

static struct part join(struct parser *p, const struct part *a, const struct part *b)
{
	struct part part = {a->empty && b->empty, a->first, b->last};

	link_places(p->matcher, &a->last, &b->first);
	if (a->empty)
		places_add(&part.first, &b->first);
	if (b->empty)
		places_add(&part.last, &a->last);
	return part;
}

/* A new place, or a failure. */
static struct part take_place(struct parser *p, unsigned *place)
{
	struct part part = {0};

	*place = p->matcher->count;
	if (p->matcher->count == MATCHER_PLACES)
		return fail(p, "more than 128 characters and classes, repetitions unfolded");
	p->matcher->count++;
	add_place(&part.first, *place);
	add_place(&part.last, *place);
	return part;
}

static struct part take_bytes(struct parser *p, const struct byte_set *set)
{
	unsigned place;
	struct part part = take_place(p, &place);

	/* No text has a NUL. */
	for (unsigned byte = 1; byte <= UINT8_MAX && !p->why; byte++)
		if (set->has[byte])
			add_place(&p->matcher->takes[byte], place);
	return part;
}

static struct part take_anchor(struct parser *p, struct places *anchors)
{
	unsigned place;
	struct part part = take_place(p, &place);

	if (!p->why)
		add_place(anchors, place);
	return part;
}

static void invert(struct byte_set *set)
{
	for (unsigned byte = 0; byte <= UINT8_MAX; byte++)
		set->has[byte] = !set->has[byte];
}

/* What the library's \w and \s stand for, and their contraries. False: no such class. */
static bool class_of_escape(char letter, struct byte_set *set)
{
	for (int byte = 0; byte <= UINT8_MAX; byte++)
		set->has[byte] = tolower(letter) == 's' ? isspace(byte) != 0
							: isalnum(byte) || byte == '_';
	if (letter == 'W' || letter == 'S')
		invert(set);
	return strchr("wWsS", letter);
}

static struct part parse_escape(struct parser *p)
{
	char letter = *p->at;
	struct byte_set set = {0};

	if (letter == '\0')
		return fail(p, "\\ without a character");
	p->at++;
	if (class_of_escape(letter, &set))
		return take_bytes(p, &set);
	/* Borders of words, and letters that mean a class elsewhere. */
	if (isalnum((unsigned char)letter) || strchr("<>`'", letter))
		return fail(p, "of letters only w, W, s and S may follow a backslash");
	set = (struct byte_set){0};
	set.has[(uint8_t)letter] = true;
	return take_bytes(p, &set);
}

static const struct {
	const char *name;
	int (*is)(int byte);
} classes[] = {
	{"alpha", isalpha},
	{"digit", isdigit},
	{"alnum", isalnum},
	{"upper", isupper},
	{"lower", islower},
	{"space", isspace},
	{"blank", isblank},
	{"punct", ispunct},
	{"print", isprint},
	{"graph", isgraph},
	{"cntrl", iscntrl},
	{"xdigit", isxdigit},
};

/* After "[:". */
static void parse_class_name(struct parser *p, struct byte_set *set)
{
	const char *end = strstr(p->at, ":]");
	size_t len = end ? (size_t)(end - p->at) : 0;

	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		if (strlen(classes[i].name) != len || memcmp(classes[i].name, p->at, len) != 0)
			continue;
		for (int byte = 0; byte <= UINT8_MAX; byte++)
			set->has[byte] |= classes[i].is(byte) != 0;
		p->at = end + 2;
		return;
	}
	(void)fail(p, "unknown class between [: and :]");
}

static void parse_range(struct parser *p, struct byte_set *set)
{
	uint8_t from = (uint8_t)*p->at++, to = from;

	if (p->at[0] == '-' && p->at[1] != ']' && p->at[1] != '\0') {
		to = (uint8_t)p->at[1];
		p->at += 2;
		if (to == '[' && strchr(".=:", *p->at))
			(void)fail(p, "a range must end with a character");
	}
	if (to < from)
		(void)fail(p, "a range ends before it begins");
	for (unsigned byte = from; byte <= to; byte++)
		set->has[byte] = true;
}

/* After "[". */
static struct part parse_brackets(struct parser *p)
{
	bool inverted = *p->at == '^';
	const char *first = p->at + inverted;
	struct byte_set set = {0};

	for (p->at = first; *p->at != '\0' && (*p->at != ']' || p->at == first);) {
		if (p->at[0] != '[' || p->at[1] == '\0' || !strchr(".=:", p->at[1])) {
			parse_range(p, &set);
			continue;
		}
		p->at += 2;
		if (p->at[-1] == ':')
			parse_class_name(p, &set);
		else
			(void)fail(p, "[. and [= are not allowed");
	}
	if (*p->at == '\0')
		return fail(p, "[ without ]");
	p->at++;
	if (inverted)
		invert(&set);
	return take_bytes(p, &set);
}

/* After "(". */
static struct part parse_group(struct parser *p)
{
	struct part part;

	p->depth++;
	part = parse_either(p);
	p->depth--;
	if (*p->at != ')')
		return fail(p, "( without )");
	p->at++;
	return part;
}

static struct part parse_atom(struct parser *p)
{
	char c = *p->at++;
	struct byte_set set = {0};

	switch (c) {
	case '(':
		return parse_group(p);
	case '[':
		return parse_brackets(p);
	case '\\':
		return parse_escape(p);
	case '^':
		return take_anchor(p, &p->matcher->begin);
	case '$':
		return take_anchor(p, &p->matcher->end);
	case '*':
	case '+':
	case '?':
	case '{':
		return fail(p, "nothing to repeat");
	case '.':
		invert(&set);
		break;
	default:
		set.has[(uint8_t)c] = true;
	}
	return take_bytes(p, &set);
}

static uint32_t parse_number(struct parser *p, uint32_t without)
{
	uint32_t number = 0;

	if (!isdigit((unsigned char)*p->at))
		return without;
	while (isdigit((unsigned char)*p->at)) {
		number = MIN(number * 10 + (uint32_t)(*p->at - '0'), REPEAT_MAX + 1);
		p->at++;
	}
	return number;
}

/* Whatever has been may be again. */
static void repeat(struct parser *p, struct part *part, char sign)
{
	if (sign != '?')
		link_places(p->matcher, &part->last, &part->first);
	if (sign != '+')
		part->empty = true;
}

/* {@least,@most} of the atom at @atom, of which @part is the first copy. */
static struct part unfold(struct parser *p, const char *atom, struct part copy, uint32_t least,
	uint32_t most)
{
	uint32_t count = most == NO_END ? MAX(least, 1) : most;
	const char *after = p->at;
	struct part all = EMPTY;

	for (uint32_t i = 0; i < count && !p->why; i++) {
		if (i > 0) {
			p->at = atom;
			copy = parse_atom(p);
		}
		if (i >= least)
			copy.empty = true;
		if (most == NO_END && i + 1 == count)
			link_places(p->matcher, &copy.last, &copy.first);
		all = join(p, &all, &copy);
	}
	if (!p->why)
		p->at = after;
	return all;
}

/* After "{". */
static struct part parse_interval(struct parser *p, const char *atom, const struct part *part)
{
	uint32_t least = parse_number(p, 0), most = least;

	if (*p->at == ',') {
		p->at++;
		most = parse_number(p, NO_END);
	}
	if (*p->at != '}' || least > REPEAT_MAX || (most != NO_END && most > REPEAT_MAX) ||
		most < least)
		return fail(p, "bad numbers between { and }");
	p->at++;
	return unfold(p, atom, *part, least, most);
}

static struct part parse_repeated(struct parser *p)
{
	const char *atom = p->at;
	struct part part = parse_atom(p);
	bool repeated = false;

	for (; *p->at != '\0' && strchr("*+?{", *p->at); repeated = true) {
		char sign = *p->at++;

		if (sign != '{')
			repeat(p, &part, sign);
		else if (repeated)
			return fail(p, "{ after another repetition: use brackets");
		else
			part = parse_interval(p, atom, &part);
	}
	return part;
}

static struct part parse_sequence(struct parser *p)
{
	struct part all = EMPTY, next;

	/* A ) that closes nothing is a character. */
	while (*p->at != '\0' && *p->at != '|' && (*p->at != ')' || p->depth == 0)) {
		next = parse_repeated(p);
		all = join(p, &all, &next);
	}
	return all;
}

static struct part parse_either(struct parser *p)
{
	struct part all = parse_sequence(p), other;

	while (*p->at == '|') {
		p->at++;
		other = parse_sequence(p);
		all.empty |= other.empty;
		places_add(&all.first, &other.first);
		places_add(&all.last, &other.last);
	}
	return all;
}

int matcher_compile(struct matcher *matcher, const char *pattern, const char **why)
{
	struct parser parser = {.matcher = matcher, .at = pattern};
	struct part whole;

	*matcher = (struct matcher){0};
	whole = parse_either(&parser);
	if (parser.why) {
		*why = parser.why;
		return -EINVAL;
	}
	matcher->first = whole.first;
	matcher->last = whole.last;
	matcher->empty = whole.empty;
	return 0;
}
