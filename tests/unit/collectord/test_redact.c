/* SPDX-License-Identifier: AGPL-3.0-only */
#include "collectord/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct sample {
	const char *args; /* '|' stands for the NUL between arguments */
	const char *shown;
};

static void check_one(const char *args, bool truncated, const char *shown)
{
	char in[1024], out[1024];
	size_t len = strlen(args);

	memcpy(in, args, len);
	for (size_t i = 0; i < len; i++)
		if (in[i] == '|')
			in[i] = '\0';
	len = redact_args(in, len, truncated, out, sizeof(out) - 1);
	out[len] = '\0';
	assert_string_equal(out, shown);
}

static void check(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_one(samples[i].args, false, samples[i].shown);
}

static void joins_harmless_arguments_by_spaces(void **state)
{
	static const struct sample samples[] = {
		{"", ""},
		{"ls|-l|/tmp|", "ls -l /tmp"},
		{"cc|-DKEYS=1|-o|a b|", "cc -DKEYS=1 -o a b"},
		{"make|--jobs=4|PREFIX=/usr", "make --jobs=4 PREFIX=/usr"},
		{"sh|-c|echo hi; sleep 1", "sh -c echo hi; sleep 1"},
		{"docker|run|-p|80:80|img", "docker run -p 80:80 img"},
		{"mysql|-p|db", "mysql -p db"},
		{"gpg|--passphrase-file|/x", "gpg --passphrase-file /x"},
		{"login|--password-stdin|user", "login --password-stdin user"},
		{"ssh|git@host|ls", "ssh git@host ls"},
		{"git|clone|ssh://git@host/x", "git clone ssh://git@host/x"},
		{"curl|http://host:8080/a@b", "curl http://host:8080/a@b"},
	};

	(void)state;
	check(samples, ARRAY_LEN(samples));
}

static void hides_values_of_options(void **state)
{
	static const struct sample samples[] = {
		{"a|--password|hunter2|b", "a --password *** b"},
		{"a|--password=hunter2|b", "a --password=*** b"},
		{"a|--password=two words|b", "a --password=*** b"},
		{"a|-password|x", "a -password ***"},
		{"a|--token|x|--secret|y", "a --token *** --secret ***"},
		{"a|--password|--token|abc", "a --password *** ***"},
		{"a|--password|-x y z|b", "a --password *** b"},
		{"a|--api-key=x|--apiKey|y|--API_KEY=z",
			"a --api-key=*** --apiKey *** --API_KEY=***"},
		{"openssl|-passin|pass:x", "openssl -passin ***"},
		{"keytool|-storepass|x", "keytool -storepass ***"},
		{"a|--password", "a --password"},
	};

	(void)state;
	check(samples, ARRAY_LEN(samples));
}

static void hides_values_of_telling_names(void **state)
{
	static const struct sample samples[] = {
		{"env|DB_PASSWORD=x|MODE=y", "env DB_PASSWORD=*** MODE=y"},
		{"env|AWS_SECRET_ACCESS_KEY=x", "env AWS_SECRET_ACCESS_KEY=***"},
		{"docker|run|-e|GITHUB_TOKEN=x y", "docker run -e GITHUB_TOKEN=***"},
		{"java|-Dspring.datasource.password=x|A",
			"java -Dspring.datasource.password=*** A"},
		{"a|SSH_KEY=x|APP_CREDENTIALS=y", "a SSH_KEY=*** APP_CREDENTIALS=***"},
		{"curl|-d|{\"user\":\"u\",\"password\": \"a b\"}",
			"curl -d {\"user\":\"u\",\"password\": ***}"},
		{"curl|http://h/?token=x&b=2", "curl http://h/?token=***&b=2"},
		{"psql|host=h password=x user=u", "psql host=h password=*** user=u"},
	};

	(void)state;
	check(samples, ARRAY_LEN(samples));
}

static void hides_secrets_inside_scripts(void **state)
{
	static const struct sample samples[] = {
		{"sh|-c|PASSWORD=x run --fast", "sh -c PASSWORD=*** run --fast"},
		{"sh|-c|PASSWORD='a b' run", "sh -c PASSWORD=*** run"},
		{"sh|-c|a --token x --b", "sh -c a --token *** --b"},
		{"sh|-c|a --token 'x y' --b", "sh -c a --token *** --b"},
		{"sh|-c|mysql -uroot -pfoo db", "sh -c mysql -uroot -p*** db"},
		{"sh|-c|mysql -p'foo bar' db", "sh -c mysql -p*** db"},
		{"sh|-c|curl -H \"Authorization: Bearer x\" h",
			"sh -c curl -H \"Authorization: ***\" h"},
		{"sh|-c|curl -d \"{\\\"token\\\": \\\"x\\\"}\" h",
			"sh -c curl -d \"{\\\"token\\\": ***\"}\" h"},
	};

	(void)state;
	check(samples, ARRAY_LEN(samples));
}

static void hides_authorization_headers(void **state)
{
	static const struct sample samples[] = {
		{"curl|-H|Authorization: Bearer abc def|h", "curl -H Authorization: *** h"},
		{"curl|-H|authorization:Basic abc", "curl -H authorization:***"},
		{"curl|-H|Proxy-Authorization: x", "curl -H Proxy-Authorization: ***"},
		{"curl|-H|X-Api-Key: x y", "curl -H X-Api-Key: ***"},
		{"curl|--header=Authorization: Bearer x", "curl --header=Authorization: ***"},
		{"tool|Bearer|x", "tool Bearer ***"},
	};

	(void)state;
	check(samples, ARRAY_LEN(samples));
}

static void hides_passwords_in_urls(void **state)
{
	static const struct sample samples[] = {
		{"git|clone|https://u:p@h/x", "git clone https://u:***@h/x"},
		{"a|--db=postgres://u:p@ss@h/x?y", "a --db=postgres://u:***@h/x?y"},
		{"a|jdbc:mysql://u:p@h", "a jdbc:mysql://u:***@h"},
		{"git|clone|https://ghp_0123456789abcdef@h/x", "git clone https://***@h/x"},
		{"a|redis://:p@h:1", "a redis://:***@h:1"},
	};

	(void)state;
	check(samples, ARRAY_LEN(samples));
}

static void knows_the_options_of_some_programs(void **state)
{
	static const struct sample samples[] = {
		{"/usr/bin/mysql|-uroot|-psecret", "/usr/bin/mysql -uroot -p***"},
		{"sudo|sshpass|-p|x|ssh|h", "sudo sshpass -p *** ssh h"},
		{"sshpass|-px", "sshpass -p***"},
		{"curl|-u|user:pass|h", "curl -u user:*** h"},
		{"curl|-u|--password=x", "curl -u ***"},
		{"smbclient|-U|https://user:x@h", "smbclient -U ***"},
		{"curl|-uuser:pass", "curl -uuser:***"},
		{"curl|--user|user|h", "curl --user user h"},
		{"redis-cli|-a|x|ping", "redis-cli -a *** ping"},
		{"docker|login|-u|u|-p|x", "docker login -u u -p ***"},
		{"smbclient|-U|u%p", "smbclient -U u%***"},
	};

	(void)state;
	check(samples, ARRAY_LEN(samples));
}

static void hides_what_was_cut_off_in_the_middle(void **state)
{
	(void)state;
	check_one("git|clone|https://user:secr", true, "git clone https://user:***");
	check_one("a|--password|hun", true, "a --password ***");
	check_one("curl|-u|user:pa", true, "curl -u user:***");
}

static void stays_within_the_given_size(void **state)
{
	char out[8];

	(void)state;
	memset(out, '#', sizeof(out));
	assert_int_equal(redact_args("abc\0defghij", 11, false, out, 6), 6);
	assert_memory_equal(out, "abc de##", 8);
	assert_int_equal(redact_args("--password=x", 12, false, out, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_harmless_arguments_by_spaces),
		cmocka_unit_test(hides_values_of_options),
		cmocka_unit_test(hides_values_of_telling_names),
		cmocka_unit_test(hides_secrets_inside_scripts),
		cmocka_unit_test(hides_authorization_headers),
		cmocka_unit_test(hides_passwords_in_urls),
		cmocka_unit_test(knows_the_options_of_some_programs),
		cmocka_unit_test(hides_what_was_cut_off_in_the_middle),
		cmocka_unit_test(stays_within_the_given_size),
	};

	return cmocka_run_group_tests_name("collectord/redact", tests, NULL, NULL);
}
