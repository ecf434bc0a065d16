/* Passwords: the queue before the thread pool. */
#include "auth/auth_private.h"

#include "auth/password.h"

#include <stdlib.h>

struct sk_password_job {
    struct sk_password_job *next;
    struct sk_auth *auth;
    char password[SK_PASSWORD_MAX + 1];
    size_t password_n;
    char hash[SK_PASSWORD_HASH_SIZE]; /* to compare with, "" for nobody; or what was computed */
    bool make, ok;
    struct sk_login login;
    struct sk_errmsg em;
    sk_login_done login_done;
    sk_hash_done hash_done;
    void *arg;
};

static void work(uv_work_t *w)
{
    struct sk_auth *a = SK_CONTAINER(w, struct sk_auth, work);
    struct sk_password_job *j = a->jobs;
    struct sk_span password = { j->password, j->password_n };
    if (j->make)
        j->ok = sk_password_hash(password, j->hash, &j->em) == 0;
    else
        j->ok = sk_password_check(password, j->hash[0] != '\0' ? j->hash : NULL);
    explicit_bzero(j->password, sizeof j->password);
}

static void start_next(struct sk_auth *a);

static void computed(uv_work_t *w, int status)
{
    struct sk_auth *a = SK_CONTAINER(w, struct sk_auth, work);
    struct sk_password_job *j = a->jobs;
    (void)status;
    a->jobs = j->next;
    a->job_count--;
    a->working = false;
    start_next(a);
    if (j->make) {
        j->hash_done(j->arg, j->ok ? j->hash : NULL, &j->em);
    } else {
        j->login.result = j->ok ? SK_LOGIN_OK : SK_LOGIN_WRONG;
        j->login_done(j->arg, &j->login);
    }
    explicit_bzero(j->hash, sizeof j->hash);
    free(j);
}

static void start_next(struct sk_auth *a)
{
    if (a->working || a->jobs == NULL)
        return;
    a->working = true;
    SK_ASSERT(uv_queue_work(sk_loop_uv(a->loop), &a->work, work, computed) == 0);
}

static struct sk_password_job *job(struct sk_auth *a, struct sk_span password, void *arg)
{
    struct sk_password_job *j = sk_xcalloc(1, sizeof *j);
    j->auth = a;
    j->arg = arg;
    j->password_n = password.n <= SK_PASSWORD_MAX ? password.n : 0; /* over-long: as wrong as an empty one */
    if (j->password_n > 0)
        memcpy(j->password, password.p, j->password_n);
    return j;
}

static void enqueue(struct sk_auth *a, struct sk_password_job *j)
{
    struct sk_password_job **last = &a->jobs;
    while (*last != NULL)
        last = &(*last)->next;
    *last = j;
    a->job_count++;
    start_next(a);
}

static struct sk_span trimmed(struct sk_span s)
{
    while (s.n > 0 && (unsigned char)s.p[0] <= ' ')
        s = (struct sk_span){ s.p + 1, s.n - 1 };
    while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ')
        s.n--;
    return s;
}

void sk_auth_login(struct sk_auth *a, const char *address, struct sk_span name, struct sk_span password,
                   const struct sk_security *against, sk_login_done done, void *arg)
{
    SK_ASSERT(sk_loop_is_current(a->loop));
    struct sk_login refused = { .result = SK_LOGIN_SPENT };
    if (!sk_auth_take_login(a, address, &refused.retry_s)) {
        done(arg, &refused);
        return;
    }
    if (a->job_count >= SK_PASSWORD_JOBS_MAX) {
        refused.result = SK_LOGIN_BUSY;
        done(arg, &refused);
        return;
    }
    struct sk_password_job *j = job(a, password, arg);
    struct sk_user user;
    name = trimmed(name);
    j->login_done = done;
    if (name.n <= SK_SUBJECT_MAX && sk_security_user(against != NULL ? against : a->security, name, &user)) {
        memcpy(j->login.name, name.p, name.n);
        j->login.role = user.role;
        if (user.password != NULL && strlen(user.password) < sizeof j->hash)
            memcpy(j->hash, user.password, strlen(user.password) + 1);
    }
    enqueue(a, j);
}

void sk_auth_hash(struct sk_auth *a, struct sk_span password, sk_hash_done done, void *arg)
{
    struct sk_errmsg em;
    SK_ASSERT(sk_loop_is_current(a->loop));
    if (a->job_count >= SK_PASSWORD_JOBS_MAX) {
        sk_errmsg_set(&em, SK_ERR_BUSY, "too many passwords are being computed, try again");
        done(arg, NULL, &em);
        return;
    }
    struct sk_password_job *j = job(a, password, arg);
    j->make = true;
    j->hash_done = done;
    enqueue(a, j);
}
