/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html: the pieces of a static page. All text that comes from outside goes through html_escape. */
#ifndef BENCH_HTML_H
#define BENCH_HTML_H

#include <stddef.h>

#include "base/text.h"

/* From the doctype to the open <main>; and to the end. */
void html_start(struct text *t, const char *title);
void html_end(struct text *t);

/* & < > and both quotes become entities: right inside elements and inside quoted attributes. */
void html_escape(struct text *t, const char *s);

/* <name class="class">s</name>, s escaped; class may be NULL. */
void html_element(struct text *t, const char *name, const char *class, const char *s);

/* A paragraph of its own: the element <p> and a newline. */
void html_paragraph(struct text *t, const char *class, const char *s);

/* <table class="class"> with a head of `n` names, up to the open <tbody>. On a narrow screen one of
 * class `cards` becomes a list of cards, any other one scrolls sideways. */
void html_table(struct text *t, const char *class, const char *const *names, size_t n);
void html_table_end(struct text *t);

/* <td data-label="label">s</td>; the label heads the cell on a narrow screen. */
void html_cell(struct text *t, const char *label, const char *s);
/* The same up to the content, which the caller adds and closes with </td>. */
void html_cell_open(struct text *t, const char *label);

/* The <svg> element of a file that gnuplot wrote, without what stands before it, its identifiers
 * prefixed with `prefix` (a page must not have one twice), labelled `label` for readers without
 * eyes. Nothing is added and 0 returned when there is no such element. */
int html_svg(struct text *t, const char *svg, const char *prefix, const char *label);

#endif
