/* links: codec_dep */
/* NMEA 2000 messages as JSON or text: what is taken can be written as JSON, and that is the same message again. */
#include "codec/n2k/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sk_n2k_encoded e, again;
    struct sk_errmsg em;
    struct sk_buf text;
    if (sk_n2k_message_read((struct sk_span){ (const char *)data, n }, &e, &em) < 0)
        return 0;
    SK_ASSERT(e.m.len <= SK_N2K_DATA_MAX && e.m.pgn <= SK_N2K_PGN_MAX);
    sk_buf_init(&text, 256 * 1024);
    if (sk_n2k_write_json(&e.m, &text) && sk_buf_ok(&text)) {
        yyjson_doc *doc = NULL;
        SK_ASSERT(sk_json_read(sk_buf_span(&text), &doc, &em) == 0);
        yyjson_doc_free(doc);
        (void)sk_n2k_message_read(sk_buf_span(&text), &again, &em); /* texts that were cut, and the like, need not fit again */
    }
    sk_buf_finish(&text);
    return 0;
}
