/* Just enough mathematics for a boat, good to about 1e-9: the plugin links no libm. */
#ifndef DEMO_BOAT_TRIG_H
#define DEMO_BOAT_TRIG_H

#define PI 3.14159265358979323846
#define DEG (PI / 180)

/* x brought into (-pi, pi] */
static double half_turn(double x)
{
    x -= 2 * PI * __builtin_floor(x / (2 * PI));
    return x > PI ? x - 2 * PI : x;
}

/* x brought into [0, 2 pi) */
static double full_turn(double x)
{
    x -= 2 * PI * __builtin_floor(x / (2 * PI));
    return x >= 2 * PI ? 0 : x;
}

static double sine(double x)
{
    x = half_turn(x);
    if (x > PI / 2)
        x = PI - x;
    else if (x < -PI / 2)
        x = -PI - x;
    double term = x, sum = x;
    for (int n = 2; n < 20; n += 2) {
        term *= -x * x / (n * (n + 1));
        sum += term;
    }
    return sum;
}

static double cosine(double x)
{
    return sine(x + PI / 2);
}

/* for 0 <= x <= 1; halving the angle twice makes the series short */
static double arc_tangent(double x)
{
    for (int i = 0; i < 2; i++)
        x = x / (1 + __builtin_sqrt(1 + x * x));
    double power = x, sum = 0;
    for (int n = 1; n < 24; n += 2) {
        sum += power / n;
        power *= -x * x;
    }
    return 4 * sum;
}

/* The bearing of a vector, clockwise from north, in (-pi, pi]. */
static double bearing_of(double east, double north)
{
    double e = __builtin_fabs(east), n = __builtin_fabs(north);
    if (e == 0 && n == 0)
        return 0;
    double a = e <= n ? arc_tangent(e / n) : PI / 2 - arc_tangent(n / e);
    if (north < 0)
        a = PI - a;
    return east < 0 ? -a : a;
}

static double length_of(double east, double north)
{
    return __builtin_sqrt(east * east + north * north);
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

#endif
