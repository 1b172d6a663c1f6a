/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "latex.h"

#include <string.h>

/* What a byte becomes outside math mode, or NULL for itself. */
static const char *escaped(char c)
{
    static const char *const list[] = {
        "&\\&", "%\\%", "#\\#", "{\\{", "}\\}", "$\\$", "<$<$", ">$>$", "|$|$",
        "_\\_", "\"\\char34{}", "^\\textasciicircum{}", "~\\textasciitilde{}",
        "\\\\textbackslash{}",
    };

    if ((unsigned char)c < 0x20 || c == 0x7f)
        return " ";
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (list[i][0] == c)
            return list[i] + 1;
    return NULL;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A minus sign, not a hyphen. */
static int is_minus(const char *s, size_t i)
{
    return s[i] == '-' && (is_digit(s[i + 1]) || strncmp(s + i + 1, "inf", 3) == 0) &&
           (i == 0 || strchr(" ([{,;:=/", s[i - 1]) != NULL);
}

/* The exponent of a number as printf writes it: "e-07". */
static int is_exponent(const char *s, size_t i)
{
    return i > 0 && is_digit(s[i - 1]) && s[i] == 'e' && (s[i + 1] == '-' || s[i + 1] == '+') &&
           is_digit(s[i + 2]) && is_digit(s[i + 3]);
}

/* Appends the exponent as a power of ten and returns its length. */
static size_t put_exponent(struct text *t, const char *s)
{
    size_t n = 2, first;

    while (s[n] == '0' && is_digit(s[n + 1]))
        n++;
    first = n;
    while (is_digit(s[n]))
        n++;
    text_add(t, "$\\times 10^{%s%.*s}$", s[1] == '-' ? "-" : "", (int)(n - first), s + first);
    return n;
}

/* An underscore behind a word, as in names of programs, and not that of E_n. */
static int may_break(const char *s, size_t i)
{
    return s[i] == '_' && i > 1 && s[i - 1] != ' ' && s[i - 2] != ' ';
}

void latex_words(struct text *t, const char *s)
{
    static const char *const parts[][2] = {{"->", "$\\to$"}, {"<=", "$\\le$"}, {">=", "$\\ge$"},
                                           {"--", "-{}-{}"}, {" = ", "~=~"}};

    for (size_t i = 0; s[i] != '\0';) {
        const char *put = is_minus(s, i) ? "$-$" : escaped(s[i]);
        size_t used = 1;

        for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++)
            if (strncmp(s + i, parts[k][0], strlen(parts[k][0])) == 0) {
                put = parts[k][1];
                used = strlen(parts[k][0]);
            }
        if (is_exponent(s, i))
            used = put_exponent(t, s + i);
        else if (put != NULL)
            text_add(t, "%s", put);
        else
            text_add_bytes(t, s + i, 1);
        text_add(t, may_break(s, i) ? "\\allowbreak{}" : "");
        i += used;
    }
}
