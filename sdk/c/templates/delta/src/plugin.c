/* {{title}}: the highest speed over ground so far. */
#include <skiff/plugin.h>

#define SPEED "navigation.speedOverGround"

SKP_PLUGIN("{{name}}", "{{title}}",
           "{\"type\":\"object\",\"properties\":{\"ignoreBelow\":{\"type\":\"number\","
           "\"title\":\"Ignore speeds below (m/s)\",\"default\":0}}}")

static double max_speed;
static char context[200]; /* of the own vessel; where the server does not tell, all vessels count */

static void learn_context(void)
{
    char buf[200], id[150];
    struct skp_json v;
    struct skp_writer w;
    context[0] = '\0';
    skp_writer_init(&w, context, sizeof(context) - 1);
    skp_write_plain(&w, "vessels.");
    if (skp_self("mmsi", buf, sizeof(buf), &v) && skp_json_text(&v, "", id, sizeof(id)))
        skp_write_plain(&w, "urn:mrn:imo:mmsi:");
    else if (!skp_self("uuid", buf, sizeof(buf), &v) || !skp_json_text(&v, "", id, sizeof(id)))
        w.len = 0;
    if (w.len > 0)
        skp_write_plain(&w, id);
    context[w.len] = '\0';
}

SKP_ON_START(config)
{
    max_speed = 0;
    skp_json_number(config, "ignoreBelow", &max_speed);
    learn_context();
    skp_status("Watching");
    return 0;
}

SKP_ON_STOP()
{
    skp_status("Stopped");
    return 0;
}

static void look_at(double speed)
{
    char buf[256];
    struct skp_delta d;
    if (!(speed > max_speed))
        return;
    max_speed = speed;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, "plugins.{{key}}.maxSpeed", speed);
    skp_delta_send(&d);
}

SKP_ON_DELTA(json, len)
{
    char from[sizeof(context)], path[100];
    struct skp_json delta, updates, update, values, value;
    double speed;
    if (!skp_contains(json, len, "\"path\":\"" SPEED "\"")) /* most deltas are of no interest: spare the parsing */
        return;
    if (!skp_json_parse(json, len, &delta) || !skp_json_at(&delta, "updates", &updates))
        return;
    if (context[0] != '\0' && !(skp_json_text(&delta, "context", from, sizeof(from)) && skp_equal(from, context)))
        return;
    for (size_t u = 0; skp_json_next(&updates, &u, &update);) {
        if (!skp_json_at(&update, "values", &values))
            continue;
        for (size_t i = 0; skp_json_next(&values, &i, &value);)
            if (skp_json_text(&value, "path", path, sizeof(path)) && skp_equal(path, SPEED) &&
                skp_json_number(&value, "value", &speed))
                look_at(speed);
    }
}
