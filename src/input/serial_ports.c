#include "input/serial_ports.h"

#include "base/json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PORTS_MAX 256

static bool is_own_name(const char *name)
{
    return name[0] != '.';
}

static bool is_openplotter(const char *name)
{
    return strncmp(name, "ttyOP_", 6) == 0;
}

static int all(const struct dirent *e)
{
    return is_own_name(e->d_name);
}

/* First line of a file of /sys; false: there is none. */
static bool read_line(const char *folder, const char *name, char *line, size_t size)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, line, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    line[n > 0 ? n : 0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return line[0] != '\0';
}

/* ---- by names that stay ------------------------------------------------------------------------------------------------- */

static void write_folder(const char *root, const char *folder, bool (*wanted)(const char *name), struct sk_buf *out)
{
    char path[PATH_MAX];
    struct dirent **list;
    (void)snprintf(path, sizeof path, "%s%s", root, folder);
    int n = scandir(path, &list, all, alphasort), written = 0;
    sk_buf_char(out, '[');
    for (int i = 0; i < n; i++) {
        if (wanted(list[i]->d_name) && written < PORTS_MAX &&
            snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name) < (int)sizeof path) {
            sk_buf_append(out, ",", written++ > 0);
            sk_json_write_str(out, sk_span_of(path));
        }
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    sk_buf_char(out, ']');
}

/* ---- by the kernel's names ---------------------------------------------------------------------------------------------- */

/* A port that only stands in the kernel's table, without hardware behind it, says so by its type. */
static bool is_port(const char *device)
{
    char path[PATH_MAX], type[32];
    if (snprintf(path, sizeof path, "%s/device", device) >= (int)sizeof path || access(path, F_OK) != 0)
        return false;
    return !read_line(device, "type", type, sizeof type) || strcmp(type, "0") != 0;
}

/* What a USB adapter says of itself stands some folders above its port. */
static void write_usb(const char *device, struct sk_buf *out)
{
    static const struct {
        const char *file, *member;
    } facts[] = {
        { "manufacturer", "manufacturer" }, { "serial", "serialNumber" }, { "idVendor", "vendorId" }, { "idProduct", "productId" }
    };
    char folder[PATH_MAX], path[PATH_MAX], text[256];
    if (snprintf(path, sizeof path, "%s/device", device) >= (int)sizeof path || realpath(path, folder) == NULL)
        return;
    for (int up = 0; up < 4 && !read_line(folder, "idVendor", text, sizeof text); up++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL || slash == folder)
            return;
        *slash = '\0';
    }
    for (size_t i = 0; i < SK_COUNT(facts); i++) {
        if (!read_line(folder, facts[i].file, text, sizeof text))
            continue;
        sk_buf_printf(out, ",\"%s\":", facts[i].member);
        sk_json_write_str(out, sk_span_of(text));
    }
}

static void write_ports(const char *root, struct sk_buf *out)
{
    char folder[PATH_MAX], device[PATH_MAX], path[300];
    struct dirent **list;
    (void)snprintf(folder, sizeof folder, "%s/sys/class/tty", root);
    int n = scandir(folder, &list, all, versionsort), written = 0;
    sk_buf_char(out, '[');
    for (int i = 0; i < n; i++) {
        if (written < PORTS_MAX && snprintf(device, sizeof device, "%s/%s", folder, list[i]->d_name) < (int)sizeof device &&
            is_port(device)) {
            sk_buf_append(out, ",", written++ > 0);
            SK_BUF_LIT(out, "{\"path\":");
            (void)snprintf(path, sizeof path, "/dev/%s", list[i]->d_name);
            sk_json_write_str(out, sk_span_of(path));
            write_usb(device, out);
            sk_buf_char(out, '}');
        }
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    sk_buf_char(out, ']');
}

void sk_serial_ports_write(const char *root, struct sk_buf *out)
{
    SK_BUF_LIT(out, "{\"byId\":");
    write_folder(root, "/dev/serial/by-id", is_own_name, out);
    SK_BUF_LIT(out, ",\"byPath\":");
    write_folder(root, "/dev/serial/by-path", is_own_name, out);
    SK_BUF_LIT(out, ",\"byOpenPlotter\":");
    write_folder(root, "/dev", is_openplotter, out);
    SK_BUF_LIT(out, ",\"serialports\":");
    write_ports(root, out);
    sk_buf_char(out, '}');
}
