/* {{title}}: a simulated radar. A real one would get its spokes from a socket (sk_udp_recv). */
#include <skiff/plugin.h>

#define ID "sim"
enum { SPOKES = 32, SAMPLES = 64 };

SKP_PLUGIN("{{name}}", "{{title}}", "{\"type\":\"object\",\"properties\":{}}")

static bool transmitting;
static double range, gain;
static bool gain_auto;
static unsigned angle;

SKP_ON_START(config)
{
    (void)config;
    transmitting = false;
    range = 1852;
    gain = 50;
    gain_auto = true;
    if (!skp_provide_radars("{{title}}"))
        return 1;
    skp_status("Standby");
    return 0;
}

SKP_ON_STOP()
{
    skp_status("Stopped");
    return 0;
}

/* A revolution a second: each spoke is its number and a row of samples, with one echo that wanders. */
SKP_ON_POLL()
{
    for (int i = 0; transmitting && i < SPOKES; i++) {
        uint8_t spoke[1 + SAMPLES] = { (uint8_t)angle };
        spoke[1 + angle * 2 % SAMPLES] = 255;
        sk_radar_emit_spokes(ID, sizeof(ID) - 1, spoke, sizeof(spoke));
        angle = (angle + 1) % SPOKES;
    }
    return 0;
}

static const char *power(void)
{
    return transmitting ? "transmit" : "standby";
}

static bool ours(const struct skp_json *request)
{
    char id[32] = "";
    return skp_json_text(request, "radarId", id, sizeof(id)) && skp_equal(id, ID);
}

SKP_RADARS("[\"" ID "\"]")

SKP_ON_REQUEST(radar_get_radar_info, request, reply)
{
    if (!ours(request)) {
        skp_write_null(reply);
        return;
    }
    skp_write_object(reply);
    skp_put_text(reply, "id", ID);
    skp_put_text(reply, "name", "{{title}}");
    skp_put_text(reply, "brand", "Simulator");
    skp_put_text(reply, "status", power());
    skp_put_number(reply, "spokesPerRevolution", SPOKES);
    skp_put_number(reply, "maxSpokeLen", 1 + SAMPLES);
    skp_put_number(reply, "range", range);
    skp_write_object_end(reply);
}

SKP_ON_REQUEST(radar_get_capabilities, request, reply)
{
    static const char text[] = "{\"id\":\"" ID "\",\"make\":\"Simulator\",\"model\":\"One\",\"controls\":["
                               "{\"id\":\"power\",\"name\":\"Power\",\"type\":\"enum\",\"values\":[\"standby\",\"transmit\"]},"
                               "{\"id\":\"range\",\"name\":\"Range\",\"type\":\"number\",\"units\":\"m\"},"
                               "{\"id\":\"gain\",\"name\":\"Gain\",\"type\":\"compound\"}]}";
    if (ours(request))
        skp_write_json(reply, text, sizeof(text) - 1);
    else
        skp_write_null(reply);
}

static void write_control(struct skp_writer *reply, const char *control)
{
    if (skp_equal(control, "power")) {
        skp_write_text(reply, power());
    } else if (skp_equal(control, "range")) {
        skp_write_number(reply, range);
    } else if (skp_equal(control, "gain")) {
        skp_write_object(reply);
        skp_put_bool(reply, "auto", gain_auto);
        skp_put_number(reply, "value", gain);
        skp_write_object_end(reply);
    } else {
        skp_write_null(reply);
    }
}

SKP_ON_REQUEST(radar_get_state, request, reply)
{
    static const char *const controls[] = { "power", "range", "gain" };
    if (!ours(request)) {
        skp_write_null(reply);
        return;
    }
    skp_write_object(reply);
    skp_put_text(reply, "id", ID);
    skp_put_text(reply, "status", power());
    skp_write_key(reply, "controls");
    skp_write_object(reply);
    for (int i = 0; i < 3; i++) {
        skp_write_key(reply, controls[i]);
        write_control(reply, controls[i]);
    }
    skp_write_object_end(reply);
    skp_write_object_end(reply);
}

SKP_ON_REQUEST(radar_get_control, request, reply)
{
    char control[32] = "";
    skp_json_text(request, "controlId", control, sizeof(control));
    write_control(reply, ours(request) ? control : "");
}

static bool set_control(const struct skp_json *request)
{
    char control[32] = "", text[32];
    skp_json_text(request, "controlId", control, sizeof(control));
    if (skp_equal(control, "range"))
        return skp_json_number(request, "value", &range);
    if (skp_equal(control, "gain"))
        return skp_json_bool(request, "value.auto", &gain_auto) && (gain_auto || skp_json_number(request, "value.value", &gain));
    if (!skp_equal(control, "power") || !skp_json_text(request, "value", text, sizeof(text)))
        return false;
    if (!skp_equal(text, "transmit") && !skp_equal(text, "standby"))
        return false;
    transmitting = skp_equal(text, "transmit");
    skp_status(transmitting ? "Transmitting" : "Standby");
    return true;
}

SKP_ON_REQUEST(radar_set_control, request, reply)
{
    bool done = ours(request) && set_control(request);
    skp_reply_success(reply, done ? NULL : "there is no such control, or it cannot have this value");
}
