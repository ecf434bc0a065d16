/* Messages as canboat's JSON: every field that says something, by name. */
#include "base/clock.h"
#include "base/json.h"
#include "codec/n2k/decoder.h"
#include "codec/n2k/encode.h"
#include "codec/n2k/reading.h"

static void put_indirect(struct sk_n2k_reading *r, const struct sk_n2k_field *f, int64_t function)
{
    int64_t class = 0;
    if (r->m->pgn == SK_N2K_PGN_CLAIM)
        (void)sk_n2k_raw(r, SK_N2K_ISO_ADDRESS_CLAIM_DEVICE_CLASS, &class);
    const char *text = sk_n2k_lookup_text(f->lookup, class * 256 + function);
    if (text != NULL)
        sk_json_write_str(r->out, sk_span_of(text));
    else
        sk_json_write_int(r->out, function);
}

static void put_value(struct sk_n2k_reading *r, unsigned i, int64_t raw)
{
    const struct sk_n2k_field *f = sk_n2k_field(r, i);
    char iso[SK_ISO_TIME_SIZE];
    const char *name = f->type == SK_N2K_LOOKUP ? sk_n2k_lookup_text(f->lookup, raw) : NULL;
    if (f->type == SK_N2K_INDIRECT) {
        put_indirect(r, f, raw);
    } else if (f->type == SK_N2K_DATE) {
        sk_iso_time(iso, raw * 86400000);
        sk_buf_printf(r->out, "\"%.4s.%.2s.%.2s\"", iso, iso + 5, iso + 8);
    } else if (f->type == SK_N2K_TIME && f->mult == 1 && f->exp10 == 4) {
        sk_iso_time(iso, raw / 10);
        sk_buf_printf(r->out, "\"%.8s.%04d0\"", iso + 11, (int)(raw % 10000));
    } else if (name != NULL && name[0] != '\0') {
        sk_json_write_str(r->out, sk_span_of(name));
    } else {
        (void)sk_n2k_write_field(r, i);
    }
}

void sk_n2k_put_members(struct sk_n2k_reading *r, unsigned first, unsigned stop)
{
    char room[SK_N2K_STRING_MAX];
    for (unsigned i = first; i < stop; i++) {
        const struct sk_n2k_field *f = sk_n2k_field(r, i);
        int64_t raw = 0;
        bool is_text = f->type == SK_N2K_FIXED_TEXT || f->type == SK_N2K_LAU_TEXT;
        struct sk_span text = is_text ? sk_n2k_string(r, i, room) : (struct sk_span){ 0 };
        if (f->id == 0 || f->type == SK_N2K_OTHER || (is_text ? text.n == 0 : !sk_n2k_raw(r, i, &raw)))
            continue;
        sk_buf_append(r->out, ",", r->out->n > 0 && r->out->p[r->out->n - 1] != '{');
        sk_buf_printf(r->out, "\"%s\":", sk_n2k_text + f->id);
        if (is_text)
            sk_json_write_str(r->out, text);
        else
            put_value(r, i, raw);
    }
}

bool sk_n2k_write_json(const struct sk_n2k_message *m, struct sk_buf *out)
{
    const struct sk_n2k_pgn *first = sk_n2k_pgn_find(m->pgn), *def = first != NULL ? sk_n2k_definition(m, first) : NULL;
    struct sk_n2k_reading r = { .m = m, .def = def, .out = out };
    if (def == NULL)
        return false;
    sk_buf_printf(out, "{\"pgn\":%u,\"prio\":%u,\"src\":%u,\"dst\":%u,\"fields\":{", m->pgn, m->priority, m->src, m->dst);
    bool groups = def->group_first != SK_N2K_NONE;
    sk_n2k_put_members(&r, 0, groups ? def->group_first : def->field_count);
    if (groups) {
        sk_buf_append(out, ",", out->n > 0 && out->p[out->n - 1] != '{');
        SK_BUF_LIT(out, "\"list\":[");
        unsigned count = sk_n2k_groups(&r);
        for (r.group = 0; r.group < count; r.group++) {
            sk_buf_append(out, ",", r.group > 0);
            sk_buf_char(out, '{');
            sk_n2k_put_members(&r, def->group_first, def->field_count);
            sk_buf_char(out, '}');
        }
        sk_buf_char(out, ']');
    }
    SK_BUF_LIT(out, "}}");
    return true;
}
