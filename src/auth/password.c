#include "auth/password.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/library.h"

#include <crypt.h>
#include <pthread.h>

#define LIBRARY "libcrypt.so.1"
#define COST 10u
/* Of no password: what an unknown user's is compared with. */
#define NOBODY "$2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"

static struct {
    __typeof__(&crypt_r) crypt_r;
    __typeof__(&crypt_gensalt_rn) gensalt;
    bool usable;
} library;
static pthread_once_t loaded = PTHREAD_ONCE_INIT;

static void load(void)
{
    void *lib = sk_library_open(LIBRARY);
    library.usable =
        sk_library_find(lib, "crypt_r", &library.crypt_r) && sk_library_find(lib, "crypt_gensalt_rn", &library.gensalt);
}

static bool is_bcrypt(const char *hash)
{
    return hash != NULL && hash[0] == '$' && hash[1] == '2' && (hash[2] == 'a' || hash[2] == 'b' || hash[2] == 'y') &&
           hash[3] == '$' && strlen(hash) == strlen(NOBODY);
}

/* False when it cannot be computed. What was in memory of the password is wiped. */
static bool compute(struct sk_span password, const char *setting, char out[SK_PASSWORD_HASH_SIZE])
{
    char plain[SK_PASSWORD_MAX + 1];
    struct crypt_data data = { 0 }; /* 32 KiB, on threads with room for it: a login must not fail for lack of memory */
    if (password.n > 0)
        memcpy(plain, password.p, password.n);
    plain[password.n] = '\0';
    const char *hash = library.crypt_r(plain, setting, &data);
    bool ok = is_bcrypt(hash);
    if (ok)
        memcpy(out, hash, strlen(hash) + 1);
    explicit_bzero(plain, sizeof plain);
    explicit_bzero(&data, sizeof data);
    return ok;
}

static bool usable_password(struct sk_span password)
{
    return password.n > 0 && password.n <= SK_PASSWORD_MAX && memchr(password.p, '\0', password.n) == NULL;
}

int sk_password_hash(struct sk_span password, char ret_hash[SK_PASSWORD_HASH_SIZE], struct sk_errmsg *em)
{
    char random[16], setting[CRYPT_GENSALT_OUTPUT_SIZE];
    pthread_once(&loaded, load);
    if (!library.usable)
        return sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "%s is missing (Debian package libcrypt1)", LIBRARY);
    if (!usable_password(password))
        return sk_errmsg_set(em, SK_ERR_INVALID, "a password has 1 to %u bytes and no NUL", SK_PASSWORD_MAX);
    sk_random_bytes(random, sizeof random);
    if (library.gensalt("$2b$", COST, random, sizeof random, setting, sizeof setting) == NULL ||
        !compute(password, setting, ret_hash))
        return sk_errmsg_set(em, SK_ERR_INTERNAL, "%s cannot compute bcrypt", LIBRARY);
    return 0;
}

bool sk_password_check(struct sk_span password, const char *hash)
{
    char computed[SK_PASSWORD_HASH_SIZE];
    pthread_once(&loaded, load);
    if (!library.usable)
        return false;
    bool known = is_bcrypt(hash) && usable_password(password);
    if (!usable_password(password))
        password = SK_SPAN("x");
    bool ok = compute(password, known ? hash : NOBODY, computed);
    return ok && known && strlen(computed) == strlen(hash) && sk_same_secret(computed, hash, strlen(hash));
}
