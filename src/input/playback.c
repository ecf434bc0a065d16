#include "input/playback.h"

#include "base/json.h"

#define SAMPLE_RATE 210u /* bytes a second */

void sk_playback_write(struct sk_buf *out, const char *id, const char *data_type, const char *file, bool override_timestamps)
{
    sk_buf_append(out, ",", !sk_buf_ends(out, '['));
    SK_BUF_LIT(out, "{\"id\":");
    sk_json_write_str(out, sk_span_of(id));
    SK_BUF_LIT(out, ",\"pipeElements\":[{\"type\":\"providers/"
                    "simple\",\"options\":{\"type\":\"FileStream\",\"subOptions\":{\"dataType\":");
    sk_json_write_str(out, sk_span_of(data_type));
    SK_BUF_LIT(out, ",\"filename\":");
    sk_json_write_str(out, sk_span_of(file));
    SK_BUF_LIT(out, ",\"overrideTimestamp\":");
    sk_buf_text(out, override_timestamps ? "true" : "false");
    sk_buf_printf(out, ",\"throttleRate\":%u}}}]}", SAMPLE_RATE);
}
