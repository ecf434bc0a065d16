/* links: plugin_dep */
#include "base/nearest.h"
#include "base/utf8.h"
#include "plugin/compile.h"
#include "plugin/guest_impl.h"
#include "plugin/module.h"

#include <stdlib.h>

/* UTF-16 of a guest's memory: whatever it is, it becomes valid UTF-8, and that goes back and forth unchanged. */
static void both_ways(const uint8_t *data, size_t n)
{
    struct sk_buf text, again;
    sk_buf_init(&text, 3 * n + 16);
    sk_buf_init(&again, 3 * n + 16);
    sk_utf16_append(&text, data, n / 2);
    SK_ASSERT(sk_buf_ok(&text) && sk_utf8_valid(text.p, text.n));
    size_t units = sk_utf16_units(sk_buf_span(&text), NULL);
    SK_ASSERT(units == n / 2);
    uint8_t *le = malloc(2 * units + 1); /* exactly as much as was said */
    SK_ASSERT(le != NULL && sk_utf16_units(sk_buf_span(&text), le) == units);
    sk_utf16_append(&again, le, units);
    SK_ASSERT(sk_span_is(sk_buf_span(&text), sk_buf_span(&again)));
    free(le);
    sk_buf_finish(&again);
    sk_buf_finish(&text);
}

/* UTF-8 of the server's own on the way into a guest: not all of it is valid. */
static void into_guest(const uint8_t *data, size_t n)
{
    struct sk_span text = { (const char *)data, n };
    size_t units = sk_utf16_units(text, NULL);
    uint8_t *le = malloc(2 * units + 1);
    SK_ASSERT(units <= n && le != NULL && sk_utf16_units(text, le) == units);
    free(le);
}

/* First byte chooses: UTF-16, UTF-8, or a message of the engine and the name of an import, which a module's author chose. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const names[] = { "sk_debug", "sk_handle_message", "sk_get_self_path", NULL };
    if (n == 0)
        return 0;
    if (data[0] % 3 == 0) {
        both_ways(data + 1, n - 1);
    } else if (data[0] % 3 == 1) {
        into_guest(data + 1, n - 1);
    } else {
        char words[100];
        wasm_name_t message = { .size = n - 1, .data = (char *)(uintptr_t)(data + 1) };
        sk_engine_words(&message, words, sizeof words);
        sk_nearest_name((const char *)data + 1, n - 1, names);
    }
    return 0;
}
