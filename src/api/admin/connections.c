/*
 * The administrator's data connections: /skServer/providers. A change is saved first and then takes effect, on that connection
 * only; changes that come meanwhile wait their turn (at most WAITING_MAX).
 */
#include "api/admin/save_setting.h"
#include "api/api.h"
#include "base/log.h"
#include "input/entries.h"
#include "input/input.h"
#include "store/settings.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX ((size_t)4 * 1024 * 1024)
#define WAITING_MAX 32u
#define PLAIN_TEXT "text/plain; charset=utf-8" /* the texts hold names that clients choose */

#define LIST SK_SETTING(SK_SPAN("pipedProviders"))

enum verb { ADD, UPDATE, REMOVE };

struct sk_connection_edit {
    struct sk_connection_edit *next;
    struct sk_api *api;
    struct sk_http_req *req;
    enum verb verb;
    struct sk_buf before; /* the list, for when it cannot be saved */
};

static const char *const done_texts[] = { "Connection added", "Connection updated", "Connection deleted" };

static const yyjson_val *entries_of(const struct sk_api *api)
{
    return sk_json_get(sk_settings_root(api->settings), "pipedProviders");
}

/* ---- GET ---------------------------------------------------------------------------------------------------------------- */

static void write_fixed(struct sk_api *api, struct sk_buf *b)
{
    const char *text;
    for (size_t i = 0; (text = sk_inputs_fixed_entry(api->inputs, i)) != NULL; i++) {
        yyjson_doc *doc = NULL;
        if (sk_json_read(sk_span_of(text), &doc, NULL) < 0)
            continue;
        sk_buf_append(b, ",", !sk_buf_ends(b, '['));
        sk_entry_write_row(yyjson_doc_get_root(doc), true, b);
        yyjson_doc_free(doc);
    }
}

static void get_list(struct sk_http_req *r, void *arg)
{
    struct sk_api *api = arg;
    struct sk_buf b;
    size_t i, n;
    yyjson_val *entry, *all = (yyjson_val *)(uintptr_t)entries_of(api);
    sk_buf_init(&b, 2 * TEXT_MAX);
    sk_buf_char(&b, '[');
    yyjson_arr_foreach(all, i, n, entry) {
        sk_buf_append(&b, ",", i > 0);
        sk_entry_write_row(entry, false, &b);
    }
    write_fixed(api, &b);
    sk_buf_char(&b, ']');
    sk_http_reply_buf(r, 200, SK_HTTP_JSON, &b);
    sk_buf_finish(&b);
}

/* ---- changes ------------------------------------------------------------------------------------------------------------ */

static void begin(struct sk_connection_edit *e);

static void reply_text(struct sk_http_req *r, int status, const char *text)
{
    sk_http_reply(r, status, PLAIN_TEXT, sk_span_of(text));
}

/* The answer, and the next one's turn. */
static void end(struct sk_connection_edit *e, int status, const char *text)
{
    struct sk_api *api = e->api;
    reply_text(e->req, status, text);
    api->connection_edits = e->next;
    sk_buf_finish(&e->before);
    free(e);
    if (api->connection_edits != NULL)
        begin(api->connection_edits);
}

static int status_of(int error)
{
    return error == SK_ERR_INVALID || error == SK_ERR_LIMIT ? 400 : 401;
}

static void undo(struct sk_connection_edit *e)
{
    struct sk_buf file;
    sk_buf_init(&file, SK_SETTINGS_MAX);
    (void)sk_settings_set(e->api->settings, LIST, sk_buf_span(&e->before), &file, NULL); /* fails only where the change did */
    sk_buf_finish(&file);
}

static void saved(void *arg, int result, const char *error)
{
    struct sk_connection_edit *e = arg;
    char text[sizeof((struct sk_errmsg *)NULL)->text + 40];
    if (result < 0) {
        undo(e);
        snprintf(text, sizeof text, "Unable to save to settings file: %s", error);
        end(e, 500, text);
        return;
    }
    struct sk_span id = sk_http_param(e->req, "id");
    SK_CLEANUP(sk_freep) char *again = id.p != NULL ? sk_xstrndup(id.p, id.n) : NULL;
    if (e->api->inputs != NULL)
        sk_inputs_reconcile(e->api->inputs, again);
    end(e, 200, done_texts[e->verb]);
}

/* `new_list`: pipedProviders with the change in it. */
static void save(struct sk_connection_edit *e, const struct sk_buf *new_list)
{
    const yyjson_val *all = entries_of(e->api);
    if (all != NULL)
        sk_json_write(&e->before, all);
    sk_save_setting(e->api, LIST, sk_buf_span(new_list), saved, e);
}

/* A connection of the command line is not of the settings: its name is taken, and it cannot be changed. */
static int check_fixed(const struct sk_api *api, enum verb verb, struct sk_span id, const yyjson_val *row, struct sk_errmsg *em)
{
    const char *name = sk_json_get_str(row, "id");
    SK_CLEANUP(sk_freep) char *addressed = sk_xstrndup(id.p != NULL ? id.p : "", id.n);
    if (verb != ADD && sk_inputs_is_fixed(api->inputs, addressed))
        return sk_errmsg_set(em, SK_ERR_DENIED, "Connection '%.200s' comes from the command line and cannot be changed here",
                             addressed);
    if (name != NULL && sk_inputs_is_fixed(api->inputs, name))
        return sk_errmsg_set(em, SK_ERR_EXISTS, "Connection with ID '%.200s' already exists", name);
    return 0;
}

static bool runs_a_command(const yyjson_val *all, struct sk_span id, const yyjson_val *row)
{
    return sk_span_eq(sk_json_str(sk_json_get(row, "type")), "Execute") ||
           sk_span_eq(sk_entry_type(sk_entries_find(all, id)), "Execute");
}

/* Whoever can set a command up can do anything on this machine: not everybody in reach of the port while there is no login. */
static int check_command(const struct sk_api *api, enum verb verb, struct sk_span id, const yyjson_val *row, struct sk_errmsg *em)
{
    if (verb == REMOVE || sk_auth_on(api->auth) || !runs_a_command(entries_of(api), id, row))
        return 0;
    return sk_errmsg_set(em, SK_ERR_DENIED,
                         "A connection that runs a command can only be set up here by an administrator who logged in: switch "
                         "security on, or write it into the settings file");
}

static void begin(struct sk_connection_edit *e)
{
    struct sk_errmsg em = { 0 };
    struct sk_span id = sk_http_param(e->req, "id");
    const yyjson_val *all = entries_of(e->api);
    yyjson_doc *doc = NULL;
    struct sk_buf b;
    int r = e->verb != REMOVE ? sk_json_read(sk_http_body(e->req), &doc, &em) : 0;
    const yyjson_val *row = yyjson_doc_get_root(doc);
    sk_buf_init(&b, TEXT_MAX);
    if (r == 0)
        r = check_fixed(e->api, e->verb, id, row, &em);
    if (r == 0)
        r = check_command(e->api, e->verb, id, row, &em);
    if (r == 0)
        r = e->verb == ADD      ? sk_entries_add(all, row, &b, &em)
            : e->verb == UPDATE ? sk_entries_update(all, id, row, &b, &em)
                                : sk_entries_remove(all, id, &b, &em);
    yyjson_doc_free(doc);
    if (r == 0)
        save(e, &b);
    else
        end(e, status_of(r), em.text);
    sk_buf_finish(&b);
}

static void edit(struct sk_http_req *r, struct sk_api *api, enum verb verb)
{
    struct sk_connection_edit *e, **last = &api->connection_edits;
    unsigned waiting = 0;
    for (; *last != NULL; last = &(*last)->next)
        waiting++;
    if (waiting > WAITING_MAX) {
        reply_text(r, 503, "too many changes of connections wait to be saved; try again");
        return;
    }
    e = sk_xcalloc(1, sizeof *e);
    *e = (struct sk_connection_edit){ .api = api, .req = r, .verb = verb };
    sk_buf_init(&e->before, TEXT_MAX);
    *last = e;
    if (waiting == 0)
        begin(e);
}

static void post(struct sk_http_req *r, void *arg)
{
    edit(r, arg, ADD);
}

static void update(struct sk_http_req *r, void *arg)
{
    edit(r, arg, UPDATE);
}

static void remove_one(struct sk_http_req *r, void *arg)
{
    edit(r, arg, REMOVE);
}

/* canboat's program of that name: not needed, the server decodes NMEA 2000 itself. */
static void get_analyzer(struct sk_http_req *r, void *arg)
{
    (void)arg;
    sk_http_reply_json(r, 200, SK_SPAN("false"));
}

void sk_connections_add_routes(struct sk_api *api)
{
    const struct sk_route table[] = {
        { "GET", "/skServer/providers", SK_ACCESS_ADMIN, get_list, api },
        { "POST", "/skServer/providers", SK_ACCESS_ADMIN, post, api },
        { "PUT", "/skServer/providers/:id", SK_ACCESS_ADMIN, update, api },
        { "DELETE", "/skServer/providers/:id", SK_ACCESS_ADMIN, remove_one, api },
        { "GET", "/skServer/serialports", SK_ACCESS_ADMIN, sk_serial_ports_get, api },
        { "GET", "/skServer/hasAnalyzer", SK_ACCESS_ADMIN, get_analyzer, api },
    };
    sk_api_keep_routes(api, table, SK_COUNT(table));
}
