#include "npm/npmrc.h"
#include "npm/packument.h"
#include "npm/spec.h"
#include "npm/sri.h"
#include "npm/tarball.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *environment(const char *name)
{
    return strcmp(name, "TOKEN") == 0 ? "t0k" : NULL;
}

static void npmrc_is_read_as_npm_does(void **state)
{
    struct sk_npmrc c = { 0 };
    (void)state;
    sk_npmrc_set(&c, SK_SPAN("first"), SK_SPAN("wins"));
    sk_npmrc_add(&c,
                 SK_SPAN("; words\n# words\n a = b \r\nquoted=\"x y\"\nflag\nfirst=loses\ntwice=1\ntwice=2\n"
                         "var=-${TOKEN}-${NONE}-$\n[part]\nempty=\nlast=no newline"),
                 environment);
    assert_string_equal(sk_npmrc_get(&c, "a"), "b");
    assert_string_equal(sk_npmrc_get(&c, "quoted"), "x y");
    assert_string_equal(sk_npmrc_get(&c, "flag"), "true");
    assert_string_equal(sk_npmrc_get(&c, "first"), "wins");
    assert_string_equal(sk_npmrc_get(&c, "twice"), "2");
    assert_string_equal(sk_npmrc_get(&c, "var"), "-t0k-${NONE}-$");
    assert_string_equal(sk_npmrc_get(&c, "empty"), "");
    assert_string_equal(sk_npmrc_get(&c, "last"), "no newline");
    assert_null(sk_npmrc_get(&c, "words"));
    sk_npmrc_finish(&c);
}

static void a_login_is_for_its_place_only(void **state)
{
    struct sk_npmrc c = { 0 };
    (void)state;
    sk_npmrc_add(&c, SK_SPAN("//a.example/npm/:_authToken=deep\n//a.example/:_authToken=top\n//b.example:81/:_authToken=port\n"),
                 NULL);
    assert_string_equal(sk_npmrc_for_url(&c, "https://a.example/npm/@x%2fy", "_authToken"), "deep");
    assert_string_equal(sk_npmrc_for_url(&c, "https://a.example/npm/", "_authToken"), "deep");
    assert_string_equal(sk_npmrc_for_url(&c, "https://a.example/npmx/y", "_authToken"), "top");
    assert_string_equal(sk_npmrc_for_url(&c, "http://b.example:81/x?y=/z", "_authToken"), "port");
    assert_null(sk_npmrc_for_url(&c, "https://b.example/x", "_authToken"));
    assert_null(sk_npmrc_for_url(&c, "https://b.example:8/x", "_authToken"));
    assert_null(sk_npmrc_for_url(&c, "https://evil.example/a.example/npm/", "_authToken"));
    assert_null(sk_npmrc_for_url(&c, "https://a.example@evil.example/", "_authToken"));
    assert_null(sk_npmrc_for_url(&c, "https://a.example/", "_auth"));
    sk_npmrc_finish(&c);
}

static void names_are_those_of_npm(void **state)
{
    static const char *const good[] = { "a", "a-b_c.d", "@a/b", "@signalk/freeboard-sk", "JSONStream", "@a-b/c~d" };
    static const char *const bad[] = { "",       ".a",       "_a",   "a/b",    "@a",  "@/a",          "@a/",
                                       "@a/b/c", "@a/.b",    "../a", "a b",    "a\n", "node_modules", "@a/node_modules",
                                       "a%2f",   "\xc3\xa4", "a:b",  "@a/../b" };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(good); i++)
        assert_true(sk_npm_name_ok(sk_span_of(good[i])));
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        assert_false(sk_npm_name_ok(sk_span_of(bad[i])));
}

static void what_a_person_asks_for_is_understood(void **state)
{
    static const struct {
        const char *text, *name, *wanted;
    } cases[] = {
        { "a", "a", "" },          { "@a/b", "@a/b", "" }, { "a@1.2.3", "a", "1.2.3" }, { "@a/b@^1 || 2", "@a/b", "^1 || 2" },
        { "a@next", "a", "next" }, { "a@", "a", "" }
    };
    static const char *const bad[] = { "",      "@",           "a@git+ssh://x", "a@../b",
                                       "A B",   "./not/there", "not-there.tgz", "file:nothing",
                                       "a@x\ny" };
    struct sk_spec s;
    struct sk_errmsg em;
    (void)state;
    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        assert_int_equal(sk_spec_read(cases[i].text, &s, &em), 0);
        assert_int_equal(s.kind, SK_SPEC_REGISTRY);
        assert_string_equal(s.name, cases[i].name);
        assert_string_equal(s.wanted, cases[i].wanted);
        sk_spec_finish(&s);
    }
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        assert_true(sk_spec_read(bad[i], &s, &em) < 0);
    assert_int_equal(sk_spec_read("/", &s, &em), 0);
    assert_int_equal(s.kind, SK_SPEC_FOLDER);
    sk_spec_finish(&s);
}

static void digests_are_those_of_the_standard(void **state)
{
    static const struct {
        const char *integrity, *shasum;
        bool good;
    } cases[] = {
        /* of "abc" */
        { "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==", "", true },
        { "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn", "", true },
        { "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=?option", "", true },
        { "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "", true },
        { "", "a9993e364706816aba3e25717850c26c9cd0d89d", true },
        { "", "A9993E364706816ABA3E25717850C26C9CD0D89D", true },
        { "", "a9993e364706816aba3e25717850c26c9cd0d89e", false },
        { "sha256-AAAA sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "", true } /* no digest of that size: not counted */
    };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        struct sk_sri s;
        assert_int_equal(sk_sri_begin(&s, cases[i].integrity, cases[i].shasum, NULL), 0);
        sk_sri_add(&s, SK_SPAN("a"));
        sk_sri_add(&s, SK_SPAN("bc"));
        assert_int_equal(sk_sri_end(&s, NULL) == 0, cases[i].good);
    }
    struct sk_digest d;
    char text[SK_SRI_SIZE];
    assert_int_equal(sk_digest_begin(SK_DIGEST_SHA512, &d, NULL), 0);
    sk_digest_add(&d, SK_SPAN("abc"));
    sk_sri_write(&d, text);
    assert_string_equal(text, cases[0].integrity);
}

static void deprecated_versions_come_last(void **state)
{
    static const char text[] = "{\"name\":\"a\",\"dist-tags\":{\"latest\":\"1.3.0\"},\"versions\":{"
                               "\"1.1.0\":{\"dist\":{\"tarball\":\"https://x/1\"}},"
                               "\"1.2.0\":{\"dist\":{\"tarball\":\"https://x/2\"}},"
                               "\"1.3.0\":{\"deprecated\":\"broken\",\"dist\":{\"tarball\":\"https://x/3\"}}}}";
    yyjson_doc *doc = NULL;
    struct sk_release r;
    (void)state;
    assert_int_equal(sk_json_read(SK_SPAN(text), &doc, NULL), 0);
    assert_int_equal(sk_packument_choose(yyjson_doc_get_root(doc), "a", "^1.1", &r, NULL), 0);
    assert_string_equal(r.version, "1.2.0");
    sk_release_finish(&r);
    assert_int_equal(sk_packument_choose(yyjson_doc_get_root(doc), "a", ">1.2", &r, NULL), 0);
    assert_string_equal(r.version, "1.3.0");
    assert_string_equal(r.deprecated, "broken");
    sk_release_finish(&r);
    assert_true(sk_packument_choose(yyjson_doc_get_root(doc), "b", "", &r, NULL) < 0);
    yyjson_doc_free(doc);
}

static void file_names_stay_inside(void **state)
{
    static const char *const good[] = { "a", "a/b", ".hidden/..a", "a..b", "\xc3\xa4/x y" };
    static const char *const bad[] = {
        "", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a\\b", "a\nb", "\xff", "a/b/c/d/e"
    };
    (void)state;
    for (size_t i = 0; i < SK_COUNT(good); i++)
        assert_true(sk_tarball_name_ok(sk_span_of(good[i]), 3));
    for (size_t i = 0; i < SK_COUNT(bad); i++)
        assert_false(sk_tarball_name_ok(sk_span_of(bad[i]), 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npmrc_is_read_as_npm_does),
        cmocka_unit_test(a_login_is_for_its_place_only),
        cmocka_unit_test(names_are_those_of_npm),
        cmocka_unit_test(what_a_person_asks_for_is_understood),
        cmocka_unit_test(digests_are_those_of_the_standard),
        cmocka_unit_test(deprecated_versions_come_last),
        cmocka_unit_test(file_names_stay_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
