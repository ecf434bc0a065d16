/* {{title}}: answers HTTP requests below /plugins/{{id}}. */
#include <skiff/plugin.h>

SKP_PLUGIN("{{name}}", "{{title}}",
           "{\"type\":\"object\",\"properties\":{"
           "\"greeting\":{\"type\":\"string\",\"title\":\"Greeting\",\"default\":\"Hello\"}}}")

SKP_HTTP_ENDPOINTS("[{\"method\":\"GET\",\"path\":\"/api/hello/:name\",\"handler\":\"http_hello\"},"
                   "{\"method\":\"POST\",\"path\":\"/api/greeting\",\"handler\":\"http_greeting\"}]")

static char greeting[100];
static unsigned answered;

SKP_ON_START(config)
{
    skp_copy(greeting, sizeof(greeting), "Hello", 5);
    skp_json_text(config, "greeting", greeting, sizeof(greeting));
    answered = 0;
    skp_status("Answering");
    return 0;
}

SKP_ON_STOP()
{
    skp_status("Stopped");
    return 0;
}

SKP_ON_HTTP(http_hello, request, reply)
{
    char name[100] = "you", text[256];
    struct skp_writer w;
    skp_json_text(request, "params.name", name, sizeof(name));
    skp_writer_init(&w, text, sizeof(text));
    skp_write_plain(&w, greeting);
    skp_write_plain(&w, ", ");
    skp_write_plain(&w, name);
    skp_http_begin(reply, 200);
    skp_write_object(reply);
    skp_write_key(reply, "text");
    skp_write_text_n(reply, text, w.len);
    skp_put_number(reply, "answered", ++answered);
    skp_write_object_end(reply);
    skp_http_end(reply);
}

SKP_ON_HTTP(http_greeting, request, reply)
{
    char text[sizeof(greeting)];
    if (!skp_json_text(request, "body.greeting", text, sizeof(text)) || text[0] == '\0') {
        skp_http_error(reply, 400, "greeting must be a text of at most 99 bytes");
        return;
    }
    skp_copy(greeting, sizeof(greeting), text, skp_len(text));
    skp_http_begin(reply, 200);
    skp_write_object(reply);
    skp_put_text(reply, "greeting", greeting);
    skp_write_object_end(reply);
    skp_http_end(reply);
}
