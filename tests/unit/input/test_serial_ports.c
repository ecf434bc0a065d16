#include "base/json.h"
#include "input/serial_ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char root[] = "/tmp/skiff-ports-XXXXXX";

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) == NULL;
}

static int drop_root(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static void run(const char *script)
{
    char command[2000];
    snprintf(command, sizeof command, "cd %s && %s", root, script);
    assert_int_equal(system(command), 0);
}

static void assert_ports(const char *wanted)
{
    struct sk_buf b;
    sk_buf_init(&b, 100000);
    sk_serial_ports_write(root, &b);
    assert_string_equal(sk_buf_cstr(&b), wanted);
    sk_buf_finish(&b);
}

static void a_machine_without_any(void **state)
{
    (void)state;
    assert_ports("{\"byId\":[],\"byPath\":[],\"byOpenPlotter\":[],\"serialports\":[]}");
}

/* An adapter at USB, one on the board, one of which the kernel only knows a number, a terminal, and OpenPlotter's names. */
static void what_is_plugged_in(void **state)
{
    (void)state;
    run("mkdir -p dev/serial/by-id dev/serial/by-path sys/class/tty/tty0 sys/devices/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0 "
        "sys/class/tty/ttyS0 sys/class/tty/ttyS1 sys/devices/board && touch dev/serial/by-id/usb-Maker_A "
        "dev/serial/by-id/usb-Maker_B "
        "dev/serial/by-path/pci-1 dev/ttyOP_gps dev/ttyUSB0 dev/serial/by-id/.hidden");
    run("cd sys/devices/usb1/1-1 && echo 'Maker \"A\"' >manufacturer && echo 0001 >serial && echo 0403 >idVendor && echo 6001 "
        ">idProduct");
    run("ln -s ../.. sys/devices/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0/device && ln -s "
        "../../devices/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0 sys/class/tty/ttyUSB0");
    run("for p in 0 1; do ln -s ../../../devices/board sys/class/tty/ttyS$p/device; done; echo 4 >sys/class/tty/ttyS0/type; echo "
        "0 "
        ">sys/class/tty/ttyS1/type");
    assert_ports("{\"byId\":[\"/dev/serial/by-id/usb-Maker_A\",\"/dev/serial/by-id/usb-Maker_B\"],"
                 "\"byPath\":[\"/dev/serial/by-path/pci-1\"],\"byOpenPlotter\":[\"/dev/ttyOP_gps\"],"
                 "\"serialports\":[{\"path\":\"/dev/ttyS0\"},{\"path\":\"/dev/ttyUSB0\",\"manufacturer\":\"Maker \\\"A\\\"\","
                 "\"serialNumber\":\"0001\",\"vendorId\":\"0403\",\"productId\":\"6001\"}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_machine_without_any), cmocka_unit_test(what_is_plugged_in) };
    return cmocka_run_group_tests(tests, make_root, drop_root);
}
