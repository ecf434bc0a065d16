/*
 * Demo boat: a small sailing yacht on a loop of marks, with wind, current, engine, tanks and battery that agree with each
 * other. It exists so that a fresh server has something true-to-life to show, and as the example of a C plugin.
 *
 * The world is flat around the start: x east, y north, in metres. Angles are radians clockwise from north, all units SI.
 */
#include "skiff/plugin.h"
#include "clock.h"
#include "trig.h"

#define METRES_PER_DEGREE 111195.0
#define NO_GO (42 * DEG)       /* no yacht sails closer to the wind */
#define TACK_MARGIN (18 * DEG) /* how much better the other tack must be before the crew moves */
#define MARK_RADIUS 90.0
#define VARIATION (9.4 * DEG) /* east, as in the Gulf of Finland */
#define TANK_FUEL 0.12        /* m3 */
#define TANK_WATER 0.3
#define BATTERY_CAPACITY (300.0 * 3600 * 12) /* J */

enum engine_mode { ENGINE_AUTO, ENGINE_ON, ENGINE_OFF };

struct vec {
    double x, y;
};

/* The course, in metres from the start. */
static const struct vec marks[] = { { 1300, 1700 }, { 3500, 1400 }, { 4300, -700 }, { 2100, -2200 }, { -400, -1300 }, { 0, 0 } };
enum { MARKS = sizeof(marks) / sizeof(marks[0]) };

static struct {
    double start_latitude, start_longitude;
    int steps_per_poll;
    enum engine_mode engine_mode;
} config;

static struct {
    double t; /* seconds sailed */
    struct vec at;
    struct vec through_water, over_ground; /* velocities */
    struct vec wind, current;              /* velocities over ground: where the air and the water go */
    double heading, turn_rate, rudder, speed;
    unsigned next_mark;
    int tack; /* +1: wind from starboard */
    bool engine, beating;
    double engine_temperature, revolutions;
    double fuel, water, charge; /* ratios */
    double battery_current;
    double log, trip;
    unsigned polls;
} boat;

static struct vec polar(double bearing, double length)
{
    return (struct vec){ sine(bearing) * length, cosine(bearing) * length };
}

static struct vec minus(struct vec a, struct vec b)
{
    return (struct vec){ a.x - b.x, a.y - b.y };
}

static double bearing(struct vec v)
{
    return bearing_of(v.x, v.y);
}

static double length(struct vec v)
{
    return length_of(v.x, v.y);
}

/* Moves `value` towards `target` as a lazy instrument does; `slowness` is the time constant in seconds. */
static void drift(double *value, double target, double slowness)
{
    *value += (target - *value) / slowness;
}

/* ---- The world ----------------------------------------------------------------------------------------------------- */

/* Sums of sines with periods that do not fit together never visibly repeat, and need no random numbers. */
static void weather(void)
{
    double t = boat.t;
    double from = (235 + 14 * sine(t / 410) + 6 * sine(t / 67 + 1) + 2 * sine(t / 11)) * DEG;
    double speed = 6.4 + 2.3 * sine(t / 530) + 0.9 * sine(t / 83 + 2) + 0.5 * sine(t / 17);
    boat.wind = polar(from + PI, clamp(speed, 1.5, 12));
    boat.current = polar(70 * DEG + 0.4 * sine(t / 900), 0.16 + 0.05 * sine(t / 700));
}

static double depth_at(struct vec p)
{
    double d = 19 + 8 * sine(p.x / 610) * cosine(p.y / 470) + 4 * sine(p.x / 170 + p.y / 210) + 0.4 * sine(p.x / 23);
    return d < 3 ? 3 : d;
}

/* ---- The crew ------------------------------------------------------------------------------------------------------ */

static struct vec to_mark(void)
{
    return minus(marks[boat.next_mark], boat.at);
}

static double wind_from(void)
{
    return bearing(boat.wind) + PI;
}

/* Which way to point. Straight at the mark, or on the better tack when the mark lies upwind. */
static double wanted_heading(void)
{
    struct vec way = to_mark();
    double course = bearing(way);
    /* Aim up-stream enough that the current carries the boat onto the line. */
    double across = boat.current.x * cosine(course) - boat.current.y * sine(course);
    double aim = course - clamp(across / (boat.speed < 1 ? 1 : boat.speed), -0.3, 0.3);
    double off_wind = half_turn(aim - wind_from());
    boat.beating = !boat.engine && __builtin_fabs(off_wind) < NO_GO;
    if (!boat.beating) {
        if (__builtin_fabs(off_wind) > 3 * DEG)
            boat.tack = off_wind < 0 ? 1 : -1;
        return aim;
    }
    /* With the wind from starboard the bow lies to the left of where the wind comes from. */
    double here = __builtin_fabs(half_turn(wind_from() - boat.tack * NO_GO - aim));
    double there = __builtin_fabs(half_turn(wind_from() + boat.tack * NO_GO - aim));
    if (there + TACK_MARGIN < here)
        boat.tack = -boat.tack;
    return wind_from() - boat.tack * NO_GO;
}

static void steer(void)
{
    double error = half_turn(wanted_heading() - boat.heading);
    boat.rudder = clamp(error * 0.6 - boat.turn_rate * 4, -0.5, 0.5);
    double bite = clamp(boat.speed / 3, 0.25, 1);
    drift(&boat.turn_rate, boat.rudder * 0.22 * bite, 3);
    boat.heading = full_turn(boat.heading + boat.turn_rate);
}

static void choose_engine(void)
{
    double wind = length(boat.wind);
    if (config.engine_mode != ENGINE_AUTO)
        boat.engine = config.engine_mode == ENGINE_ON;
    else if (wind < 3.6 || wind > 4.6) /* between the two the crew leaves it as it is */
        boat.engine = wind < 3.6;
    if (boat.fuel <= 0)
        boat.engine = false;
}

/* ---- The boat ------------------------------------------------------------------------------------------------------ */

/* Speed in a steady wind, from its angle and strength: slow near the wind, fastest on a broad reach. */
static double sailing_speed(double off_wind, double wind)
{
    double a = __builtin_fabs(off_wind);
    double shape = a < 30 * DEG ? 0.1 : 0.42 + 0.16 * sine((a - 30 * DEG) * 1.15) + 0.04 * sine(2 * a);
    return clamp(wind * shape, 0, 4.1);
}

static void move(void)
{
    struct vec wind_on_water = minus(boat.wind, boat.current);
    double off_wind = half_turn(bearing(wind_on_water) + PI - boat.heading);
    double target = boat.engine ? 3.1 : sailing_speed(off_wind, length(wind_on_water));
    drift(&boat.speed, target * (1 - 0.5 * __builtin_fabs(boat.rudder)), 9);

    double leeway = boat.engine ? 0 : 4 * DEG * cosine(clamp(__builtin_fabs(off_wind), 0, PI / 2));
    boat.through_water = polar(boat.heading - (off_wind > 0 ? leeway : -leeway), boat.speed);
    boat.over_ground = (struct vec){ boat.through_water.x + boat.current.x, boat.through_water.y + boat.current.y };
    boat.at.x += boat.over_ground.x;
    boat.at.y += boat.over_ground.y;
    boat.log += boat.speed;
    boat.trip += boat.speed;
    if (length(to_mark()) < MARK_RADIUS)
        boat.next_mark = (boat.next_mark + 1) % MARKS;
}

static void machinery(void)
{
    drift(&boat.revolutions, boat.engine ? 31 + 0.4 * sine(boat.t / 13) : 0, boat.engine ? 4 : 2);
    drift(&boat.engine_temperature, boat.engine ? 356 : 289, boat.engine ? 150 : 900);
    if (boat.engine)
        boat.fuel = clamp(boat.fuel - 2.6e-3 / 3600 / TANK_FUEL, 0, 1);
    boat.water = boat.water > 0.05 ? boat.water - 4e-3 / 3600 / TANK_WATER : 0.95;
    boat.battery_current = (boat.engine ? 38 * clamp((1 - boat.charge) * 8, 0.02, 1) : 0) - 5.2 - 0.8 * sine(boat.t / 31);
    boat.charge = clamp(boat.charge + boat.battery_current * 12 / BATTERY_CAPACITY, 0.15, 1);
}

static void sail_one_second(void)
{
    boat.t += 1;
    weather();
    choose_engine();
    steer();
    move();
    machinery();
}

/* ---- Telling the world ---------------------------------------------------------------------------------------------- */

/* Instruments have a resolution; digits beyond it would only make the deltas longer. */
static double rounded(double v, double per_unit)
{
    return __builtin_nearbyint(v * per_unit) / per_unit;
}

static double latitude(void)
{
    return rounded(config.start_latitude + boat.at.y / METRES_PER_DEGREE, 1e7);
}

static double longitude(void)
{
    double d = config.start_longitude + boat.at.x / (METRES_PER_DEGREE * cosine(config.start_latitude * DEG));
    return rounded(d >= 180 ? d - 360 : d < -180 ? d + 360 : d, 1e7);
}

static struct vec apparent_wind(void)
{
    return minus(boat.wind, boat.over_ground);
}

/* Where a wind comes from, seen from the bow: positive to starboard. */
static double angle_on_bow(struct vec wind)
{
    return rounded(half_turn(bearing(wind) + PI - boat.heading), 1e4);
}

static void angle(struct skp_delta *d, const char *path, double a)
{
    skp_delta_number(d, path, rounded(full_turn(a), 1e4));
}

static void publish_navigation(void)
{
    char buf[2048], time[32];
    struct skp_delta d;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_position(&d, "navigation.position", latitude(), longitude());
    angle(&d, "navigation.courseOverGroundTrue", bearing(boat.over_ground));
    skp_delta_number(&d, "navigation.speedOverGround", rounded(length(boat.over_ground), 1e3));
    if (utc_text(time))
        skp_delta_text(&d, "navigation.datetime", time);
    skp_delta_next_update(&d);
    angle(&d, "navigation.headingTrue", boat.heading);
    angle(&d, "navigation.headingMagnetic", boat.heading - VARIATION);
    skp_delta_number(&d, "navigation.magneticVariation", rounded(VARIATION, 1e4));
    skp_delta_number(&d, "navigation.rateOfTurn", rounded(boat.turn_rate, 1e5));
    skp_delta_number(&d, "steering.rudderAngle", rounded(boat.rudder, 1e4));
    skp_delta_next_update(&d);
    skp_delta_number(&d, "navigation.speedThroughWater", rounded(boat.speed, 1e3));
    skp_delta_number(&d, "navigation.log", rounded(boat.log, 1));
    skp_delta_number(&d, "navigation.trip.log", rounded(boat.trip, 1));
    skp_delta_send(&d);
}

static void publish_environment(void)
{
    char buf[1024];
    struct skp_delta d;
    struct vec true_wind = minus(boat.wind, boat.current);
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, "environment.wind.speedApparent", rounded(length(apparent_wind()), 1e2));
    skp_delta_number(&d, "environment.wind.angleApparent", angle_on_bow(apparent_wind()));
    skp_delta_number(&d, "environment.wind.speedTrue", rounded(length(true_wind), 1e2));
    skp_delta_number(&d, "environment.wind.angleTrueWater", angle_on_bow(true_wind));
    angle(&d, "environment.wind.directionTrue", wind_from());
    skp_delta_next_update(&d);
    skp_delta_number(&d, "environment.depth.belowTransducer", rounded(depth_at(boat.at), 1e2));
    skp_delta_send(&d);
}

static void publish_engine(void)
{
    char buf[1024];
    struct skp_delta d;
    double oil = boat.revolutions < 3 ? 0 : 2.2e5 + 6e3 * boat.revolutions;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_text(&d, "propulsion.main.state", boat.engine ? "started" : "stopped");
    skp_delta_number(&d, "propulsion.main.revolutions", rounded(boat.revolutions < 0.5 ? 0 : boat.revolutions, 1e2));
    skp_delta_number(&d, "propulsion.main.temperature", rounded(boat.engine_temperature, 10));
    skp_delta_number(&d, "propulsion.main.oilPressure", rounded(oil, 1e-3));
    skp_delta_send(&d);
}

/* What changes over minutes. */
static void publish_slow(void)
{
    char buf[2048];
    struct skp_delta d;
    skp_delta_begin(&d, buf, sizeof(buf));
    skp_delta_number(&d, "environment.water.temperature", rounded(288.3 + 0.6 * sine(boat.t / 800), 1e2));
    skp_delta_number(&d, "environment.outside.temperature", rounded(291.6 + 1.4 * sine(boat.t / 1900), 1e2));
    skp_delta_number(&d, "environment.outside.pressure", rounded(101420 + 180 * sine(boat.t / 5200), 0.1));
    skp_delta_next_update(&d);
    skp_delta_number(&d, "tanks.fuel.0.currentLevel", rounded(boat.fuel, 1e4));
    skp_delta_number(&d, "tanks.fuel.0.capacity", TANK_FUEL);
    skp_delta_number(&d, "tanks.freshWater.0.currentLevel", rounded(boat.water, 1e4));
    skp_delta_number(&d, "tanks.freshWater.0.capacity", TANK_WATER);
    skp_delta_next_update(&d);
    double voltage = 11.9 + 0.9 * boat.charge + 0.018 * boat.battery_current;
    skp_delta_number(&d, "electrical.batteries.house.voltage", rounded(voltage, 1e2));
    skp_delta_number(&d, "electrical.batteries.house.current", rounded(boat.battery_current, 10));
    skp_delta_number(&d, "electrical.batteries.house.capacity.stateOfCharge", rounded(boat.charge, 1e3));
    skp_delta_send(&d);
}

static void publish(void)
{
    publish_navigation();
    publish_environment();
    publish_engine();
    if (boat.polls % 5 == 0)
        publish_slow();
    boat.polls++;
}

/* ---- The plugin ---------------------------------------------------------------------------------------------------- */

SKP_PLUGIN("skiff-demo-boat", "Demo boat",
           "{\"type\":\"object\",\"title\":\"Demo boat\","
           "\"description\":\"Sails a make-believe boat round a loop of marks. Do not run it beside real instruments.\","
           "\"properties\":{"
           "\"startLatitude\":{\"type\":\"number\",\"title\":\"Start latitude\",\"description\":\"Degrees, north positive\","
           "\"minimum\":-80,\"maximum\":80,\"default\":60.055},"
           "\"startLongitude\":{\"type\":\"number\",\"title\":\"Start longitude\",\"description\":\"Degrees, east positive\","
           "\"minimum\":-180,\"maximum\":180,\"default\":24.93},"
           "\"speedFactor\":{\"type\":\"integer\",\"title\":\"Time factor\","
           "\"description\":\"Seconds sailed in each second\",\"minimum\":1,\"maximum\":60,\"default\":1},"
           "\"engine\":{\"type\":\"string\",\"title\":\"Engine\",\"description\":\"auto: runs when the wind is too light\","
           "\"enum\":[\"auto\",\"on\",\"off\"],\"default\":\"auto\"}}}")

/* Absent and null mean the default; anything else that is no number within the limits is the user's mistake. */
static bool read_number(const struct skp_json *from, const char *name, double low, double high, double *value)
{
    struct skp_json found;
    double v;
    if (!skp_json_at(from, name, &found) || skp_json_type(&found) == SKP_JSON_NULL)
        return true;
    if (skp_json_number(&found, "", &v) && v >= low && v <= high) {
        *value = v;
        return true;
    }
    char text[128];
    struct skp_writer w;
    skp_writer_init(&w, text, sizeof(text));
    skp_write_plain(&w, name);
    skp_write_plain(&w, " must be a number from ");
    skp_write_plain_number(&w, low);
    skp_write_plain(&w, " to ");
    skp_write_plain_number(&w, high);
    sk_set_error(text, w.len);
    return false;
}

static bool read_config(const struct skp_json *from)
{
    double factor = 1;
    char engine[8] = "auto";
    struct skp_json found;
    config.start_latitude = 60.055;
    config.start_longitude = 24.93;
    if (!read_number(from, "startLatitude", -80, 80, &config.start_latitude) ||
        !read_number(from, "startLongitude", -180, 180, &config.start_longitude) ||
        !read_number(from, "speedFactor", 1, 60, &factor))
        return false;
    config.steps_per_poll = (int)(factor + 0.5);
    if (skp_json_at(from, "engine", &found) && skp_json_type(&found) != SKP_JSON_NULL &&
        !skp_json_text(&found, "", engine, sizeof(engine)))
        engine[0] = '\0';
    if (skp_equal(engine, "auto"))
        config.engine_mode = ENGINE_AUTO;
    else if (skp_equal(engine, "on"))
        config.engine_mode = ENGINE_ON;
    else if (skp_equal(engine, "off"))
        config.engine_mode = ENGINE_OFF;
    else {
        skp_error("engine must be \"auto\", \"on\" or \"off\"");
        return false;
    }
    return true;
}

static void show_status(void)
{
    skp_status(boat.engine ? "Under engine" : boat.beating ? "Beating" : "Sailing");
}

SKP_ON_START(settings)
{
    if (!read_config(settings))
        return 1;
    __builtin_memset(&boat, 0, sizeof(boat));
    boat.heading = bearing(marks[0]);
    boat.speed = 2.5;
    boat.tack = 1;
    boat.engine_temperature = 300;
    boat.fuel = 0.72;
    boat.water = 0.61;
    boat.charge = 0.86;
    boat.log = 4.2e6;
    sail_one_second();
    publish();
    show_status();
    return 0;
}

SKP_ON_STOP()
{
    skp_status("Stopped");
    return 0;
}

SKP_ON_POLL()
{
    int mode = boat.engine * 2 + boat.beating;
    for (int i = 0; i < config.steps_per_poll; i++)
        sail_one_second();
    publish();
    if (mode != boat.engine * 2 + boat.beating)
        show_status();
    return 0;
}

SKP_HTTP_ENDPOINTS("[{\"method\":\"GET\",\"path\":\"/api/status\",\"handler\":\"http_status\"}]")

SKP_ON_HTTP(http_status, request, reply)
{
    (void)request;
    skp_http_begin(reply, 200);
    skp_write_object(reply);
    skp_put_number(reply, "secondsSailed", boat.t);
    skp_put_position(reply, "position", latitude(), longitude());
    skp_put_number(reply, "heading", rounded(boat.heading, 1e4));
    skp_put_number(reply, "speedOverGround", rounded(length(boat.over_ground), 1e3));
    skp_put_number(reply, "nextMark", boat.next_mark);
    skp_put_number(reply, "distanceToMark", rounded(length(to_mark()), 1));
    skp_put_text(reply, "tack", boat.tack > 0 ? "starboard" : "port");
    skp_put_bool(reply, "beating", boat.beating);
    skp_put_bool(reply, "engine", boat.engine);
    skp_put_number(reply, "trueWindSpeed", rounded(length(boat.wind), 1e2));
    skp_write_object_end(reply);
    skp_http_end(reply);
}
