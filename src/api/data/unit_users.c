#include "api/data/unit_users.h"

#include "api/data/unit_check.h"
#include "api/data/unit_preferences_private.h"
#include "api/stream/stream.h"
#include "base/json.h"
#include "model/units.h"
#include "store/fs.h"
#include "store/kept.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)64 * 1024)

struct choice {
    char user[SK_SUBJECT_MAX + 1];
    char preset[SK_UNIT_PRESET_NAME_MAX + 1]; /* "": none */
};

struct sk_unit_users {
    struct choice *choices;
    size_t count, cap;
};

static struct sk_unit_users *of(const struct sk_api *api)
{
    return api->unit_preferences->users;
}

static struct choice *find(const struct sk_unit_users *u, const char *user)
{
    for (size_t i = 0; i < u->count; i++)
        if (strcmp(u->choices[i].user, user) == 0)
            return &u->choices[i];
    return NULL;
}

static struct choice *add(struct sk_unit_users *u, const char *user)
{
    if (u->count == SK_UNIT_USERS_MAX || strlen(user) > SK_SUBJECT_MAX)
        return NULL;
    if (u->count == u->cap) {
        u->cap = u->cap == 0 ? 8 : u->cap * 2;
        u->choices = sk_xrealloc(u->choices, u->cap * sizeof *u->choices);
    }
    struct choice *c = &u->choices[u->count++];
    *c = (struct choice){ 0 };
    memcpy(c->user, user, strlen(user) + 1);
    return c;
}

/* True when that is another choice than before. */
static bool choose(struct sk_unit_users *u, const char *user, struct sk_span document)
{
    yyjson_doc *doc = NULL;
    if (sk_json_read(document, &doc, NULL) < 0)
        return false;
    struct sk_span name = sk_json_str(sk_json_get(yyjson_doc_get_root(doc), "activePreset"));
    struct choice *c = find(u, user);
    if (!sk_unit_preset_name_ok(name))
        name = SK_SPAN("");
    bool another = !sk_span_eq(name, c != NULL ? c->preset : "");
    if (another && (c != NULL || (c = add(u, user)) != NULL)) {
        memcpy(c->preset, name.p, name.n);
        c->preset[name.n] = '\0';
    }
    yyjson_doc_free(doc);
    return another && c != NULL;
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

static void read_choice(struct sk_unit_users *u, const char *users, const char *user)
{
    SK_CLEANUP(sk_freep) char *folder = sk_fs_path(users, user);
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(folder, "unitpreferences/1.0.0.json");
    SK_CLEANUP(sk_freep) char *text = NULL;
    struct sk_errmsg em;
    size_t n;
    if (sk_kept_read(file, FILE_MAX, &text, &n, &em) == 0)
        (void)choose(u, user, (struct sk_span){ text, n });
}

struct sk_unit_users *sk_unit_users_load(const char *config_dir)
{
    struct sk_unit_users *u = sk_xcalloc(1, sizeof *u);
    SK_CLEANUP(sk_freep) char *users = sk_fs_path(config_dir, "applicationData/users");
    DIR *dir = opendir(users);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.')
            read_choice(u, users, e->d_name);
    if (dir != NULL)
        closedir(dir);
    return u;
}

void sk_unit_users_destroy(struct sk_unit_users *u)
{
    if (u == NULL)
        return;
    free(u->choices);
    free(u);
}

/* ---- in use ------------------------------------------------------------------------------------------------------------- */

void sk_unit_users_chose(struct sk_api *api, const char *user, struct sk_span document)
{
    if (!choose(of(api), user, document))
        return;
    for (struct sk_stream *s = api->streams; s != NULL; s = s->next)
        if (!s->who.device && strcmp(s->who.name, user) == 0)
            sk_feed_announce_meta_again(s->feed);
}

void sk_unit_users_name(struct sk_api *api, struct sk_http_req *r, char *out)
{
    struct sk_principal who = { 0 };
    out[0] = '\0';
    if (of(api)->count == 0 || !sk_auth_on(api->auth))
        return;
    if (sk_auth_identify(api->auth, r, false, &who) == SK_IDENTITY_KNOWN && !who.device && !who.anonymous)
        memcpy(out, who.name, sizeof who.name);
}

void sk_unit_users_see(struct sk_api *api, const char *user)
{
    struct sk_unit_preferences *p = api->unit_preferences;
    const struct choice *c = *user != '\0' ? find(p->users, user) : NULL;
    uint32_t id = c != NULL ? sk_unit_preset_id(p, sk_span_of(c->preset)) : 0;
    sk_units_see_as(p->units, id != 0 ? sk_unit_preset_of(p, sk_span_of(c->preset)) : NULL, id);
}
