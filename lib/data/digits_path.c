/* SPDX-License-Identifier: GPL-3.0-or-later */
/* digits_path: see digits_path.h. */
#include "data/digits_path.h"

#include <math.h>

#include "data/digits.h"

#define STYLES     4 /* ways to write one digit, at most */
#define STROKES    3
#define POINTS     14 /* of one stroke */
#define PIECES     6  /* straight pieces between two points */
#define POINT_TEXT 5 /* "0102 ": a point and what follows it */

_Static_assert(STROKES * POINTS * PIECES == DIGITS_PATH, "room for a path");

/* The points that the pen passes through, four digits a point: x to the right, y down, both in
 * hundredths of the digit's height. A slash ends a stroke; strokes that share a point meet there
 * with a corner. A digit's styles end before the first NULL. */
static const char *const styles[DIGITS_CLASSES][STYLES] = {
    {"5502 2515 1050 2588 5298 8082 9248 7814 5002/",
     "6512 4002 1430 1268 3897 7092 9055 8016 5006 3820/", "4805 2230 1870 4297 6675 7035 6008/"},
    {"5001 5050 5099/", "2824 4214 5401/5401 5350 5299/",
     "3022 4214 5401/5401 5350 5299/2899 5299 7899/", "6601 5050 3499/"},
    {"1525 3006 5501 7814 8036 6062 3582 1298/1298 5096 9096/",
     "1528 3206 5801 8018 7446 5074 2694 1490 1878 3680 5894 9090/",
     "1814 5002 7616 6646 4074 1598/1598 3890 6299 8893/"},
    {"1512 4001 7008 7230 4546/4546 7858 8082 5099 1488/",
     "1804 4606 7504/7504 5823 4242/4242 7250 8274 6097 1690/",
     "1814 4501 7414 6638 4050 3444 4844 7860 7688 4599 1486/"},
    {"2502 1830 1455/1455 5056 8852/6808 6650 6299/",
     "6202 3830 1062/1062 5062 9060/6202 6350 6299/", "2005 1438 3054 6050 7830/8004 7450 6699/"},
    {"7804 5004 2806/2806 2426 2044/2044 5036 8054 7882 4899 1290/",
     "2808 2625 2442/2442 5538 7862 6094 1594/2808 6006 9201/",
     "8206 5002 3016 2836 5650 7670 6094 3098 1286/"},
    {"6802 3822 1855 2286 4899 7684 7660 5250 2664 2080/",
     "7501 4530 2266 3094 5898 7478 6062 3868 2684/",
     "8010 6001 3020 1460 2894 6298 8074 6254 3460 1878/"},
    {"1206 4804 8504/8504 6246 4099/", "1206 4804 8504/8504 6246 4099/3052 5550 8248/",
     "1422 1606/1606 5007 8402/8402 5840 5099/", "1212 3402 5608 8402/8402 6640 4499/"},
    {"7414 4801 2216 3038 5654 7874 6496 3898 1878 3654 6436 7816/",
     "5001 2610 2634 5046 7234 7210 5001/5046 2060 1886 4899 8086 7860 5046/",
     "8408 6001 2810 3036 6258 7682 5099 2284 3656 6236 7020/"},
    {"7818 5604 2614 2038 4452 6840 7818/7818 7650 6899/",
     "7418 5001 2214 2040 4452 6838 7614 8048 7084 4499 2292/",
     "7410 4004 1826 3248 6040 7410/7410 6455 4699/"},
};

static double between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_uniform(r);
}

static int chance(struct rng *r, double p)
{
    return rng_uniform(r) < p;
}

/* Standard normal, cut at two and a half: no record falls apart. */
static double normal(struct rng *r)
{
    double z;

    do
        z = rng_normal(r);
    while (z < -2.5 || z > 2.5);
    return z;
}

struct digits_hand digits_path_hand(struct rng *r)
{
    struct digits_hand h;
    /* A turn by twice the angle whose tangent is t. */
    const double t = 0.07 * normal(r), square = 1 + t * t;

    h.cosine = (1 - t * t) / square;
    h.sine = 2 * t / square;
    h.jitter = between(r, 0.015, 0.07);
    h.width = between(r, 0.6, 1.15);
    h.slant = 0.12 + 0.25 * normal(r);
    for (int i = 0; i < 4; i++)
        h.warp[i] = 0.11 * normal(r);
    h.box = between(r, 18, 20.5);
    h.shift[0] = 0.65 * normal(r);
    h.shift[1] = 0.65 * normal(r);
    h.radius = between(r, 0.75, 1.9);
    h.pressure = 0.12 * normal(r);
    h.ink = between(r, 0.95, 1.2);
    h.soft = between(r, 0.9, 1.6);
    return h;
}

/* Where the hand puts the point (u, v), both about -1/2..1/2: quadratic bending, then width and
 * slant, then the turn. */
static void place_point(double out[2], const struct digits_hand *h, double u, double v)
{
    const double a = u + h->warp[0] * 2 * u * v + h->warp[1] * 2 * v * v;
    const double b = v + h->warp[2] * 2 * u * v + h->warp[3] * 2 * u * u;
    const double x = h->width * a - h->slant * b;

    out[0] = h->cosine * x - h->sine * b;
    out[1] = h->sine * x + h->cosine * b;
}

static int hundredths(const char *text)
{
    return 10 * (text[0] - '0') + (text[1] - '0');
}

/* The displaced points of all strokes. A point that an earlier stroke passes through is displaced
 * with it, except where the pen is set down a little beside it. */
static void place_glyph(double point[STROKES][POINTS][2], size_t count[STROKES], const char *style,
                        const struct digits_hand *h, struct rng *r)
{
    double moved[100][100][2]; /* by the table's coordinates; read only where seen */
    uint8_t seen[100][100] = {0};

    for (size_t s = 0; s < STROKES; s++) {
        const int joined = chance(r, 0.8);
        for (count[s] = 0; *style != 0 && (count[s] == 0 || style[-1] != '/');
             style += POINT_TEXT) {
            const int x = hundredths(style), y = hundredths(style + 2);
            if (!seen[x][y] || !joined) {
                moved[x][y][0] = x / 100.0 - 0.5 + h->jitter * normal(r);
                moved[x][y][1] = y / 100.0 - 0.5 + h->jitter * normal(r);
                seen[x][y] = 1;
            }
            place_point(point[s][count[s]++], h, moved[x][y][0], moved[x][y][1]);
        }
    }
}

/* Catmull and Rom (1974): the uniform spline through b and c, 0 <= t <= 1. */
static double spline(double a, double b, double c, double d, double t)
{
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

static void trace_stroke(struct digits_path *path, double point[POINTS][2], size_t n,
                         const struct digits_hand *h, double pressure)
{
    for (size_t i = 0; i + 1 < n; i++) {
        const double *a = point[i > 0 ? i - 1 : 0], *b = point[i], *c = point[i + 1];
        const double *d = point[i + 2 < n ? i + 2 : i + 1];
        for (size_t j = i > 0; j <= PIECES; j++) {
            const double t = (double)j / PIECES, along = ((double)i + t) / (double)(n - 1);
            path->at[path->n++] = (struct digits_pen){
                .at = {spline(a[0], b[0], c[0], d[0], t), spline(a[1], b[1], c[1], d[1], t)},
                .radius = h->radius * (1 + pressure * (2 * along - 1)),
                .lifted = i == 0 && j == 0,
            };
        }
    }
}

/* The rectangle around the path's points, and its centre of mass: the mean over its length. */
struct extent {
    double low[2], high[2], centre[2];
};

static struct extent measure_path(const struct digits_path *path)
{
    struct extent e = {.low = {1e9, 1e9}, .high = {-1e9, -1e9}};
    double length = 0;

    for (size_t i = 0; i < path->n; i++) {
        const struct digits_pen *p = &path->at[i];
        for (int k = 0; k < 2; k++) {
            e.low[k] = p->at[k] < e.low[k] ? p->at[k] : e.low[k];
            e.high[k] = p->at[k] > e.high[k] ? p->at[k] : e.high[k];
        }
        if (!p->lifted) {
            const double dx = p->at[0] - p[-1].at[0], dy = p->at[1] - p[-1].at[1];
            const double l = sqrt(dx * dx + dy * dy);
            e.centre[0] += l * (p->at[0] + p[-1].at[0]) / 2;
            e.centre[1] += l * (p->at[1] + p[-1].at[1]) / 2;
            length += l;
        }
    }
    e.centre[0] /= length;
    e.centre[1] /= length;
    return e;
}

/* Scales the path into the box, keeping its shape, and moves its centre of mass to the middle plus
 * the hand's shift; but never over the edge of the field. */
static void fit_path(struct digits_path *path, const struct digits_hand *h)
{
    const struct extent e = measure_path(path);
    const double wide = e.high[0] - e.low[0], tall = e.high[1] - e.low[1];
    const double scale = (h->box - 2 * h->radius) / (wide > tall ? wide : tall);
    const double margin = h->radius + 0.5;

    for (int k = 0; k < 2; k++) {
        const double least = margin - scale * e.low[k];
        const double most = DIGITS_SIDE - margin - scale * e.high[k];
        double move = DIGITS_SIDE / 2.0 + h->shift[k] - scale * e.centre[k];
        move = move < least ? least : move > most ? most : move;
        for (size_t i = 0; i < path->n; i++)
            path->at[i].at[k] = scale * path->at[i].at[k] + move;
    }
}

/* A stray mark: a short stroke of a finer pen somewhere in the field. */
static void add_mark(struct digits_path *path, struct rng *r)
{
    const double x = between(r, 4, 24), y = between(r, 4, 24), radius = between(r, 0.5, 0.9);

    for (int i = 0; i < 2; i++) {
        const double dx = between(r, -2, 2), dy = between(r, -2, 2);
        path->at[path->n++] =
            (struct digits_pen){.at = {x + dx, y + dy}, .radius = radius, .lifted = i == 0};
    }
}

void digits_path_draw(struct digits_path *path, int digit, const struct digits_hand *h,
                      struct rng *r)
{
    double point[STROKES][POINTS][2];
    size_t count[STROKES];
    uint32_t known = 0;

    while (known < STYLES && styles[digit][known] != NULL)
        known++;
    place_glyph(point, count, styles[digit][rng_below(r, known)], h, r);
    path->n = 0;
    for (size_t s = 0; s < STROKES; s++)
        trace_stroke(path, point[s], count[s], h, h->pressure + 0.08 * normal(r));
    fit_path(path, h);
    if (chance(r, 0.06))
        add_mark(path, r);
}
