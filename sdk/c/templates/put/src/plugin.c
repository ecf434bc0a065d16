/* {{title}}: a lamp that is switched by PUT requests. */
#include <skiff/plugin.h>

#define PATH "electrical.switches.cabinLight.state"

SKP_PLUGIN("{{name}}", "{{title}}",
           "{\"type\":\"object\",\"properties\":{"
           "\"onAtStart\":{\"type\":\"boolean\",\"title\":\"Switch the lamp on at start\",\"default\":false}}}")

/* Here a real plugin talks to its relay. */
static void switch_lamp(bool on)
{
    char buf[256];
    struct skp_delta d;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_bool(&d, PATH, on);
    skp_delta_send(&d);
    skp_status(on ? "The lamp is on" : "The lamp is off");
}

SKP_ON_START(config)
{
    bool on = false;
    skp_json_bool(config, "onAtStart", &on);
    if (!skp_register_put(PATH)) {
        skp_error("PUT requests were refused: package.json needs \"putHandlers\": true");
        return 1;
    }
    switch_lamp(on);
    return 0;
}

SKP_ON_STOP()
{
    skp_status("Stopped");
    return 0;
}

SKP_ON_PUT(electrical_switches_cabinLight_state, value, reply)
{
    bool on;
    if (!skp_json_bool(value, "", &on)) {
        skp_put_done(reply, 400, "the state must be true or false");
        return;
    }
    switch_lamp(on);
    skp_put_done(reply, 200, NULL);
}
