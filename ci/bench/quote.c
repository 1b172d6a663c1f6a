/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quote: see quote.h. Decimal digits come from printf, which rounds the exact value once; nothing
 * is divided by a power of ten. */
#include "quote.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* EXACT decimals never round a double up to the next power of ten. */
enum { MOST_DIGITS = 48, EXACT = 20, PLAIN_DIGITS = 4, FIRST_SPLIT = 6, LAST_WHOLE = -4 };

static const double rounding = 1e-12; /* an error below this part of the mean is none */

/* How a number is laid out: its last digit stands at 10^place, and 10^scale is split off. */
struct layout {
    int place, scale;
    int drop_zeros;
};

/* ---- digits ---- */

/* |x| as digits d.ddd of 10^*exponent, `decimals` of them behind the point; without the point in
 * out. */
static void significant(char out[MOST_DIGITS], double x, int decimals, int *exponent)
{
    char text[MOST_DIGITS + 8], *e;

    CHECK(decimals >= 0 && decimals < MOST_DIGITS - 2, "%d decimals", decimals);
    snprintf(text, sizeof text, "%.*e", decimals, fabs(x));
    e = strchr(text, 'e');
    *exponent = (int)strtol(e + 1, NULL, 10);
    *e = '\0';
    out[0] = text[0];
    memcpy(out + 1, text + 1 + (decimals > 0), (size_t)decimals);
    out[decimals + 1] = '\0';
}

/* Exponent of the leading digit, before any rounding; x is not 0. */
static int leading(double x)
{
    char digits[MOST_DIGITS];
    int exponent;

    significant(digits, x, EXACT, &exponent);
    return exponent;
}

/* |x| as a whole number of 10^place, without zeros in front. */
static void digits_at(char out[MOST_DIGITS], double x, int place)
{
    const int kept = fabs(x) > 0 ? leading(x) - place : -2;
    int exponent;

    if (kept < 0) { /* the half of the place and more is one of it */
        significant(out, x, EXACT, &exponent);
        snprintf(out, MOST_DIGITS, "%d", kept == -1 && out[0] >= '5');
        return;
    }
    significant(out, x, kept, &exponent);
    if (exponent - place > kept) /* 9.7 became 10 */
        snprintf(out + kept + 1, 2, "0");
}

static int is_zero(const char *digits)
{
    return digits[strspn(digits, "0")] == '\0';
}

/* ---- layout ---- */

/* Place of the last digit that the error supports. */
static int last_place(double error)
{
    char digits[MOST_DIGITS];
    int exponent;

    significant(digits, error, 1, &exponent);
    return digits[0] == '1' ? exponent - 1 : exponent;
}

/* Exponent of the leading digit of x rounded at the place, or the place where that is 0. */
static int top_at(double x, int place)
{
    char digits[MOST_DIGITS];

    digits_at(digits, x, place);
    return place + (int)strlen(digits) - 1;
}

static int has_error(const struct quoted *q)
{
    return isfinite(q->error) && q->error > 0 && q->error > rounding * fabs(q->mean);
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static struct layout layout_at(int place, int top)
{
    const int split = place > 0 || top < LAST_WHOLE || top >= FIRST_SPLIT;

    return (struct layout){.place = place, .scale = split ? top : 0};
}

static struct layout layout_digits(double x, int digits)
{
    char rounded[MOST_DIGITS];
    int top;

    if (!(fabs(x) > 0))
        return (struct layout){0};
    significant(rounded, x, digits - 1, &top);
    return layout_at(top - digits + 1, top);
}

static struct layout layout_of(const struct quoted *q)
{
    const double x = q->mean;
    struct layout l;

    if (has_error(q)) {
        const int place = last_place(q->error);
        return layout_at(place, larger(top_at(x, place), top_at(q->error, place)));
    }
    if (fabs(x) < 1e6 && !(fabs(x - rint(x)) > 0))
        return (struct layout){0};
    l = layout_digits(x, PLAIN_DIGITS);
    l.drop_zeros = 1;
    return l;
}

/* ---- writing ---- */

/* A whole number of 10^-decimals. */
static void put_point(struct text *t, const char *digits, int decimals, int drop_zeros)
{
    const int n = (int)strlen(digits), whole = n - decimals;
    int end = n;

    while (drop_zeros && end > whole && digits[end - 1] == '0')
        end--;
    if (whole <= 0)
        text_add(t, "0");
    else
        text_add_bytes(t, digits, (size_t)whole);
    if (decimals == 0 || end <= larger(whole, 0))
        return;
    text_add(t, ".");
    for (int i = whole; i < 0; i++)
        text_add(t, "0");
    text_add_bytes(t, digits + larger(whole, 0), (size_t)(end - larger(whole, 0)));
}

static void put_unusual(struct text *t, enum quote_style style, double x)
{
    if (isnan(x))
        text_add(t, style == QUOTE_LATEX ? "\\mathrm{n/a}" : "nan");
    else
        text_add(t, "%s%s", x < 0 ? "-" : "", style == QUOTE_LATEX ? "\\infty" : "inf");
}

/* The number in the layout, without its power of ten. */
static void put_number(struct text *t, enum quote_style style, double x, struct layout l)
{
    char digits[MOST_DIGITS];

    if (!isfinite(x)) {
        put_unusual(t, style, x);
        return;
    }
    digits_at(digits, x, l.place);
    text_add(t, "%s", x < 0 && !is_zero(digits) ? "-" : "");
    put_point(t, digits, l.scale - l.place, l.drop_zeros);
}

static void put_scale(struct text *t, enum quote_style style, struct layout l)
{
    if (l.scale != 0)
        text_add(t, style == QUOTE_LATEX ? "\\times 10^{%d}" : "e%d", l.scale);
}

void quote_mean(struct text *t, enum quote_style style, const struct quoted *q)
{
    if (!isfinite(q->mean)) {
        put_unusual(t, style, q->mean);
        return;
    }
    const struct layout l = layout_of(q);
    put_number(t, style, q->mean, l);
    put_scale(t, style, l);
}

void quote_error(struct text *t, enum quote_style style, const struct quoted *q)
{
    char digits[MOST_DIGITS];

    if (!isfinite(q->mean) || !has_error(q)) {
        quote_mean(t, style, q);
        return;
    }
    const struct layout l = layout_of(q);
    put_number(t, style, q->mean, l);
    digits_at(digits, q->error, l.place);
    text_add(t, "(%s)", digits);
    put_scale(t, style, l);
}

void quote_interval(struct text *t, enum quote_style style, const struct quoted *q)
{
    const int finite = isfinite(q->mean);
    const struct layout l = finite ? layout_of(q) : (struct layout){0};

    if (!finite || !has_error(q)) {
        quote_mean(t, style, q);
        if (finite && !isfinite(q->high))
            text_add(t, style == QUOTE_LATEX ? "\\ (n = %zu)" : " (n = %zu)", q->n);
        return;
    }
    text_add(t, l.scale != 0 ? "(" : "");
    put_number(t, style, q->mean, l);
    text_add(t, style == QUOTE_LATEX ? "\\ [" : " [");
    put_number(t, style, q->low, l);
    text_add(t, ", ");
    put_number(t, style, q->high, l);
    text_add(t, l.scale != 0 ? "])" : "]");
    put_scale(t, style, l);
}

void quote_digits(struct text *t, enum quote_style style, double x, int digits)
{
    CHECK(digits >= 1 && digits <= 17, "%d digits", digits);
    if (!isfinite(x)) {
        put_unusual(t, style, x);
        return;
    }
    const struct layout l = layout_digits(x, digits);
    put_number(t, style, x, l);
    put_scale(t, style, l);
}
