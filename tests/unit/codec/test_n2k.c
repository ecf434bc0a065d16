/* NMEA 2000 codecs that speak: what goes out to gateways and to the bus, and what time brings. */
#include "codec/n2k/message.h"
#include "codec/n2k/n2k.h"

#include <linux/can.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants those first */
#include <cmocka.h>

#define T0 INT64_C(1795367549179)

static char deltas[1 << 20], written[1 << 16];
static size_t deltas_n, written_n;

static void on_delta(void *arg, struct sk_span json)
{
    (void)arg;
    assert_true(deltas_n + json.n < sizeof deltas);
    memcpy(deltas + deltas_n, json.p, json.n);
    deltas_n += json.n;
    deltas[deltas_n] = '\0';
}

static void on_write(void *arg, struct sk_span bytes)
{
    (void)arg;
    assert_true(written_n + bytes.n < sizeof written);
    memcpy(written + written_n, bytes.p, bytes.n);
    written_n += bytes.n;
    written[written_n] = '\0';
}

static void forget(void)
{
    deltas_n = written_n = 0;
    deltas[0] = written[0] = '\0';
}

static int create(const struct sk_codec_ops *ops, const char *settings, struct sk_codec **ret_codec, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    assert_int_equal(sk_json_read(sk_span_of(settings), &doc, em), 0);
    struct sk_codec_options o = { .label = "bus",
                                  .settings = yyjson_doc_get_root(doc),
                                  .out = { .delta = on_delta, .write = on_write } };
    int r = ops->create(&o, ret_codec, em);
    yyjson_doc_free(doc);
    forget();
    return r;
}

static struct sk_codec *make(const struct sk_codec_ops *ops, const char *settings)
{
    struct sk_codec *c = NULL;
    struct sk_errmsg em;
    assert_int_equal(create(ops, settings, &c, &em), 0);
    return c;
}

static void say(struct sk_codec *c, const char *line, int64_t now)
{
    c->ops->feed(c, sk_span_of(line), now);
    c->ops->flush(c, true, now);
}

/* ---- alarms ---- */

static void an_alarm_that_falls_silent_is_over(void **state)
{
    static const char engine[] =
        "2026-11-24T12:00:00.000Z,2,127489,20,255,26,00,ff,ff,ff,ff,ff,ff,ff,7f,ff,7f,ff,ff,ff,ff,ff,ff,ff,ff,"
        "ff,04,00,00,00,7f,7f";
    static const char over[] =
        "{\"path\":\"notifications.propulsion.port.lowOilPressure\",\"value\":{\"state\":\"normal\",\"method\":[],"
        "\"message\":\"Port Engine Low Oil Pressure\"}}";
    struct sk_codec *c = make(&sk_codec_n2k_lines, "{}");
    say(c, engine, T0);
    assert_non_null(strstr(deltas, "lowOilPressure\",\"value\":{\"state\":\"alarm\""));
    forget();
    for (int i = 0; i < 10; i++)
        c->ops->tick(c, T0 + i * 1000);
    assert_int_equal(deltas_n, 0);
    say(c, engine, T0 + 10000); /* it goes on */
    forget();
    for (int i = 0; i < 10; i++)
        c->ops->tick(c, T0 + i * 1000);
    assert_int_equal(deltas_n, 0);
    c->ops->tick(c, T0 + 21000);
    assert_non_null(strstr(deltas, over));
    assert_non_null(strstr(deltas, "\"pgn\":127489,\"src\":\"20\""));
    forget();
    c->ops->tick(c, T0 + 22000);
    assert_int_equal(deltas_n, 0); /* once */
    c->ops->destroy(c);
    (void)state;
}

static void an_alarm_that_was_taken_back_is_not_ended_again(void **state)
{
    struct sk_codec *c = make(&sk_codec_n2k_lines, "{}");
    say(c, "2026-11-24T12:00:00.000Z,2,127493,20,255,8,01,ff,ff,ff,ff,ff,02,ff", T0);
    say(c, "2026-11-24T12:00:00.000Z,2,127493,20,255,8,01,ff,ff,ff,ff,ff,00,ff", T0);
    forget();
    for (int i = 0; i < 30; i++)
        c->ops->tick(c, T0 + i * 1000);
    assert_int_equal(deltas_n, 0);
    c->ops->destroy(c);
    (void)state;
}

static void a_hundred_alarms_at_once_are_bounded(void **state)
{
    struct sk_codec *c = make(&sk_codec_n2k_lines, "{}");
    char line[160];
    for (unsigned src = 0; src < 100; src++) {
        snprintf(line, sizeof line, "2026-11-24T12:00:00.000Z,2,127493,%u,255,8,01,ff,ff,ff,ff,ff,01,ff", src);
        say(c, line, T0);
    }
    forget();
    uint64_t before = c->stats.deltas;
    for (int i = 0; i < 12; i++)
        c->ops->tick(c, T0 + i * 1000);
    assert_int_equal(c->stats.deltas - before, SK_N2K_ALARMS_MAX);
    c->ops->destroy(c);
    (void)state;
}

/* ---- gateways ---- */

static void each_gateway_is_asked_in_its_own_form(void **state)
{
    static const struct {
        const char *settings, *wanted;
    } forms[] = {
        { "{\"type\":\"ydwg02-canboatjs\"}", "18EAFF00 00 EE 00\r\n" },
        { "{\"type\":\"ydwg02-usb-canboatjs\"}", "0\r\n" },
        { "{\"type\":\"canboat-csv-canboatjs\"}", "2026-11-22T17:12:29.179Z,6,59904,254,255,3,00,ee,00\r\n" },
        { "{\"type\":\"w2k-1-n2k-ascii-canboatjs\"}", "A000000.000 00FF6 0EA00 00EE00\r\n" },
        { "{\"type\":\"n2k-ip-gateway-canboatjs\",\"format\":\"ydraw\"}", "18EAFF00 00 EE 00\r\n" },
        { "{\"type\":\"n2k-ip-gateway-canboatjs\",\"format\":\"candump3\"}", "" },
        { "{\"type\":\"ydwg02-udp-canboatjs\"}", "" },
        { "{\"type\":\"ikonvert-canboatjs\"}", "$PDGY,N2NET_OFFLINE\r\n" },
    };
    for (size_t i = 0; i < SK_COUNT(forms); i++) {
        struct sk_codec *c = make(&sk_codec_n2k_lines, forms[i].settings);
        c->ops->opened(c, T0);
        c->ops->tick(c, T0);
        assert_memory_equal(written, forms[i].wanted, strlen(forms[i].wanted));
        assert_true(forms[i].wanted[0] != '\0' || written_n == 0);
        c->ops->destroy(c);
    }
    (void)state;
}

/* Everybody three times, five seconds apart; then the device that keeps silent, each question twice; then no more. */
static void devices_are_asked_and_left_in_peace(void **state)
{
    struct sk_codec *c = make(&sk_codec_n2k_lines, "{\"type\":\"ydwg02-canboatjs\"}");
    c->ops->opened(c, T0);
    say(c, "19F80107 00 00 00 00 00 00 00 00", T0); /* a position of 7 */
    int lines = 0, directed = 0;
    for (int s = 0; s < 120; s++) {
        forget();
        c->ops->tick(c, T0 + s * 1000);
        lines += written_n > 0;
        directed += strstr(written, "18EA0700") != NULL;
        assert_true(written_n == 0 || s % 5 == 0);
    }
    assert_int_equal(lines, 9);
    assert_int_equal(directed, 6);
    c->ops->flush(c, false, T0); /* the connection broke: nothing is written any more */
    forget();
    c->ops->tick(c, T0 + 200000);
    assert_int_equal(written_n, 0);
    c->ops->destroy(c);
    (void)state;
}

static void a_set_up_that_is_not_answered_is_repeated(void **state)
{
    struct sk_codec *c = make(&sk_codec_n2k_lines, "{\"type\":\"navlink2-tcp-canboatjs\"}");
    c->ops->opened(c, T0);
    forget();
    c->ops->tick(c, T0 + 5000);
    assert_int_equal(written_n, 0);
    c->ops->tick(c, T0 + 5001);
    assert_string_equal(written, "$PDGY,N2NET_OFFLINE\r\n");
    forget();
    say(c, "$PDGY,TEXT,Digital_Yacht_NavLink2", T0 + 6000);
    assert_string_equal(written, "$PDGY,N2NET_MODE,15\r\n"); /* only those on a network */
    c->ops->destroy(c);
    (void)state;
}

/* Each command waits for its answer; then messages go out as the gateway wants them. */
static void an_ikonvert_is_set_up_and_then_asked(void **state)
{
    static const struct {
        const char *answer, *next;
    } steps[] = {
        { "$PDGY,000000,,,,,,", "" }, /* status of the network: no answer to anything */
        { "$PDGY,TEXT,Digital_Yacht_iKonvert", "$PDGY,TX_LIMIT,OFF\r\n" },
        { "$PDGY,NAK,unknown command", "$PDGY,TX_LIST,59904,60928,126208,126996,126998\r\n" },
        { "$PDGY,ACK,TX_LIST", "$PDGY,N2NET_INIT,ALL\r\n" },
        { "$PDGY,ACK,N2NET_INIT,ALL", "" },
    };
    struct sk_codec *c = make(&sk_codec_n2k_lines, "{\"type\":\"ikonvert-canboatjs\"}");
    c->ops->opened(c, T0);
    assert_string_equal(written, "$PDGY,N2NET_OFFLINE\r\n");
    for (size_t i = 0; i < SK_COUNT(steps); i++) {
        forget();
        say(c, steps[i].answer, T0 + 100);
        assert_string_equal(written, steps[i].next);
    }
    c->ops->tick(c, T0 + 200);
    assert_string_equal(written, "!PDGY,59904,255,AO4A\r\n");
    c->ops->destroy(c);
    (void)state;
}

static void settings_that_are_wrong_are_named(void **state)
{
    static const struct {
        const struct sk_codec_ops *ops;
        const char *settings, *wanted;
    } wrong[] = {
        { &sk_codec_n2k_lines, "{\"filtersEnabled\":true,\"filters\":[{\"source\":\"1\"},{\"source\":\"no name\"}]}",
          "filter 2: source" },
        { &sk_codec_n2k_lines, "{\"filtersEnabled\":true,\"filters\":[{\"pgn\":\"many\"}]}", "filter 1: pgn" },
        { &sk_codec_n2k_lines, "{\"type\":\"n2k-ip-gateway-canboatjs\",\"format\":\"morse\"}", "format 'morse'" },
        { &sk_codec_n2k_can, "{\"uniqueNumber\":2097152}", "uniqueNumber" },
        { &sk_codec_n2k_can, "{\"mfgCode\":\"x\"}", "mfgCode" },
        { &sk_codec_n2k_actisense, "{\"filtersEnabled\":true,\"filters\":[{\"pgn\":-1}]}", "filter 1: pgn" },
    };
    for (size_t i = 0; i < SK_COUNT(wrong); i++) {
        struct sk_codec *c = NULL;
        struct sk_errmsg em;
        assert_true(create(wrong[i].ops, wrong[i].settings, &c, &em) < 0);
        assert_non_null(strstr(em.text, wrong[i].wanted));
    }
    (void)state;
}

/* ---- Actisense ---- */

static void an_ngt_is_told_to_receive_everything(void **state)
{
    static const uint8_t all[] = { 0x10, 2, 0xa1, 3, 0x11, 2, 0, 0x49, 0x10, 3 };
    static const uint8_t request[] = { 0x10, 2, 0x94, 9, 6, 0, 0xea, 0, 255, 3, 0x00, 0xee, 0x00, 0x83, 0x10, 3 };
    static const uint8_t answer[] = { 0x10, 2, 0xa0, 3, 0x11, 2, 0, 0x4a, 0x10, 3 };
    struct sk_codec *c = make(&sk_codec_n2k_actisense, "{\"type\":\"ngt-1-canboatjs\"}");
    c->ops->opened(c, T0);
    assert_int_equal(written_n, sizeof all);
    assert_memory_equal(written, all, sizeof all);
    forget();
    c->ops->tick(c, T0);
    assert_int_equal(written_n, sizeof request);
    assert_memory_equal(written, request, sizeof request);
    forget();
    c->ops->tick(c, T0 + 5001); /* no answer: again, and the second question */
    assert_memory_equal(written, all, sizeof all);
    c->ops->feed(c, (struct sk_span){ (const char *)answer, sizeof answer }, T0 + 6000);
    forget();
    c->ops->tick(c, T0 + 20000);
    assert_int_equal(written[2] & 0xff, 0x94);
    c->ops->flush(c, false, T0);
    forget();
    c->ops->tick(c, T0 + 40000);
    assert_int_equal(written_n, 0);
    c->ops->destroy(c);
    (void)state;
}

/* ---- a device on the bus ---- */

static void frame(struct sk_codec *c, uint32_t pgn, uint8_t src, uint8_t dst, const void *data, size_t n, int64_t now)
{
    struct sk_n2k_message m = { .pgn = pgn, .priority = 6, .src = src, .dst = dst };
    struct can_frame f = { .can_id = sk_n2k_to_can_id(&m) | CAN_EFF_FLAG, .can_dlc = (uint8_t)n };
    memcpy(f.data, data, n);
    c->ops->feed(c, (struct sk_span){ (const char *)&f, sizeof f }, now);
}

/* The i-th frame written. */
static struct can_frame sent(size_t i)
{
    struct can_frame f;
    assert_true((i + 1) * sizeof f <= written_n);
    memcpy(&f, written + i * sizeof f, sizeof f);
    return f;
}

static struct sk_codec *on_the_bus(void)
{
    struct sk_codec *c = make(&sk_codec_n2k_can, "{\"uniqueNumber\":\"12345\",\"mfgCode\":999}");
    c->ops->opened(c, T0);
    return c;
}

static void an_address_is_claimed_before_anything_is_said(void **state)
{
    struct sk_codec *c = on_the_bus();
    assert_int_equal(written_n, sizeof(struct can_frame));
    assert_int_equal(sent(0).can_id, 0x18eeff64 | CAN_EFF_FLAG); /* address 100 */
    assert_int_equal(sent(0).data[0] | sent(0).data[1] << 8, 12345);
    forget();
    c->ops->tick(c, T0 + 100);
    assert_int_equal(written_n, 0); /* others may still object */
    c->ops->tick(c, T0 + 1000);
    assert_int_equal(sent(0).can_id, 0x18eaff64 | CAN_EFF_FLAG); /* now everybody is asked who they are */
    forget();
    c->ops->tick(c, T0 + 60000);
    assert_int_equal(sent(0).can_id, 0x1df01164 | CAN_EFF_FLAG); /* heartbeat */
    c->ops->destroy(c);
    (void)state;
}

static void the_smaller_name_keeps_the_address(void **state)
{
    static const uint8_t small[8] = { 1 }, big[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
    struct sk_codec *c = on_the_bus();
    forget();
    frame(c, SK_N2K_PGN_CLAIM, 100, SK_N2K_ALL, big, 8, T0 + 10);
    assert_int_equal(sent(0).can_id, 0x18eeff64 | CAN_EFF_FLAG); /* ours is smaller: said again */
    forget();
    frame(c, SK_N2K_PGN_CLAIM, 100, SK_N2K_ALL, small, 8, T0 + 20);
    assert_int_equal(sent(0).can_id, 0x18eeff65 | CAN_EFF_FLAG); /* moved on to 101 */
    forget();
    frame(c, SK_N2K_PGN_CLAIM, 50, SK_N2K_ALL, small, 8, T0 + 30);
    assert_int_equal(written_n, 0); /* of no concern */
    c->ops->tick(c, T0 + 1000);
    assert_int_equal(sent(0).can_id & 0xff, 101);
    c->ops->destroy(c);
    (void)state;
}

static void a_bus_that_is_full_gets_silence(void **state)
{
    static const uint8_t small[8] = { 1 };
    struct sk_codec *c = on_the_bus();
    for (unsigned i = 0; i < 300; i++) {
        forget();
        frame(c, SK_N2K_PGN_CLAIM, (uint8_t)((100 + i) % 252), SK_N2K_ALL, small, 8, T0 + 1);
        if (written_n > 0 && (sent(0).can_id & 0xff) == 254)
            break;
    }
    assert_int_equal(sent(0).can_id & 0xff, 254); /* "cannot claim" */
    forget();
    c->ops->tick(c, T0 + 120000);
    assert_int_equal(written_n, 0);
    c->ops->destroy(c);
    (void)state;
}

static void questions_of_others_are_answered(void **state)
{
    struct sk_codec *c = on_the_bus();
    c->ops->tick(c, T0 + 1000);
    forget();
    frame(c, SK_N2K_PGN_REQUEST, 7, 100, (uint8_t[]){ 0x00, 0xee, 0x00 }, 3, T0 + 2000);
    assert_int_equal(sent(0).can_id, 0x18eeff64 | CAN_EFF_FLAG);
    forget();
    frame(c, SK_N2K_PGN_REQUEST, 7, SK_N2K_ALL, (uint8_t[]){ 0x14, 0xf0, 0x01 }, 3,
          T0 + 2000); /* product: 134 bytes, 20 frames */
    assert_int_equal(written_n, 20 * sizeof(struct can_frame));
    assert_int_equal(sent(0).data[1], 134);
    assert_memory_equal(sent(1).data + 1, "skiff" + 2, 3);
    forget();
    frame(c, SK_N2K_PGN_REQUEST, 7, 100, (uint8_t[]){ 0x16, 0xf0, 0x01 }, 3, T0 + 2000); /* configuration */
    assert_true(written_n > 0);
    forget();
    frame(c, SK_N2K_PGN_REQUEST, 7, 100, (uint8_t[]){ 0x00, 0xee, 0x01 }, 3, T0 + 2000); /* list of messages: 126464 */
    assert_int_equal(sent(0).can_id & 0x1ffff00, 0x1ee0700);
    forget();
    frame(c, SK_N2K_PGN_REQUEST, 7, 100, (uint8_t[]){ 0x01, 0xf8, 0x01 }, 3, T0 + 2000); /* a position, which we have not */
    assert_int_equal(sent(0).can_id, 0x18e80764 | CAN_EFF_FLAG);
    assert_int_equal(sent(0).data[0], 1);
    forget();
    frame(c, SK_N2K_PGN_REQUEST, 7, SK_N2K_ALL, (uint8_t[]){ 0x01, 0xf8, 0x01 }, 3, T0 + 2000);
    frame(c, SK_N2K_PGN_REQUEST, 7, 55, (uint8_t[]){ 0x00, 0xee, 0x00 }, 3, T0 + 2000);
    assert_int_equal(written_n, 0);
    c->ops->flush(c, false, T0 + 3000);
    frame(c, SK_N2K_PGN_REQUEST, 7, 100, (uint8_t[]){ 0x00, 0xee, 0x00 }, 3, T0 + 4000);
    assert_int_equal(written_n, 0); /* closed */
    c->ops->destroy(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_that_falls_silent_is_over),   cmocka_unit_test(an_alarm_that_was_taken_back_is_not_ended_again),
        cmocka_unit_test(a_hundred_alarms_at_once_are_bounded), cmocka_unit_test(each_gateway_is_asked_in_its_own_form),
        cmocka_unit_test(devices_are_asked_and_left_in_peace),  cmocka_unit_test(a_set_up_that_is_not_answered_is_repeated),
        cmocka_unit_test(an_ikonvert_is_set_up_and_then_asked), cmocka_unit_test(settings_that_are_wrong_are_named),
        cmocka_unit_test(an_ngt_is_told_to_receive_everything), cmocka_unit_test(an_address_is_claimed_before_anything_is_said),
        cmocka_unit_test(the_smaller_name_keeps_the_address),   cmocka_unit_test(a_bus_that_is_full_gets_silence),
        cmocka_unit_test(questions_of_others_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
