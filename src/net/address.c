#include "net/address.h"

#include "base/json.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>

bool sk_address_from(const struct sockaddr *sa, size_t size, struct sk_address *ret_address)
{
    struct sk_address a = { .size = sa->sa_family == AF_INET ? sizeof a.u.in4 : sizeof a.u.in6 };
    if ((sa->sa_family != AF_INET && sa->sa_family != AF_INET6) || size < a.size)
        return false;
    memcpy(&a.u, sa, a.size);
    *ret_address = a;
    return true;
}

bool sk_address_parse(struct sk_span text, uint16_t port, struct sk_address *ret_address)
{
    char copy[SK_ADDRESS_TEXT + IF_NAMESIZE];
    struct sk_address a = { 0 };
    if (text.n == 0 || text.n >= sizeof copy || memchr(text.p, 0, text.n) != NULL)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    char *scope = strchr(copy, '%');
    if (scope != NULL)
        *scope++ = 0;
    if (scope == NULL && inet_pton(AF_INET, copy, &a.u.in4.sin_addr) == 1) {
        a.u.in4.sin_family = AF_INET;
        a.size = sizeof a.u.in4;
    } else if (inet_pton(AF_INET6, copy, &a.u.in6.sin6_addr) == 1) {
        a.u.in6.sin6_family = AF_INET6;
        a.size = sizeof a.u.in6;
        if (scope != NULL && (a.u.in6.sin6_scope_id = if_nametoindex(scope)) == 0)
            return false;
    } else {
        return false;
    }
    sk_address_set_port(&a, port);
    *ret_address = a;
    return true;
}

uint16_t sk_address_port(const struct sk_address *a)
{
    return ntohs(a->u.any.sa_family == AF_INET ? a->u.in4.sin_port : a->u.in6.sin6_port);
}

void sk_address_set_port(struct sk_address *a, uint16_t port)
{
    if (a->u.any.sa_family == AF_INET)
        a->u.in4.sin_port = htons(port);
    else
        a->u.in6.sin6_port = htons(port);
}

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static void bytes_of(const struct sk_address *a, uint8_t out[16])
{
    if (a->u.any.sa_family == AF_INET) {
        memcpy(out, mapped, sizeof mapped);
        memcpy(out + 12, &a->u.in4.sin_addr, 4);
    } else {
        memcpy(out, &a->u.in6.sin6_addr, 16);
    }
}

void sk_address_to_v6(struct sk_address *a)
{
    if (a->u.any.sa_family != AF_INET)
        return;
    struct sk_address v6 = { .size = sizeof v6.u.in6 };
    v6.u.in6.sin6_family = AF_INET6;
    v6.u.in6.sin6_port = a->u.in4.sin_port;
    bytes_of(a, v6.u.in6.sin6_addr.s6_addr);
    *a = v6;
}

void sk_address_text(const struct sk_address *a, char out[SK_ADDRESS_TEXT])
{
    char scope[IF_NAMESIZE];
    out[0] = 0;
    if (a->u.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &a->u.in4.sin_addr, out, SK_ADDRESS_TEXT);
        return;
    }
    inet_ntop(AF_INET6, &a->u.in6.sin6_addr, out, SK_ADDRESS_TEXT);
    size_t n = strlen(out);
    if (a->u.in6.sin6_scope_id != 0 && if_indextoname(a->u.in6.sin6_scope_id, scope) != NULL &&
        n + 1 + strlen(scope) < SK_ADDRESS_TEXT)
        snprintf(out + n, SK_ADDRESS_TEXT - n, "%%%s", scope);
}

/* ---- ranges ---- */

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool sk_address_range_parse(struct sk_span text, struct sk_address_range *ret_range)
{
    struct sk_address a;
    int64_t bits = 0;
    const char *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
    struct sk_span address = { text.p, slash != NULL ? (size_t)(slash - text.p) : text.n };
    if (!sk_address_parse(address, 0, &a))
        return false;
    unsigned most = a.u.any.sa_family == AF_INET ? 32 : 128;
    if (slash != NULL && !sk_parse_int((struct sk_span){ slash + 1, text.n - address.n - 1 }, 0, most, &bits))
        return false;
    bytes_of(&a, ret_range->bytes);
    ret_range->bits = 128 - most + (slash != NULL ? (unsigned)bits : most);
    return true;
}

bool sk_address_range_has(const struct sk_address_range *range, const struct sk_address *a)
{
    uint8_t bytes[16];
    bytes_of(a, bytes);
    /* ::/0 is about IPv6 only: a mapped address is an IPv4 one */
    if (range->bits < 96 && memcmp(bytes, mapped, sizeof mapped) == 0)
        return false;
    return same_bits(range->bytes, bytes, range->bits);
}

/* ---- what is always refused ---- */

/* An IPv4 address within an IPv6 one: where it stands, or NULL. */
static const uint8_t *wrapped(const uint8_t bytes[16])
{
    static const uint8_t zero[12], nat64[12] = { 0, 0x64, 0xff, 0x9b };
    if (memcmp(bytes, mapped, 12) == 0 || memcmp(bytes, zero, 12) == 0 || memcmp(bytes, nat64, 12) == 0)
        return bytes + 12;
    return bytes[0] == 0x20 && bytes[1] == 0x02 ? bytes + 2 : NULL;
}

struct row {
    uint8_t bytes[16];
    unsigned bits;
};

static bool is_one_of(const struct row *rows, size_t count, const uint8_t bytes[16])
{
    for (size_t i = 0; i < count; i++)
        if (same_bits(rows[i].bytes, bytes, rows[i].bits))
            return true;
    return false;
}

bool sk_address_is_link_local(const struct sk_address *a)
{
    static const struct row rows[] = {
        { { 0xfe, 0x80 }, 10 },
        { { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54 }, 128 }, /* fd00:ec2::254 */
        { { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54 }, 128 }, /* fd20:ce::254 */
    };
    uint8_t bytes[16];
    bytes_of(a, bytes);
    const uint8_t *v4 = wrapped(bytes);
    if (v4 != NULL && v4[0] == 169 && v4[1] == 254)
        return true;
    return is_one_of(rows, SK_COUNT(rows), bytes);
}

bool sk_address_is_no_peer(const struct sk_address *a)
{
    static const struct row rows[] = {
        { { 0 }, 96 },                         /* ::, ::1, and IPv4 behind zeros */
        { { [8] = 0xff, 0xff, 0, 0 }, 96 },    /* ::ffff:0:0:0/96, RFC 2765 */
        { { 0, 0x64, 0xff, 0x9b }, 96 },       /* NAT64, RFC 6052 */
        { { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48 }, /* RFC 8215 */
        { { 0xff }, 8 },
    };
    static const struct row rows4[] = { { { 0 }, 8 }, { { 127 }, 8 }, { { 224 }, 4 }, { { 240 }, 4 } };
    uint8_t bytes[16];
    bytes_of(a, bytes);
    const uint8_t *v4 = wrapped(bytes);
    if (sk_address_is_link_local(a) || is_one_of(rows, SK_COUNT(rows), bytes))
        return true;
    if (v4 == NULL)
        return false;
    uint8_t alone[16] = { v4[0], v4[1], v4[2], v4[3] };
    return is_one_of(rows4, SK_COUNT(rows4), alone);
}
