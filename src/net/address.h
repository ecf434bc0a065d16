/*
 * Network addresses as values: numeric text in and out, ranges, and the addresses that no plugin may fetch from.
 * Pure: nothing here asks a name server. Thread: any.
 */
#ifndef SK_NET_ADDRESS_H
#define SK_NET_ADDRESS_H

#include "base/base.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define SK_ADDRESS_TEXT 46 /* bytes of the longest text with its NUL, INET6_ADDRSTRLEN */

struct sk_address {
    union {
        struct sockaddr any;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
    } u;
    socklen_t size; /* of the member in use, 0: none */
};

/* Numeric IPv4 or IPv6, the latter with or without "%interface". False: it is a name, or nothing. */
bool sk_address_parse(struct sk_span text, uint16_t port, struct sk_address *ret_address);
/* Copies a socket's address. False: neither IPv4 nor IPv6, or shorter than its family needs. */
bool sk_address_from(const struct sockaddr *sa, size_t size, struct sk_address *ret_address);
uint16_t sk_address_port(const struct sk_address *a);
void sk_address_set_port(struct sk_address *a, uint16_t port);
/* IPv4 becomes ::ffff:a.b.c.d, as an IPv6 socket wants it. */
void sk_address_to_v6(struct sk_address *a);
/* Without port; link-local IPv6 with its interface when that fits. */
void sk_address_text(const struct sk_address *a, char out[SK_ADDRESS_TEXT]);

/* Link-local (169.254.0.0/16, fe80::/10) and the IPv6 addresses of cloud metadata services, also when an IPv4 address of them is
   wrapped in IPv6 (mapped, compatible, NAT64, 6to4). */
bool sk_address_is_link_local(const struct sk_address *a);
/* Where no other boat's server can be: this machine, link-local, multicast and reserved addresses, and whatever else is written
   in IPv6 to reach an IPv4 address by a detour. Private networks are fine: the boat's own is one. */
bool sk_address_is_no_peer(const struct sk_address *a);

/* "192.168.1.0/24", "fd00::/8", or one address. IPv4 wrapped in IPv6 counts as IPv4, in the range and in what is looked for. */
struct sk_address_range {
    uint8_t bytes[16];
    unsigned bits; /* that count */
};
bool sk_address_range_parse(struct sk_span text, struct sk_address_range *ret_range);
bool sk_address_range_has(const struct sk_address_range *range, const struct sk_address *a);

#endif
