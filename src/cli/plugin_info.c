/* skiff plugin info: what a package is and may do, installed or not. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/may.h"
#include "cli/packages.h"
#include "cli/switch.h"

#include <stdio.h>
#include <stdlib.h>

struct info {
    struct sk_package *package;
    struct sk_release release; /* of the registry; name NULL: it was not asked */
    bool installed;
};

/* From the registry: the version object holds what package.json says. */
static int ask_registry(struct sk_cli_packages *p, const struct sk_spec *spec, struct info *i, struct sk_errmsg *em)
{
    yyjson_doc *doc = NULL;
    struct sk_buf b;
    int r = sk_registry_packument(p->home.registry, spec->name, NULL, NULL, &doc, em);
    if (r == 0)
        r = sk_packument_choose(yyjson_doc_get_root(doc), spec->name, spec->wanted, &i->release, em);
    yyjson_doc_free(doc);
    doc = NULL;
    if (r == 0)
        r = sk_registry_manifest(p->home.registry, i->release.name, i->release.version, &doc, em);
    if (r < 0)
        return r;
    sk_buf_init(&b, SK_PACKAGE_JSON_MAX);
    sk_json_write(&b, yyjson_doc_get_root(doc));
    r = sk_buf_ok(&b) ? sk_package_parse(sk_buf_span(&b), &i->package, em) : sk_errmsg_set(em, SK_ERR_LIMIT, "too large");
    sk_buf_finish(&b);
    yyjson_doc_free(doc);
    return r;
}

static int look(struct sk_cli_packages *p, const char *text, struct info *i, struct sk_errmsg *em)
{
    struct sk_spec spec = { 0 };
    int r = sk_spec_read(text, &spec, em);
    if (r == 0 && spec.kind != SK_SPEC_REGISTRY)
        r = sk_errmsg_set(em, SK_ERR_UNSUPPORTED, "%s is no name; for a folder or a module there is skiff plugin check", text);
    if (r == 0 && spec.wanted[0] == '\0')
        i->installed = sk_installed_read(p->home.config_dir, spec.name, &i->package, NULL) == 0;
    if (r == 0 && !i->installed)
        r = ask_registry(p, &spec, i, em);
    sk_spec_finish(&spec);
    return r;
}

static const char *kind_of(const struct sk_package *p)
{
    if (p->is_plugin && p->manifest != NULL)
        return p->is_webapp ? "plugin with webapp" : "plugin";
    if (p->is_webapp)
        return "webapp";
    return p->is_plugin ? "plugin in JavaScript, which needs the Node server" : "neither plugin nor webapp";
}

static void print_text(const struct sk_cli_packages *p, const struct info *i)
{
    const struct sk_package *k = i->package;
    bool plugin = k->is_plugin && k->manifest != NULL;
    printf("%s %s: %s\n%s%s", k->name, k->version, kind_of(k), k->description, k->description[0] != '\0' ? "\n" : "");
    if (i->release.name != NULL && i->release.deprecated[0] != '\0')
        printf("It is deprecated: %s\n", i->release.deprecated);
    if (i->installed)
        printf("It is installed%s.\n", !plugin                                    ? ""
                                       : sk_cli_is_enabled(p->home.config_dir, k) ? " and enabled"
                                                                                  : ", and not enabled");
    else
        printf("It is not installed.\n");
    if (plugin)
        sk_cli_print_may(stdout, k);
}

static void print_json(struct sk_cli_packages *p, const struct info *i)
{
    const struct sk_package *k = i->package;
    struct sk_buf caps;
    sk_buf_init(&caps, 4096);
    sk_buf_char(&caps, '[');
    for (unsigned c = 0; c < SK_CAP_COUNT; c++)
        if (k->is_plugin && k->manifest != NULL && sk_package_can(k, (enum sk_capability)c))
            sk_buf_printf(&caps, "%s\"%s\"", caps.n > 1 ? "," : "", sk_capability_key((enum sk_capability)c));
    sk_buf_char(&caps, ']');
    sk_cli_row_begin(p);
    sk_cli_row_text(p, "name", k->name);
    sk_cli_row_text(p, "version", k->version);
    sk_cli_row_text(p, "description", k->description);
    sk_cli_row_text(p, "kind", kind_of(k));
    sk_cli_row_json(p, "installed", i->installed ? "true" : "false");
    sk_cli_row_json(p, "enabled", i->installed && sk_cli_is_enabled(p->home.config_dir, k) ? "true" : "false");
    sk_cli_row_json(p, "capabilities", sk_buf_cstr(&caps));
    if (i->release.name != NULL)
        sk_cli_row_text(p, "integrity", i->release.integrity);
    sk_cli_row_end(p);
    sk_buf_finish(&caps);
}

static void work(struct sk_cli_packages *p)
{
    for (size_t n = 0; n < p->args->word_count; n++) {
        struct info i = { 0 };
        struct sk_errmsg em;
        if (look(p, sk_cli_word(p->args, n), &i, &em) < 0)
            sk_cli_packages_error(p, sk_cli_word(p->args, n), &em);
        else if (p->json)
            print_json(p, &i);
        else
            print_text(p, &i);
        sk_package_unref(i.package);
        sk_release_finish(&i.release);
    }
}

static int run(const struct sk_cli_args *a)
{
    return sk_cli_packages_run(a, SK_INSTALL_ANY, work);
}

static const struct sk_cli_option options[] = {
    { "config", "FOLDER", "the configuration (default: as the server)", .letter = 'c' },
    { "settings", "FILE", "in that folder (default: as the server)", .letter = 's', .rare = true },
    { "registry", "URL", "npm registry (default: as configured)" },
    { "json", NULL, "the result as JSON" },
    { NULL },
};

const struct sk_cli_command sk_cli_plugin_info = {
    .group = "plugin",
    .name = "info",
    .words = "NAME[@VERSION]...",
    .brief = "what a plugin is and may do",
    .text = "Tells what a package is, whether it is installed, and what it may do; of a package that is not installed, or when a "
            "version "
            "is given, the npm registry is asked.",
    .example = "skiff plugin info @me/my-plugin",
    .options = options,
    .run = run,
};
