/* {{title}}: publishes the greeting of its configuration. */
#include <skiff/plugin.h>

SKP_PLUGIN("{{name}}", "{{title}}",
           "{\"type\":\"object\",\"properties\":{"
           "\"greeting\":{\"type\":\"string\",\"title\":\"Greeting\",\"default\":\"Hello\"}}}")

SKP_ON_START(config)
{
    char greeting[100] = "Hello", buf[256];
    struct skp_delta d;
    skp_json_text(config, "greeting", greeting, sizeof(greeting));
    if (greeting[0] == '\0') {
        skp_error("The greeting is empty");
        return 1;
    }
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_text(&d, "plugins.{{key}}.greeting", greeting);
    if (!skp_delta_send(&d)) {
        skp_error("The greeting is too long");
        return 1;
    }
    skp_status("Running");
    return 0;
}

SKP_ON_STOP()
{
    skp_status("Stopped");
    return 0;
}
