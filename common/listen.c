/* SPDX-License-Identifier: AGPL-3.0-only */
#include "common/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "common/text.h"

#define ADDRESS_BYTES 64

static int refuse(const char **why, const char *reason)
{
	*why = reason;
	return -EINVAL;
}

/* Cuts "HOST:PORT" at its last colon; an IPv6 host loses its brackets. */
static int split(const char *text, char *host, bool *v6, uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	uint64_t number;

	if (!colon || len == 0 || len >= ADDRESS_BYTES)
		return -EINVAL;
	if (text_to_u64(colon + 1, strlen(colon + 1), UINT16_MAX, &number) < 0 || number == 0)
		return -ERANGE;
	*v6 = text[0] == '[' && text[len - 1] == ']' && len > 2;
	if (*v6) {
		text++;
		len -= 2;
	}
	memcpy(host, text, len);
	host[len] = 0;
	*port = (uint16_t)number;
	return 0;
}

static int parse_v4(
	const char *host, uint16_t port, struct sockaddr_storage *address, socklen_t *len)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return -EINVAL;
	if (ntohl(in.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
		return -EPERM;
	*address = (struct sockaddr_storage){0};
	memcpy(address, &in, sizeof(in));
	*len = sizeof(in);
	return 0;
}

static int parse_v6(
	const char *host, uint16_t port, struct sockaddr_storage *address, socklen_t *len)
{
	struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (inet_pton(AF_INET6, host, &in.sin6_addr) != 1)
		return -EINVAL;
	if (!IN6_IS_ADDR_LOOPBACK(&in.sin6_addr))
		return -EPERM;
	*address = (struct sockaddr_storage){0};
	memcpy(address, &in, sizeof(in));
	*len = sizeof(in);
	return 0;
}

int listen_parse(
	const char *text, struct sockaddr_storage *address, socklen_t *len, const char **why)
{
	char host[ADDRESS_BYTES];
	uint16_t port = 0;
	bool v6 = false;
	int r = split(text, host, &v6, &port);

	if (r == -ERANGE)
		return refuse(why, "the port must be a number from 1 to 65535");
	if (r == 0)
		r = (v6 ? parse_v6 : parse_v4)(host, port, address, len);
	if (r == -EPERM)
		return refuse(why, "only loopback addresses are allowed (127.0.0.0/8 or [::1]); "
				   "other hosts could reach this one");
	if (r < 0)
		return refuse(
			why, "expected ADDRESS:PORT in digits, like 127.0.0.1:3000 or [::1]:3000");
	return 0;
}
