/* {{title}}: the boat's own thermometer and barometer as a weather station. */
#include <skiff/plugin.h>

SKP_PLUGIN("{{name}}", "{{title}}",
           "{\"type\":\"object\",\"properties\":{\"lowPressure\":{\"type\":\"number\","
           "\"title\":\"Warn when the pressure is below (Pa)\",\"default\":100000}}}")

static double low_pressure;

struct reading {
    double value;
    char timestamp[40];
};

static bool read_self(const char *path, struct reading *ret)
{
    char buf[1024];
    struct skp_json node;
    return skp_self(path, buf, sizeof(buf), &node) && skp_json_number(&node, "value", &ret->value) &&
           skp_json_text(&node, "timestamp", ret->timestamp, sizeof(ret->timestamp));
}

SKP_ON_START(config)
{
    low_pressure = 100000;
    skp_json_number(config, "lowPressure", &low_pressure);
    if (!skp_provide_weather("{{title}}"))
        return 1;
    skp_status("Observing");
    return 0;
}

SKP_ON_STOP()
{
    skp_status("Stopped");
    return 0;
}

/* One observation, here and now: this boat measures nowhere else. */
SKP_ON_REQUEST(weather_get_observations, request, reply)
{
    struct reading temperature, pressure;
    bool warm = read_self("environment.outside.temperature", &temperature);
    bool heavy = read_self("environment.outside.pressure", &pressure);
    (void)request;
    skp_write_array(reply);
    if (warm || heavy) {
        skp_write_object(reply);
        skp_put_text(reply, "date", heavy ? pressure.timestamp : temperature.timestamp);
        skp_put_text(reply, "type", "observation");
        skp_write_key(reply, "outside");
        skp_write_object(reply);
        if (warm)
            skp_put_number(reply, "temperature", temperature.value);
        if (heavy)
            skp_put_number(reply, "pressure", pressure.value);
        skp_write_object_end(reply);
        skp_write_object_end(reply);
    }
    skp_write_array_end(reply);
}

SKP_ON_REQUEST(weather_get_forecasts, request, reply)
{
    (void)request;
    skp_write_array(reply);
    skp_write_array_end(reply);
}

static void write_warning(struct skp_writer *reply, const struct reading *pressure)
{
    char text[120];
    struct skp_writer w;
    skp_writer_init(&w, text, sizeof(text));
    skp_write_plain(&w, "Pressure ");
    skp_write_plain_number(&w, pressure->value);
    skp_write_plain(&w, " Pa is below ");
    skp_write_plain_number(&w, low_pressure);
    skp_write_plain(&w, " Pa");
    skp_write_object(reply);
    skp_put_text(reply, "startTime", pressure->timestamp);
    skp_put_text(reply, "endTime", pressure->timestamp);
    skp_write_key(reply, "details");
    skp_write_text_n(reply, text, w.len);
    skp_put_text(reply, "source", "{{title}}");
    skp_put_text(reply, "type", "Warning");
    skp_write_object_end(reply);
}

SKP_ON_REQUEST(weather_get_warnings, request, reply)
{
    struct reading pressure;
    (void)request;
    skp_write_array(reply);
    if (read_self("environment.outside.pressure", &pressure) && pressure.value < low_pressure)
        write_warning(reply, &pressure);
    skp_write_array_end(reply);
}
