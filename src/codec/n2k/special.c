/* What a row of paths.txt cannot say: alarms, autopilot modes, switches. */
#include "base/json.h"
#include "codec/n2k/device.h"
#include "codec/n2k/reading.h"

#define SWITCHES 28u

static void write_text(struct sk_n2k_reading *r, const struct sk_n2k_row *row, const char *text)
{
    if (text == NULL || !sk_n2k_value_begin(r, row))
        return;
    sk_json_write_str(r->out, sk_span_of(text));
    sk_n2k_value_end(r);
}

SK_N2K_BY(switches)
{
    int64_t bank = 0, on;
    (void)sk_n2k_raw(r, SK_N2K_BINARY_SWITCH_BANK_STATUS_INSTANCE, &bank);
    for (unsigned i = 1; i <= SWITCHES; i++) {
        if (!sk_n2k_raw(r, SK_N2K_BINARY_SWITCH_BANK_STATUS_INDICATOR1 + i - 1, &on))
            continue;
        for (unsigned order = 0; order < 2; order++) {
            struct sk_buf *out = r->out;
            sk_n2k_value_begin_path(r, "electrical.switches.bank.");
            out->n -= sizeof "\",\"value\":" - 1; /* the path goes on */
            sk_json_write_int(out, bank);
            sk_buf_char(out, '.');
            sk_json_write_int(out, i);
            sk_buf_text(out, order ? ".order\",\"value\":" : ".state\",\"value\":");
            sk_json_write_int(out, order ? i : on == 1);
            sk_n2k_value_end(r);
        }
    }
    (void)row;
}

/* ---- autopilots ---- */

SK_N2K_BY(simnet_mode)
{
    static const struct {
        unsigned bit;
        const char *state;
    } modes[] = { { 10, "wind" }, { 6, "route" }, { 4, "heading" }, { 8, "auto" }, { 3, "standby" } };
    int64_t bits;
    if (!sk_n2k_raw(r, row->field[0], &bits))
        return;
    for (size_t i = 0; i < SK_COUNT(modes); i++)
        if (bits >> modes[i].bit & 1) {
            write_text(r, row, modes[i].state);
            return;
        }
}

/* SmartPilots behind a SeaTalk converter: the sub-mode tells "off course" and the like, which are not other states. */
SK_N2K_BY(seatalk_mode)
{
    int64_t mode, sub = 0;
    if (!sk_n2k_raw(r, row->field[0], &mode) || !sk_n2k_raw(r, row->field[1], &sub))
        return;
    const char *state = NULL;
    if ((mode == 0 || mode == 64 || mode == 68 || mode == 72) && sub == 0)
        state = "standby";
    else if (mode == 70 && (sub == 0 || sub == 4 || sub == 8 || sub == 12))
        state = "wind";
    else if (mode == 74 && sub == 0)
        state = "route";
    else if (mode == 66 && (sub == 0 || sub == 4))
        state = "auto";
    write_text(r, row, state);
}

/* ---- alarms ---- */

/* A lookup's text as a path's segment: no blanks, perhaps in small letters. */
static void segment(struct sk_buf *b, const char *text, bool lower)
{
    for (; *text != '\0'; text++)
        if (*text != ' ' && *text != '.')
            sk_buf_char(b, lower && *text >= 'A' && *text <= 'Z' ? (char)(*text + 'a' - 'A') : *text);
}

SK_N2K_BY(seatalk_alarm)
{
    int64_t status, id;
    const char *group = sk_n2k_lookup(r, row->field[2]), *name = sk_n2k_lookup(r, row->field[1]);
    if (!sk_n2k_raw(r, row->field[0], &status) || !sk_n2k_raw(r, row->field[1], &id) || group == NULL)
        return;
    char text[192];
    struct sk_buf path = { .p = text, .cap = sizeof text, .max = sizeof text };
    SK_BUF_LIT(&path, "notifications.");
    segment(&path, group, true);
    sk_buf_char(&path, '.');
    if (name != NULL)
        segment(&path, name, false);
    else
        sk_buf_printf(&path, "unknown%d", (int)id);
    const char *p = sk_buf_cstr(&path);
    if (p == NULL)
        return;
    bool on = status != 0,
         event = name != NULL && (strcmp(name, "WP Arrival") == 0 || strcmp(name, "Pilot Way Point Advance") == 0 ||
                                  strcmp(name, "Pilot Route Complete") == 0);
    sk_n2k_value_begin_path(r, p);
    SK_BUF_LIT(r->out, "{\"message\":");
    if (name != NULL)
        sk_json_write_str(r->out, sk_span_of(name));
    else
        sk_buf_printf(r->out, "\"Unknown Seatalk Alarm %d\"", (int)id);
    sk_buf_text(r->out, !on ? ",\"method\":[]" : status == 1 ? ",\"method\":[\"visual\",\"sound\"]" : ",\"method\":[\"visual\"]");
    sk_buf_printf(r->out, ",\"state\":\"%s\"}", !on ? "normal" : event ? "alert" : "alarm");
    sk_n2k_value_end(r);
}

SK_N2K_BY(alert_text)
{
    int64_t id;
    char room[SK_N2K_STRING_MAX];
    struct sk_span text = sk_n2k_string(r, row->field[1], room);
    if (sk_n2k_raw(r, row->field[0], &id) && text.n > 0)
        sk_n2k_device_set_alert(r->device, id, text);
}

struct alert_member {
    const char *name;
    unsigned field;
    bool text;
};

static void alert_members(struct sk_n2k_reading *r)
{
    static const struct alert_member members[] = {
        { "alertType", SK_N2K_ALERT_ALERT_TYPE, true },
        { "alertCategory", SK_N2K_ALERT_ALERT_CATEGORY, true },
        { "alertSystem", SK_N2K_ALERT_ALERT_SYSTEM, false },
        { "alertId", SK_N2K_ALERT_ALERT_ID, false },
        { "dataSourceInstance", SK_N2K_ALERT_DATA_SOURCE_INSTANCE, false },
        { "dataSourceIndex-Source", SK_N2K_ALERT_DATA_SOURCE_INDEX_SOURCE, false },
        { "occurrence", SK_N2K_ALERT_ALERT_OCCURRENCE_NUMBER, false },
        { "temporarySilenceStatus", SK_N2K_ALERT_TEMPORARY_SILENCE_STATUS, true },
        { "acknowledgeStatus", SK_N2K_ALERT_ACKNOWLEDGE_STATUS, true },
        { "escalationStatus", SK_N2K_ALERT_ESCALATION_STATUS, true },
        { "temporarySilenceSupport", SK_N2K_ALERT_TEMPORARY_SILENCE_SUPPORT, true },
        { "acknowledgeSupport", SK_N2K_ALERT_ACKNOWLEDGE_SUPPORT, true },
        { "escalationSupport", SK_N2K_ALERT_ESCALATION_SUPPORT, true },
        { "triggerCondition", SK_N2K_ALERT_TRIGGER_CONDITION, true },
        { "thresholdStatus", SK_N2K_ALERT_THRESHOLD_STATUS, true },
        { "alertPriority", SK_N2K_ALERT_ALERT_PRIORITY, false },
        { "alertState", SK_N2K_ALERT_ALERT_STATE, true },
    };
    for (size_t i = 0; i < SK_COUNT(members); i++) {
        const char *text = members[i].text ? sk_n2k_lookup(r, members[i].field) : NULL;
        int64_t raw;
        if (text == NULL && !sk_n2k_raw(r, members[i].field, &raw))
            continue;
        sk_buf_printf(r->out, ",\"%s\":", members[i].name);
        if (text != NULL)
            sk_json_write_str(r->out, sk_span_of(text));
        else
            (void)sk_n2k_write_field(r, members[i].field);
    }
}

/* An alert is told once its text (PGN 126985) is known. */
SK_N2K_BY(alert)
{
    int64_t type, id, system = 0, silenced = 0, acknowledged = 0;
    if (!sk_n2k_raw(r, row->field[0], &type) || !sk_n2k_raw(r, row->field[1], &id))
        return;
    const char *message = sk_n2k_device_alert(r->device, id), *category = sk_n2k_lookup(r, SK_N2K_ALERT_ALERT_CATEGORY);
    if (message == NULL || category == NULL)
        return;
    const char *name = type == 1 ? "emergencyalarm" : type == 2 ? "alarm" : type == 5 ? "warning" : "caution";
    const char *state = type == 1 ? "emergency" : type == 2 ? "alarm" : type == 5 ? "warn" : "alert";
    (void)sk_n2k_raw(r, SK_N2K_ALERT_ALERT_SYSTEM, &system);
    (void)sk_n2k_raw(r, SK_N2K_ALERT_TEMPORARY_SILENCE_STATUS, &silenced);
    (void)sk_n2k_raw(r, SK_N2K_ALERT_ACKNOWLEDGE_STATUS, &acknowledged);
    char text[128];
    struct sk_buf path = { .p = text, .cap = sizeof text, .max = sizeof text };
    sk_buf_printf(&path, "notifications.nmea.%s.", name);
    segment(&path, category, true);
    sk_buf_printf(&path, ".%d.%d", (int)system, (int)id);
    if (sk_buf_cstr(&path) == NULL)
        return;
    sk_n2k_value_begin_path(r, path.p);
    sk_buf_printf(r->out, "{\"state\":\"%s\",\"method\":%s,\"message\":", state,
                  silenced == 1 || acknowledged == 1 ? "[]" : "[\"visual\",\"sound\"]");
    sk_json_write_str(r->out, sk_span_of(message));
    alert_members(r);
    sk_buf_char(r->out, '}');
    sk_n2k_value_end(r);
}
