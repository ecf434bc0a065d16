/* A message becomes a delta: the rows of its definition, one after the other. */
#include "base/json.h"
#include "codec/n2k/decoder.h"

#include <math.h>

typedef void by_function(struct sk_n2k_reading *r, const struct sk_n2k_row *row);

#define ENTRY(name) sk_n2k_by_##name,
static by_function *const functions[] = { SK_N2K_FUNCTIONS(ENTRY) };
#undef ENTRY

const struct sk_n2k_pgn *sk_n2k_definition(const struct sk_n2k_message *m, const struct sk_n2k_pgn *first)
{
    for (const struct sk_n2k_pgn *p = first; p < sk_n2k_pgns + sk_n2k_pgn_count && p->pgn == first->pgn; p++) {
        bool fits = true;
        for (unsigned i = 0; i < p->match_count && fits; i++) {
            const struct sk_n2k_match *want = &sk_n2k_matches[p->first_match + i];
            uint32_t got = 0; /* matching fields are at most 16 bits and lie within three bytes */
            size_t at = want->bit / 8;
            for (unsigned b = 0; b < 3 && at + b < m->len; b++)
                got |= (uint32_t)m->data[at + b] << 8 * b;
            fits = want->bit + want->bits <= m->len * 8 && (got >> want->bit % 8 & ((1u << want->bits) - 1)) == want->value;
        }
        if (fits)
            return p;
    }
    return NULL;
}

/* ---- conditions --------------------------------------------------------------------------------------------------------- */

static bool holds(const struct sk_n2k_reading *r, const struct sk_n2k_row *row)
{
    int64_t raw;
    if (row->when == SK_N2K_ALWAYS)
        return true;
    if (!sk_n2k_raw(r, row->when_field, &raw))
        return (row->flags & SK_N2K_OR_ABSENT) != 0;
    switch ((enum sk_n2k_when)row->when) {
    case SK_N2K_WHEN_ABOVE_ZERO:
        return raw > 0;
    case SK_N2K_WHEN_BELOW_ZERO:
        return raw < 0;
    case SK_N2K_WHEN_OVER:
        return raw > row->values[0];
    default:
        for (unsigned i = 0; i < row->value_count; i++)
            if (raw == row->values[i])
                return true;
        return false;
    }
}

/* ---- values ------------------------------------------------------------------------------------------------------------- */

/* "path":...,"value": and for an object its member's name. */
static bool begin(struct sk_n2k_reading *r, const struct sk_n2k_row *row)
{
    if ((row->flags & SK_N2K_ROOT) != 0)
        sk_n2k_value_begin_path(r, "");
    else if (!sk_n2k_value_begin(r, row))
        return false;
    if ((row->flags & (SK_N2K_ROOT | SK_N2K_MEMBER)) != 0) {
        SK_BUF_LIT(r->out, "{\"");
        sk_buf_text(r->out, sk_n2k_text + row->text);
        SK_BUF_LIT(r->out, "\":");
    }
    return true;
}

static void end(struct sk_n2k_reading *r, const struct sk_n2k_row *row)
{
    if ((row->flags & (SK_N2K_ROOT | SK_N2K_MEMBER)) != 0)
        sk_buf_char(r->out, '}');
    sk_n2k_value_end(r);
}

static void put_text(struct sk_n2k_reading *r, const struct sk_n2k_row *row, struct sk_span text)
{
    if (text.n == 0 || !begin(r, row))
        return;
    sk_json_write_str(r->out, text);
    end(r, row);
}

static double ten_to(unsigned n)
{
    double p = 1;
    while (n-- > 0)
        p *= 10;
    return p;
}

static void write_scaled(struct sk_buf *out, const struct sk_n2k_row *row, int64_t scaled)
{
    if (row->divide == 1 && (row->flags & SK_N2K_SIGNED) == 0) {
        sk_n2k_write_decimal(out, scaled, row->exp10);
        return;
    }
    double v = (double)scaled / ten_to(row->exp10);
    v = row->divide == 1 ? v : v / row->divide;
    sk_json_write_double(out, (row->flags & SK_N2K_SIGNED) != 0 && v > M_PI ? v - 2 * M_PI : v);
}

static void put_number(struct sk_n2k_reading *r, const struct sk_n2k_row *row)
{
    const struct sk_n2k_field *f = sk_n2k_field(r, row->field[0]);
    int64_t raw, scaled = 0, more;
    bool known = sk_n2k_raw(r, row->field[0], &raw) && !__builtin_mul_overflow(raw + f->offset, (int64_t)row->mult, &scaled);
    if (known && row->plus != SK_N2K_NONE) { /* brought to the finer of the two scales */
        const struct sk_n2k_field *g = sk_n2k_field(r, row->plus);
        if (!sk_n2k_raw(r, row->plus, &more))
            return;
        unsigned exp10 = g->exp10 > row->exp10 ? g->exp10 : row->exp10;
        scaled = scaled * (int64_t)ten_to(exp10 - row->exp10) + (more + g->offset) * g->mult * (int64_t)ten_to(exp10 - g->exp10);
        if (!begin(r, row))
            return;
        sk_n2k_write_decimal(r->out, scaled, exp10);
        end(r, row);
        return;
    }
    if ((known && scaled == 0 && (row->flags & SK_N2K_NONZERO) != 0) || (!known && (row->flags & SK_N2K_NULLABLE) == 0) ||
        !begin(r, row))
        return;
    if (known)
        write_scaled(r->out, row, scaled);
    else
        SK_BUF_LIT(r->out, "null");
    end(r, row);
}

static void put_lookup(struct sk_n2k_reading *r, const struct sk_n2k_row *row)
{
    int64_t raw;
    if (!sk_n2k_raw(r, row->field[0], &raw))
        return;
    const char *text = sk_n2k_lookup_text(sk_n2k_field(r, row->field[0])->lookup, raw);
    if (row->kind == SK_N2K_IS_TEXT && text == NULL) {
        if (begin(r, row)) {
            sk_json_write_int(r->out, raw);
            end(r, row);
        }
    } else if (row->kind == SK_N2K_IS_TEXT) {
        put_text(r, row, sk_span_of(text));
    } else if (row->kind == SK_N2K_IS_FLAG) {
        if (text != NULL && begin(r, row)) {
            sk_buf_text(r->out, raw == row->arg ? "true" : "false");
            end(r, row);
        }
    } else if (text != NULL) {
        char lower[128];
        size_t n = 0;
        for (; text[n] != '\0' && n < sizeof lower; n++)
            lower[n] = text[n] >= 'A' && text[n] <= 'Z' ? (char)(text[n] + 'a' - 'A') : text[n];
        put_text(r, row, (struct sk_span){ lower, n });
    }
}

/* ---- notifications of status bits --------------------------------------------------------------------------------------- */

static void write_engine_title(struct sk_n2k_reading *r)
{
    int64_t engine = 0;
    (void)sk_n2k_raw(r, 0, &engine); /* messages with status bits begin with the engine */
    if (engine < 2)
        sk_buf_text(r->out, engine == 0 ? "Port" : "Starboard");
    else
        sk_json_write_int(r->out, engine);
}

/* All bits set is "no data", not an engine with every fault there is. */
static void put_bit(struct sk_n2k *n, struct sk_n2k_reading *r, const struct sk_n2k_row *row)
{
    int64_t bits;
    size_t from = r->out->n + (r->values > 0) + sizeof "{\"path\":\"" - 1;
    if (!sk_n2k_raw(r, row->field[0], &bits) || !sk_n2k_value_begin(r, row))
        return;
    bool on = bits >> row->arg & 1;
    size_t path_end = r->out->n - (sizeof "\",\"value\":" - 1);
    sk_buf_text(r->out, on ? "{\"state\":\"alarm\",\"method\":[\"visual\",\"sound\"],\"message\":"
                           : "{\"state\":\"normal\",\"method\":[],\"message\":");
    size_t message = r->out->n;
    sk_buf_char(r->out, '"');
    for (const char *p = sk_n2k_text + row->text; *p != '\0'; p++)
        if (*p == '%')
            write_engine_title(r);
        else
            sk_buf_char(r->out, *p);
    if (!on)
        SK_BUF_LIT(r->out, " is Normal");
    sk_buf_char(r->out, '"');
    if (sk_buf_ok(r->out))
        sk_n2k_alarm_heard(n, r->m, (struct sk_span){ r->out->p + from, path_end - from },
                           (struct sk_span){ r->out->p + message, r->out->n - message }, on);
    sk_buf_char(r->out, '}');
    sk_n2k_value_end(r);
}

/* ---- rows --------------------------------------------------------------------------------------------------------------- */

static void put_row(struct sk_n2k *n, struct sk_n2k_reading *r, const struct sk_n2k_row *row)
{
    char room[SK_N2K_STRING_MAX];
    if (!holds(r, row))
        return;
    switch ((enum sk_n2k_kind)row->kind) {
    case SK_N2K_IS_NUMBER:
        put_number(r, row);
        return;
    case SK_N2K_IS_STRING:
        put_text(r, row, sk_n2k_string(r, row->field[0], room));
        return;
    case SK_N2K_IS_CONSTANT:
        put_text(r, row, sk_span_of(sk_n2k_text + row->text));
        return;
    case SK_N2K_IS_BIT:
        put_bit(n, r, row);
        return;
    case SK_N2K_IS_BY:
        functions[row->arg](r, row);
        return;
    default:
        put_lookup(r, row);
    }
}

/* Rows of repeated fields stand together: group by group, all of them. */
static void put_rows(struct sk_n2k *n, struct sk_n2k_reading *r)
{
    const struct sk_n2k_row *row = &sk_n2k_rows[r->def->first_row], *stop = row + r->def->row_count;
    while (row < stop) {
        if (!row->repeated) {
            put_row(n, r, row++);
            continue;
        }
        const struct sk_n2k_row *first = row;
        while (row < stop && row->repeated)
            row++;
        unsigned groups = sk_n2k_groups(r);
        for (r->group = 0; r->group < groups; r->group++)
            for (const struct sk_n2k_row *each = first; each < row; each++)
                put_row(n, r, each);
        r->group = 0;
    }
}

/* ---- the delta ---------------------------------------------------------------------------------------------------------- */

static struct sk_span time_text(struct sk_n2k *n, int64_t ms)
{
    if (n->iso[0] == '\0' || n->iso_ms != ms) {
        sk_iso_time(n->iso, ms);
        n->iso_ms = ms;
    }
    return (struct sk_span){ n->iso, SK_ISO_TIME_SIZE - 1 };
}

void sk_n2k_delta_begin(struct sk_n2k *n, const struct sk_n2k_message *m, const struct sk_n2k_device *d, struct sk_span instance)
{
    SK_BUF_LIT(&n->out, "\"updates\":[{\"source\":{\"label\":");
    sk_buf_span_append(&n->out, sk_buf_span(&n->label));
    SK_BUF_LIT(&n->out, ",\"type\":\"NMEA2000\",\"pgn\":");
    sk_json_write_int(&n->out, m->pgn);
    SK_BUF_LIT(&n->out, ",\"src\":\"");
    sk_json_write_int(&n->out, m->src);
    sk_buf_char(&n->out, '"');
    if (d->name != 0) {
        if (n->use_can_name)
            sk_buf_printf(&n->out, ",\"canName\":\"%llx\"", (unsigned long long)d->name);
        SK_BUF_LIT(&n->out, ",\"deviceInstance\":");
        sk_json_write_int(&n->out, d->instance);
    }
    if (instance.n > 0) {
        SK_BUF_LIT(&n->out, ",\"instance\":\"");
        sk_buf_span_append(&n->out, instance);
        sk_buf_char(&n->out, '"');
    }
    SK_BUF_LIT(&n->out, "},\"timestamp\":\"");
    sk_buf_span_append(&n->out, time_text(n, m->time_ms));
    SK_BUF_LIT(&n->out, "\",\"values\":[");
}

/* Writes "context":"...", for a message about another vessel. False: its number is no MMSI. */
static bool write_context(struct sk_n2k *n, const struct sk_n2k_reading *r)
{
    int64_t mmsi;
    const char *root = sk_n2k_text + r->def->root;
    if (!sk_n2k_raw(r, r->def->context_field, &mmsi)) {
        const char *dot = strchr(root, '.');
        sk_buf_printf(&n->out, "\"context\":\"%.*s.unknown\",", (int)(dot != NULL ? dot - root : (long)strlen(root)), root);
        return true;
    }
    if (mmsi < (r->def->context_padded ? 1 : 100000000))
        return false;
    sk_buf_printf(&n->out, "\"context\":\"%s.urn:mrn:imo:mmsi:%09lld\",", root, (long long)mmsi);
    return true;
}

bool sk_n2k_decode(struct sk_n2k *n, const struct sk_n2k_message *m, struct sk_n2k_device *d, const struct sk_n2k_pgn *def)
{
    struct sk_n2k_reading r = { .m = m, .def = def, .device = d, .out = &n->out };
    char instance[8] = "";
    int64_t number;
    sk_buf_clear(&n->out);
    sk_buf_char(&n->out, '{');
    if (def->context_field != SK_N2K_NONE && !write_context(n, &r)) {
        n->owner->stats.garbage++;
        return false;
    }
    struct sk_buf text = { .p = instance, .cap = sizeof instance, .max = sizeof instance };
    if (def->instance_field != SK_N2K_NONE && sk_n2k_raw(&r, def->instance_field, &number))
        sk_json_write_int(&text, number);
    sk_n2k_delta_begin(n, m, d, sk_buf_span(&text));
    put_rows(n, &r);
    SK_BUF_LIT(&n->out, "]}]}");
    return r.values > 0 && sk_buf_ok(&n->out);
}
