/* Where, when and which way: values of paths.txt that are made of several fields. */
#include "base/clock.h"
#include "base/json.h"
#include "codec/n2k/device.h"
#include "codec/n2k/reading.h"

/* {"longitude":..,"latitude":..[,"altitude":..]}; fields: latitude, longitude, altitude. */
SK_N2K_BY(position)
{
    int64_t latitude, longitude, altitude;
    bool known = sk_n2k_raw(r, row->field[0], &latitude) && sk_n2k_raw(r, row->field[1], &longitude);
    if (known && (row->flags & SK_N2K_NONZERO) != 0 && (latitude == 0 || longitude == 0))
        return;
    if ((!known && (row->flags & SK_N2K_NULLABLE) == 0) || !sk_n2k_value_begin(r, row))
        return;
    if (known) {
        SK_BUF_LIT(r->out, "{\"longitude\":");
        (void)sk_n2k_write_field(r, row->field[1]);
        SK_BUF_LIT(r->out, ",\"latitude\":");
        (void)sk_n2k_write_field(r, row->field[0]);
        if (row->field[2] != SK_N2K_NONE && sk_n2k_raw(r, row->field[2], &altitude)) {
            SK_BUF_LIT(r->out, ",\"altitude\":");
            (void)sk_n2k_write_field(r, row->field[2]);
        }
        sk_buf_char(r->out, '}');
    } else {
        SK_BUF_LIT(r->out, "null");
    }
    sk_n2k_value_end(r);
}

SK_N2K_BY(datetime)
{
    int64_t days, ticks;
    if (!sk_n2k_raw(r, row->field[0], &days) || !sk_n2k_raw(r, row->field[1], &ticks) || !sk_n2k_value_begin(r, row))
        return;
    sk_n2k_write_time(r->out, days, ticks);
    sk_n2k_value_end(r);
}

/* Arrival: the day alone counts too; a time out of range is midnight. */
SK_N2K_BY(eta)
{
    int64_t days, ticks = 0;
    if (!sk_n2k_raw(r, row->field[0], &days) || days == 0 || !sk_n2k_value_begin(r, row))
        return;
    if (!sk_n2k_raw(r, row->field[1], &ticks) || ticks >= 864000000)
        ticks = 0;
    char iso[SK_ISO_TIME_SIZE];
    sk_iso_time(iso, days * 86400000 + ticks / 10);
    sk_buf_printf(r->out, "\"%s\"", iso);
    sk_n2k_value_end(r);
}

SK_N2K_BY(time_to_go)
{
    int64_t days, ticks;
    if (!sk_n2k_raw(r, row->field[0], &days) || !sk_n2k_raw(r, row->field[1], &ticks) || !sk_n2k_value_begin(r, row))
        return;
    sk_n2k_write_decimal(r->out, days * 864000000 + ticks - r->m->time_ms * 10, 4);
    sk_n2k_value_end(r);
}

static void member(struct sk_n2k_reading *r, const char *head, unsigned field)
{
    sk_buf_text(r->out, head);
    if (!sk_n2k_write_field(r, field))
        SK_BUF_LIT(r->out, "null");
}

SK_N2K_BY(attitude)
{
    if (!sk_n2k_value_begin(r, row))
        return;
    member(r, "{\"yaw\":", row->field[0]);
    member(r, ",\"pitch\":", row->field[1]);
    member(r, ",\"roll\":", row->field[2]);
    sk_buf_char(r->out, '}');
    sk_n2k_value_end(r);
}

/* Set and drift; one without the other says nothing. */
SK_N2K_BY(current)
{
    int64_t set, drift;
    if (!sk_n2k_raw(r, row->field[0], &set) || !sk_n2k_raw(r, row->field[1], &drift) || !sk_n2k_value_begin(r, row))
        return;
    member(r, "{\"setTrue\":", row->field[0]);
    member(r, ",\"drift\":", row->field[1]);
    sk_buf_char(r->out, '}');
    sk_n2k_value_end(r);
}

/* Remembered per device: cross track error and route come in messages that do not say it. */
SK_N2K_BY(course)
{
    int64_t type;
    bool great = sk_n2k_raw(r, row->field[0], &type) && type == 0;
    r->device->course = great ? "GreatCircle" : "Rhumbline";
}

SK_N2K_BY(satellites)
{
    static const struct {
        const char *head;
        unsigned field;
    } members[] = { { "{\"id\":", SK_N2K_GNSS_SATS_IN_VIEW_PRN },
                    { ",\"elevation\":", SK_N2K_GNSS_SATS_IN_VIEW_ELEVATION },
                    { ",\"azimuth\":", SK_N2K_GNSS_SATS_IN_VIEW_AZIMUTH },
                    { ",\"SNR\":", SK_N2K_GNSS_SATS_IN_VIEW_SNR } };
    unsigned groups = sk_n2k_groups(r), count = 0;
    int64_t raw;
    for (r->group = 0; r->group < groups; r->group++)
        count += sk_n2k_raw(r, SK_N2K_GNSS_SATS_IN_VIEW_PRN, &raw);
    if (!sk_n2k_value_begin(r, row))
        return;
    sk_buf_printf(r->out, "{\"count\":%u,\"satellites\":[", count);
    for (r->group = 0, count = 0; r->group < groups; r->group++) {
        if (!sk_n2k_raw(r, SK_N2K_GNSS_SATS_IN_VIEW_PRN, &raw))
            continue;
        if (count++ > 0)
            sk_buf_char(r->out, ',');
        for (size_t i = 0; i < SK_COUNT(members); i++)
            if (sk_n2k_raw(r, members[i].field, &raw)) {
                sk_buf_text(r->out, members[i].head);
                (void)sk_n2k_write_field(r, members[i].field);
            }
        sk_buf_char(r->out, '}');
    }
    r->group = 0;
    SK_BUF_LIT(r->out, "]}");
    sk_n2k_value_end(r);
}

/* ---- the route: waypoints before, at and behind the leg ---- */

static void waypoint(struct sk_n2k_reading *r, const char *point, bool with_position)
{
    char path[96], room[SK_N2K_STRING_MAX];
    struct sk_buf b = { .p = path, .cap = sizeof path, .max = sizeof path };
    struct sk_span name = sk_n2k_string(r, SK_N2K_NAVIGATION_ROUTE_WP_INFORMATION_WP_NAME, room);
    int64_t raw;
    if (name.n > 0) {
        sk_buf_printf(&b, "navigation.course%s.%s.name", r->device->course, point);
        sk_n2k_value_begin_path(r, sk_buf_cstr(&b));
        sk_json_write_str(r->out, name);
        sk_n2k_value_end(r);
    }
    if (!with_position || !sk_n2k_raw(r, SK_N2K_NAVIGATION_ROUTE_WP_INFORMATION_WP_LATITUDE, &raw) ||
        !sk_n2k_raw(r, SK_N2K_NAVIGATION_ROUTE_WP_INFORMATION_WP_LONGITUDE, &raw))
        return;
    sk_buf_clear(&b);
    sk_buf_printf(&b, "navigation.course%s.%s.position", r->device->course, point);
    sk_n2k_value_begin_path(r, sk_buf_cstr(&b));
    member(r, "{\"latitude\":", SK_N2K_NAVIGATION_ROUTE_WP_INFORMATION_WP_LATITUDE);
    member(r, ",\"longitude\":", SK_N2K_NAVIGATION_ROUTE_WP_INFORMATION_WP_LONGITUDE);
    sk_buf_char(r->out, '}');
    sk_n2k_value_end(r);
}

SK_N2K_BY(waypoints)
{
    static const char *const points[] = { "previousPoint", "nextPoint", "followingPoint" };
    if (r->device->course == NULL)
        return;
    unsigned groups = sk_n2k_groups(r);
    for (r->group = 0; r->group < groups && r->group < SK_COUNT(points); r->group++)
        waypoint(r, points[r->group], r->group != 1); /* the next one's position comes with the navigation data */
    r->group = 0;
    (void)row;
}
