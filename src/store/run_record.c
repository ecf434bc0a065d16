#include "store/run_record.h"

#include "base/json.h"
#include "store/fs.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME "skiff-run.json"
#define FILE_MAX 8192

void sk_run_record_parse(struct sk_run_record *r, struct sk_span text)
{
    yyjson_doc *doc = NULL;
    *r = (struct sk_run_record){ 0 };
    if (sk_json_read(text, &doc, NULL) < 0)
        return;
    const yyjson_val *root = yyjson_doc_get_root(doc);
    const char *boot = sk_json_get_str(root, "boot"), *reason = sk_json_get_str(root, "safeMode");
    yyjson_val *v, *began = sk_json_get(root, "began");
    size_t i, n;
    snprintf(r->boot, sizeof r->boot, "%s", boot != NULL ? boot : "");
    snprintf(r->reason, sizeof r->reason, "%s", reason != NULL ? reason : "");
    yyjson_arr_foreach(began, i, n, v) {
        double ms;
        if (r->count < SK_RUN_DEATHS && sk_json_number(v, &ms) && ms >= 0 && ms < 9e15)
            r->began_ms[r->count++] = (uint64_t)ms;
    }
    yyjson_doc_free(doc);
}

static void drop_oldest(struct sk_run_record *r)
{
    memmove(r->began_ms, r->began_ms + 1, --r->count * sizeof r->began_ms[0]);
}

void sk_run_record_begin(struct sk_run_record *r, const char *boot, uint64_t now_ms)
{
    if (strcmp(r->boot, boot) != 0)
        *r = (struct sk_run_record){ 0 };
    snprintf(r->boot, sizeof r->boot, "%s", boot);
    while (r->count > 0 && (r->began_ms[0] > now_ms || now_ms - r->began_ms[0] > SK_RUN_WINDOW_MS))
        drop_oldest(r);
    if (r->reason[0] == 0 && r->count >= SK_RUN_DEATHS)
        snprintf(r->reason, sizeof r->reason, "the server died %d times within %u s", SK_RUN_DEATHS,
                 (unsigned)((now_ms - r->began_ms[0]) / 1000) + 1);
    if (r->count == SK_RUN_DEATHS)
        drop_oldest(r);
    r->began_ms[r->count++] = now_ms;
}

void sk_run_record_write(const struct sk_run_record *r, struct sk_buf *out)
{
    SK_BUF_LIT(out, "{\"boot\":");
    sk_json_write_str(out, sk_span_of(r->boot));
    SK_BUF_LIT(out, ",\"began\":[");
    for (size_t i = 0; i < r->count; i++)
        sk_buf_printf(out, "%s%llu", i > 0 ? "," : "", (unsigned long long)r->began_ms[i]);
    SK_BUF_LIT(out, "],\"safeMode\":");
    sk_json_write_str(out, sk_span_of(r->reason));
    sk_buf_char(out, '}');
}

/* Synced to no disk: what only a power cut can take away is not needed, and the start shall not wait for a card. */
static int save(const char *config_dir, const struct sk_run_record *r, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(config_dir, FILE_NAME);
    struct sk_buf b;
    sk_buf_init(&b, FILE_MAX);
    sk_run_record_write(r, &b);
    int e = sk_fs_write_unsynced(file, sk_buf_span(&b), 0600, em);
    sk_buf_finish(&b);
    return e;
}

static void read_boot_id(char id[SK_BOOT_ID_SIZE])
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (f == NULL || fgets(id, SK_BOOT_ID_SIZE, f) == NULL)
        id[0] = 0;
    id[strcspn(id, "\n")] = 0;
    if (f != NULL)
        fclose(f);
}

int sk_run_begin(const char *config_dir, struct sk_run_record *ret, struct sk_errmsg *em)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(config_dir, FILE_NAME);
    SK_CLEANUP(sk_freep) char *text = NULL;
    char boot[SK_BOOT_ID_SIZE];
    struct timespec t;
    size_t n = 0;
    clock_gettime(CLOCK_BOOTTIME, &t);
    read_boot_id(boot);
    int r = sk_fs_read(file, FILE_MAX, &text, &n, NULL);
    sk_run_record_parse(ret, r == 0 ? (struct sk_span){ text, n } : (struct sk_span){ 0 });
    sk_run_record_begin(ret, boot, (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
    return save(config_dir, ret, em);
}

int sk_run_leave_safe_mode(const char *config_dir, struct sk_run_record *r, struct sk_errmsg *em)
{
    r->reason[0] = 0;
    r->count = 0; /* the deaths before are dealt with */
    return save(config_dir, r, em);
}

void sk_run_end(const char *config_dir)
{
    SK_CLEANUP(sk_freep) char *file = sk_fs_path(config_dir, FILE_NAME);
    unlink(file);
}
