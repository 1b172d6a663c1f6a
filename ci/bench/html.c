/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html: see html.h. */
#include "html.h"

#include <string.h>

/* Colours of a verdict: the word and a symbol say the same. Dark text on a light ground and the
 * other way round hold a contrast of 4.5 or more. */
static const char *const style[] = {
    ":root{color-scheme:light dark;--ground:#fff;--text:#1b1f24;--soft:#57606a;--line:#d5dae0;"
    "--card:#f6f8fa;--link:#0550ae;--good:#0a5c36;--good-bg:#dcf3e5;--bad:#9a1c13;--bad-bg:#fde5e2;"
    "--part:#6f4400;--part-bg:#fdefd3;--open:#3d4653;--open-bg:#e6eaef;--none:#57606a;"
    "--none-bg:transparent}\n"
    "@media(prefers-color-scheme:dark){:root{--ground:#14181d;--text:#e2e7ec;--soft:#9aa5b1;"
    "--line:#343c46;--card:#1c2229;--link:#79b8ff;--good:#86e0ad;--good-bg:#12371f;--bad:#ffaba2;"
    "--bad-bg:#4a1a16;--part:#f6cd83;--part-bg:#432f0a;--open:#c3ccd6;--open-bg:#2d353f;"
    "--none:#9aa5b1}}\n",
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,"
    "-apple-system,'Segoe UI','DejaVu Sans',sans-serif;-webkit-text-size-adjust:100%}\n"
    "main{max-width:70rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}\n"
    "h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0 .25rem}\n"
    "h2{font-size:1.35rem;line-height:1.25;margin:2.75rem 0 .25rem;padding-top:1.25rem;"
    "border-top:1px solid var(--line)}\n"
    "h3{font-size:1.02rem;margin:1.6rem 0 .4rem}\n"
    "p,dd,li,figcaption{max-width:46rem}p{margin:.5rem 0}\n"
    "a{color:var(--link)}code{font:.88em ui-monospace,'DejaVu Sans Mono',monospace;"
    "overflow-wrap:anywhere}\n"
    ".soft,.place,.why{color:var(--soft);font-size:.9rem}\n"
    ".place,.why{display:block}\n"
    ".facts{color:var(--soft);margin:.25rem 0 0;max-width:none}\n"
    ".paper{color:var(--soft)}\n"
    ".warn{border-left:4px solid var(--part);background:var(--part-bg);color:var(--part);"
    "padding:.6rem .9rem;margin:1rem 0;max-width:none}\n",
    ".counts{list-style:none;padding:0;margin:1rem 0;display:flex;flex-wrap:wrap;gap:.5rem}\n"
    ".verdict{display:inline-block;white-space:nowrap;border-radius:1rem;padding:.05rem .65rem;"
    "font-size:.9rem;font-weight:600;border:1px solid transparent}\n"
    ".verdict i{font-style:normal;display:inline-block;min-width:1.15em;text-align:center;"
    "margin-right:.3em}\n"
    ".reproduced{color:var(--good);background:var(--good-bg)}\n"
    ".not-reproduced{color:var(--bad);background:var(--bad-bg)}\n"
    ".partly{color:var(--part);background:var(--part-bg)}\n"
    ".undecided{color:var(--open);background:var(--open-bg)}\n"
    ".not-tested{color:var(--none);background:var(--none-bg);border:1px dashed var(--none)}\n",
    "table{border-collapse:collapse;width:100%;font-size:.93rem;margin:.5rem 0}\n"
    "th,td{text-align:left;vertical-align:top;padding:.45rem .8rem .45rem 0;"
    "border-bottom:1px solid var(--line)}\n"
    "th{font-size:.82rem;color:var(--soft);font-weight:600;white-space:nowrap}\n"
    "td{overflow-wrap:break-word;font-variant-numeric:tabular-nums}\n"
    ".verdicts td:nth-child(1){width:50%}.verdicts td:nth-child(2){width:28%}\n"
    ".tests td:nth-child(1){width:34%}.tests td:nth-child(2){width:24%}"
    ".tests td:nth-child(3){width:22%}\n"
    ".program .place{font-weight:400}.program th{padding-top:1.1rem;font-size:.93rem;"
    "white-space:normal}\n"
    ".numbers td{font-size:.86rem;padding-top:.25rem;padding-bottom:.25rem}\n"
    "dl{margin:.5rem 0;font-size:.93rem}dt{margin-top:.4rem}dd{margin:0 0 0 1.25rem}\n"
    "figure{margin:1.25rem 0}\n"
    ".sheet{overflow-x:auto;background:#fff;border:1px solid var(--line);border-radius:4px;"
    "padding:.6rem}\n"
    ".sheet svg{display:block;width:100%;height:auto;min-width:40rem}\n"
    ".sheet svg image{image-rendering:pixelated}\n"
    ".sheet svg g{font-family:'DejaVu Sans',Verdana,sans-serif}\n"
    "figcaption{font-size:.93rem;margin-top:.5rem}\n"
    "details{margin:.75rem 0}summary{cursor:pointer;font-weight:600;padding:.35rem 0}\n",
    "@media(max-width:44rem){main{padding:1rem .9rem 3rem}h1{font-size:1.5rem}\n"
    ".scroll{overflow-x:auto}.cards,.cards tbody,.cards tr,.cards td{display:block;"
    "width:auto!important}\n"
    ".cards thead{position:absolute;left:-9999px}\n"
    ".cards tr{border:1px solid var(--line);border-radius:6px;background:var(--card);"
    "padding:.35rem .75rem;margin:.6rem 0}\n"
    ".cards td{border:0;padding:.2rem 0}.cards td:first-child{font-weight:600}"
    ".cards td:first-child .place{font-weight:400}\n"
    ".cards .program{border:0;background:none;padding:0}"
    ".program th{display:block;border:0;padding-bottom:0}\n"
    ".cards td::before{content:attr(data-label);color:var(--soft);font-size:.82rem;"
    "margin-right:.5rem}.cards td:first-child::before{content:none}\n"
    ".numbers:not(.cards) td{white-space:nowrap}}\n",
    "@media print{:root{color-scheme:light;--ground:#fff;--text:#000;--soft:#444;--line:#bbb;"
    "--card:#fff;--link:#000;--good:#0a5c36;--good-bg:#fff;--bad:#9a1c13;--bad-bg:#fff;"
    "--part:#6f4400;--part-bg:#fff;--open:#3d4653;--open-bg:#fff;--none:#444}\n"
    "body{font-size:10pt}main{max-width:none;padding:0}.verdict{border:1px solid currentColor}\n"
    "figure,tr,dt{break-inside:avoid}h2,h3,dt,.paper,.facts{break-after:avoid}\n"
    "thead{display:table-header-group}\n"
    ".sheet{overflow:visible;border:0;padding:0}.sheet svg{min-width:0}\n"
    "details::details-content{content-visibility:visible;display:block}}\n",
};

void html_start(struct text *t, const char *title)
{
    text_add(t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html_element(t, "title", NULL, title);
    text_add(t, "\n<style>\n");
    for (size_t i = 0; i < sizeof style / sizeof style[0]; i++)
        text_add(t, "%s", style[i]);
    text_add(t, "</style>\n</head>\n<body>\n<main>\n");
}

void html_end(struct text *t)
{
    text_add(t, "</main>\n</body>\n</html>\n");
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_escape(struct text *t, const char *s)
{
    while (*s != '\0') {
        const size_t plain = strcspn(s, "&<>\"'");

        text_add_bytes(t, s, plain);
        s += plain;
        if (*s != '\0')
            text_add(t, "%s", entity(*s++));
    }
}

void html_element(struct text *t, const char *name, const char *class, const char *s)
{
    if (class != NULL)
        text_add(t, "<%s class=\"%s\">", name, class);
    else
        text_add(t, "<%s>", name);
    html_escape(t, s);
    text_add(t, "</%s>", name);
}

void html_paragraph(struct text *t, const char *class, const char *s)
{
    html_element(t, "p", class, s);
    text_add(t, "\n");
}

void html_table(struct text *t, const char *class, const char *const *names, size_t n)
{
    text_add(t, "<div class=\"scroll\"><table class=\"%s\">\n<thead><tr>", class);
    for (size_t i = 0; i < n; i++) {
        text_add(t, "<th scope=\"col\">");
        html_escape(t, names[i]);
        text_add(t, "</th>");
    }
    text_add(t, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct text *t)
{
    text_add(t, "</tbody>\n</table></div>\n");
}

void html_cell_open(struct text *t, const char *label)
{
    text_add(t, "<td data-label=\"");
    html_escape(t, label);
    text_add(t, "\">");
}

void html_cell(struct text *t, const char *label, const char *s)
{
    html_cell_open(t, label);
    html_escape(t, s);
    text_add(t, "</td>");
}

/* The ways in which gnuplot writes or uses an identifier. */
static size_t identifier_at(const char *s)
{
    static const char *const marks[] = {" id='", " id=\"", "href='#", "href=\"#", "url(#"};

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strncmp(s, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    return 0;
}

int html_svg(struct text *t, const char *svg, const char *prefix, const char *label)
{
    static const char tag[] = "<svg";
    const char *s = strstr(svg, tag), *end = s != NULL ? strstr(s, "</svg>") : NULL;

    if (end == NULL)
        return 0;
    text_add(t, "<svg role=\"img\" aria-label=\"");
    html_escape(t, label);
    text_add(t, "\"");
    for (s += sizeof tag - 1; s < end; s++) {
        const size_t n = identifier_at(s);

        if (n > 0) {
            text_add_bytes(t, s, n);
            text_add(t, "%s-", prefix);
            s += n - 1;
        } else {
            text_add_bytes(t, s, 1);
        }
    }
    text_add(t, "</svg>\n");
    return 1;
}
