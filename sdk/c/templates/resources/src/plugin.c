/* {{title}}: buoys as resources, kept as long as the plugin runs. */
#include <skiff/plugin.h>

enum { BUOYS_MAX = 100, ID_MAX = 64, TEXT_MAX = 1024 };

SKP_PLUGIN("{{name}}", "{{title}}", "{\"type\":\"object\",\"properties\":{}}")

static struct buoy {
    char id[ID_MAX]; /* empty: free */
    char json[TEXT_MAX];
    size_t len;
} buoys[BUOYS_MAX];

static struct buoy *find(const char *id)
{
    for (int i = 0; i < BUOYS_MAX; i++)
        if (skp_equal(buoys[i].id, id))
            return &buoys[i];
    return NULL;
}

static bool put(const char *id, const char *json, size_t len)
{
    struct buoy *b = find(id);
    if (b == NULL)
        b = find("");
    if (b == NULL || len >= TEXT_MAX)
        return false;
    skp_copy(b->id, sizeof(b->id), id, skp_len(id));
    b->len = skp_copy(b->json, sizeof(b->json), json, len);
    return true;
}

SKP_ON_START(config)
{
    static const char first[] = "{\"name\":\"Harbour entrance\",\"position\":{\"latitude\":60.1,\"longitude\":24.9}}";
    (void)config;
    put("harbour", first, sizeof(first) - 1);
    if (!skp_provide_resources("buoys"))
        return 1;
    skp_status("Keeping buoys");
    return 0;
}

SKP_ON_STOP()
{
    skp_status("Stopped");
    return 0;
}

SKP_ON_REQUEST(resources_list_resources, request, reply)
{
    (void)request;
    skp_write_object(reply);
    for (int i = 0; i < BUOYS_MAX; i++) {
        if (buoys[i].id[0] == '\0')
            continue;
        skp_write_key(reply, buoys[i].id);
        skp_write_json(reply, buoys[i].json, buoys[i].len);
    }
    skp_write_object_end(reply);
}

/* The buoy, or the part of it that was asked for. */
SKP_ON_REQUEST(resources_get_resource, request, reply)
{
    char id[ID_MAX] = "", property[200] = "";
    struct skp_json buoy, part;
    skp_json_text(request, "property", property, sizeof(property));
    skp_json_text(request, "id", id, sizeof(id));
    struct buoy *b = id[0] != '\0' ? find(id) : NULL;
    if (b != NULL && skp_json_parse(b->json, b->len, &buoy) && skp_json_at(&buoy, property, &part))
        skp_write_json(reply, part.at, (size_t)(part.end - part.at));
    else
        skp_write_null(reply);
}

static void write_done(struct skp_writer *reply)
{
    skp_write_object(reply);
    skp_write_object_end(reply);
}

SKP_ON_REQUEST(resources_set_resource, request, reply)
{
    char id[ID_MAX] = "", name[200];
    struct skp_json value;
    if (!skp_json_text(request, "id", id, sizeof(id)) || id[0] == '\0')
        skp_reply_error(reply, "the id is too long");
    else if (!skp_json_at(request, "value", &value) || !skp_json_text(&value, "name", name, sizeof(name)))
        skp_reply_error(reply, "a buoy needs a name");
    else if (!put(id, value.at, (size_t)(value.end - value.at)))
        skp_reply_error(reply, "there is no room for this buoy");
    else
        write_done(reply);
}

SKP_ON_REQUEST(resources_delete_resource, request, reply)
{
    char id[ID_MAX] = "";
    skp_json_text(request, "id", id, sizeof(id));
    struct buoy *b = id[0] != '\0' ? find(id) : NULL;
    if (b == NULL) {
        skp_reply_error(reply, "there is no such buoy");
        return;
    }
    b->id[0] = '\0';
    write_done(reply);
}
