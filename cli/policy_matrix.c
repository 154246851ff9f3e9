/* Who may send what to whom (policy_matrix.h). */
#include "policy_matrix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_proof.h"
#include "print.h"
#include "trust/hub.h"

enum consign_err
policy_matrix_make(const struct policy_view *view, const struct policy *policy, const char *study, uint64_t at_us,
    struct arena *arena, struct policy_matrix *ret_matrix)
{
	*ret_matrix = (struct policy_matrix){.view = view, .study = study};
	enum consign_err err = policy_compile(NULL, 0, &ret_matrix->nothing);

	if (err == CONSIGN_OK)
		err = policy_compare(&(struct compare_side){&ret_matrix->empty, ret_matrix->nothing},
		    &(struct compare_side){view, policy}, study, at_us, arena, &ret_matrix->flows);
	if (err != CONSIGN_OK)
		policy_matrix_clear(ret_matrix);
	return err;
}

void
policy_matrix_clear(struct policy_matrix *m)
{
	policy_comparison_clear(&m->flows);
	policy_free(&m->nothing);
}

/* ── walking ── */

static bool
has_org(const struct orgs *orgs, const char *org)
{
	for (size_t i = 0; i < orgs->n; i++)
		if (strcmp(orgs->v[i], org) == 0)
			return true;
	return false;
}

/* The next flow of a cell from *at on; NULL past the last. */
static const struct policy_change *
next_flow(const struct policy_matrix *m, const struct policy_study *study, const char *from, const char *to, size_t *at)
{
	while (*at < m->flows.n) {
		const struct policy_change *f = &m->flows.v[(*at)++];

		if (f->kind == CHANGE_PERMITTED && strcmp(f->study, study->id.s) == 0 && strcmp(from, to) != 0 && has_org(&f->from, from)
		    && has_org(&f->to, to))
			return f;
	}
	return NULL;
}

static bool
is_shown(const struct policy_matrix *m, const struct policy_study *study)
{
	return m->study == NULL || strcmp(m->study, study->id.s) == 0;
}

/* ── who is stopped ── */

static const struct member *
stopped_member(const struct policy_matrix *m, const char *org)
{
	const struct member *member = m->find == NULL ? NULL : m->find(m->context, org);

	return member == NULL || proof_member_code(member) == CONSIGN_CODE_NONE ? NULL : member;
}

/* "ended"; NULL: active, or not known here. */
static const char *
standing_of(const struct policy_matrix *m, const char *org)
{
	const struct member *member = stopped_member(m, org);

	return member == NULL ? NULL : member_status_text(member->status);
}

/* The code by which what is permitted between two is refused all the same, as `policy explain` says it; NULL: it is not. */
static const char *
refused_between(const struct policy_matrix *m, const char *from, const char *to)
{
	const struct member *member = stopped_member(m, from);

	if (member == NULL)
		member = stopped_member(m, to);
	return member == NULL ? NULL : consign_code_text(proof_member_code(member));
}

static enum consign_err
put_types(const struct policy_change *f, size_t most, const char *separator, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < f->n_types && i < most; i++)
		err = buf_printf(out, "%s%s", i > 0 ? separator : "", f->types[i]);
	return err;
}

/* ── for a terminal ── */

#define CELL_TYPES 2u

#define NAME_BYTES (CONSIGN_ORG_MAX_BYTES + 24u)

/* "site-1 (ended)" */
static const char *
name_text(const struct policy_matrix *m, const char *org, char ret_name[NAME_BYTES])
{
	const char *standing = standing_of(m, org);

	(void)snprintf(ret_name, NAME_BYTES, standing == NULL ? "%s" : "%s (%s)", org, standing);
	return ret_name;
}

/* "trial.*, safety.* +3 (open)"; flows are divided by a semicolon. Before what is refused all the same stands its code. */
static enum consign_err
put_cell(const struct policy_matrix *m, const struct policy_study *study, const char *from, const char *to, struct buf *out)
{
	const struct policy_change *f;
	char labels[LABELS_BYTES];
	const char *refused = refused_between(m, from, to);
	size_t at = 0, n = 0;
	enum consign_err err = CONSIGN_OK;

	for (; err == CONSIGN_OK && (f = next_flow(m, study, from, to, &at)) != NULL; n++) {
		if (n > 0)
			err = buf_printf(out, "; ");
		else if (refused != NULL)
			err = buf_printf(out, "%s: ", refused);
		if (err == CONSIGN_OK)
			err = put_types(f, CELL_TYPES, ", ", out);
		if (err == CONSIGN_OK && f->n_types > CELL_TYPES)
			err = buf_printf(out, " +%zu", f->n_types - CELL_TYPES);
		if (err == CONSIGN_OK)
			err = buf_printf(out, " (%s)", policy_labels_text(f->labels, labels));
	}
	return err == CONSIGN_OK && n == 0 ? buf_printf(out, strcmp(from, to) == 0 ? "·" : "-") : err;
}

static enum consign_err
put_table(const struct policy_matrix *m, const struct policy_study *study, struct buf *out)
{
	const char *headings[MATRIX_COLUMNS + 1] = {"from \\ to"};
	char names[MATRIX_COLUMNS][NAME_BYTES];
	struct table table = {.headings = headings, .columns = study->parties.n + 1};
	enum consign_err err = CONSIGN_OK;

	for (size_t j = 0; j < study->parties.n; j++)
		headings[j + 1] = name_text(m, study->parties.v[j]->org.s, names[j]);
	for (size_t i = 0; err == CONSIGN_OK && i < study->parties.n; i++) {
		table_put(&table, names[i]);
		for (size_t j = 0; err == CONSIGN_OK && j < study->parties.n; j++) {
			struct buf cell = {0};

			err = put_cell(m, study, study->parties.v[i]->org.s, study->parties.v[j]->org.s, &cell);
			if (err == CONSIGN_OK)
				err = buf_append_u8(&cell, '\0');
			if (err == CONSIGN_OK)
				table_put(&table, (const char *)cell.data);
			buf_clear(&cell);
		}
	}
	if (err == CONSIGN_OK)
		err = table_render(&table, true, out);
	table_clear(&table);
	return err;
}

static enum consign_err
put_list(const struct policy_matrix *m, const struct policy_study *study, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < m->flows.n; i++)
		if (m->flows.v[i].kind == CHANGE_PERMITTED && strcmp(m->flows.v[i].study, study->id.s) == 0)
			err = policy_change_format(&m->flows.v[i], out);
	for (size_t i = 0; err == CONSIGN_OK && i < study->parties.n; i++) {
		const struct member *member = stopped_member(m, study->parties.v[i]->org.s);

		if (member != NULL)
			err = buf_printf(out, "%s is %s: whatever it sends or is sent is refused, %s\n", member->org.s, member_status_text(member->status),
			    consign_code_text(proof_member_code(member)));
	}
	return err;
}

enum consign_err
policy_matrix_format(const struct policy_matrix *m, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;
	size_t shown = 0;

	for (size_t i = 0; err == CONSIGN_OK && i < m->view->n_studies; i++) {
		const struct policy_study *s = m->view->studies[i];

		if (!is_shown(m, s))
			continue;
		err = buf_printf(out, "%s%s%s%.*s\n", shown++ > 0 ? "\n" : "", s->id.s, s->title.len > 0 ? ": " : "", (int)s->title.len,
		    (const char *)s->title.data);
		if (err == CONSIGN_OK)
			err = s->parties.n <= MATRIX_COLUMNS ? put_table(m, s, out) : put_list(m, s, out);
	}
	return err;
}

/* ── for programs ── */

/* refused: as refused_between */
typedef enum consign_err each_flow(const struct policy_study *study, const char *from, const char *to, const struct policy_change *f,
    const char *refused, void *context);

static enum consign_err
walk(const struct policy_matrix *m, const struct policy_study *study, each_flow *each, void *context)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < study->parties.n; i++)
		for (size_t j = 0; err == CONSIGN_OK && j < study->parties.n; j++) {
			const char *from = study->parties.v[i]->org.s, *to = study->parties.v[j]->org.s;
			const struct policy_change *f;
			size_t at = 0;

			while (err == CONSIGN_OK && (f = next_flow(m, study, from, to, &at)) != NULL)
				err = each(study, from, to, f, refused_between(m, from, to), context);
		}
	return err;
}

static enum consign_err
put_line(const struct policy_study *study, const char *from, const char *to, const struct policy_change *f, const char *refused,
    void *context)
{
	struct buf *out = context;
	char labels[LABELS_BYTES];
	enum consign_err err = buf_printf(out, "%s\t%s\t%s\t%s\t", study->id.s, from, to, policy_labels_text(f->labels, labels));

	if (err == CONSIGN_OK)
		err = put_types(f, SIZE_MAX, ", ", out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, "\t%s%s%s\n", f->after.rule, refused != NULL ? "\t" : "", refused != NULL ? refused : "");
	return err;
}

enum consign_err
policy_matrix_lines(const struct policy_matrix *m, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < m->view->n_studies; i++)
		if (is_shown(m, m->view->studies[i]))
			err = walk(m, m->view->studies[i], put_line, out);
	return err;
}

static enum consign_err
put_flow_json(const struct policy_study *study, const char *from, const char *to, const struct policy_change *f, const char *refused,
    void *context)
{
	json_t *labels = json_array(), *types = json_array(), *flow;

	(void)study;
	for (enum consign_label l = CONSIGN_LABEL_OPEN; l <= CONSIGN_LABEL_UNBLINDED; l++)
		if ((f->labels & 1u << l) != 0)
			json_array_append_new(labels, json_string(consign_label_text(l)));
	for (size_t i = 0; i < f->n_types; i++)
		json_array_append_new(types, json_string(f->types[i]));
	flow = json_pack("{s:s, s:s, s:o, s:o, s:s, s:s?}", "from", from, "to", to, "types", types, "labels", labels, "rule", f->after.rule,
	    "refused", refused);
	return json_array_append_new(context, flow) == 0 ? CONSIGN_OK : CONSIGN_E_NO_MEMORY;
}

json_t *
policy_matrix_json(const struct policy_matrix *m)
{
	json_t *studies = json_array();

	for (size_t i = 0; i < m->view->n_studies; i++) {
		const struct policy_study *s = m->view->studies[i];
		json_t *flows, *parties, *stopped;

		if (!is_shown(m, s))
			continue;
		flows = json_array();
		parties = json_array();
		stopped = json_object();
		for (size_t j = 0; j < s->parties.n; j++) {
			const char *org = s->parties.v[j]->org.s, *standing = standing_of(m, org);

			json_array_append_new(parties, json_string(org));
			if (standing != NULL)
				json_object_set_new(stopped, org, json_string(standing));
		}
		if (walk(m, s, put_flow_json, flows) != CONSIGN_OK) {
			json_decref(flows);
			json_decref(parties);
			json_decref(stopped);
			json_decref(studies);
			return NULL;
		}
		json_array_append_new(studies, json_pack("{s:s, s:o, s:o, s:o, s:o}", "id", s->id.s, "title", json_slice(s->title), "parties",
						   parties, "stopped", stopped, "flows", flows));
	}
	return studies;
}

/* ── for paper ── */

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<style>\n"
    "@page { size: A4 landscape; margin: 12mm }\n"
    "body { font: 10pt/1.35 sans-serif; color: #111; margin: 1em }\n"
    "h1 { font-size: 15pt; margin: 0 0 .3em }\nh2 { font-size: 12pt; margin: 1.2em 0 .3em }\np { margin: .15em 0 }\n"
    "table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: .4em 0 1em; page-break-inside: auto }\n"
    "tr { page-break-inside: avoid }\nthead { display: table-header-group }\n"
    "th, td { border: 1px solid #777; padding: 3px 5px; vertical-align: top; text-align: left; overflow-wrap: anywhere; "
    "font-size: 8.5pt }\n"
    "th { background: #eee }\nth small { display: block; font-weight: normal }\n"
    "td.stop { background: #eee }\ntd.stop p + p { text-decoration: line-through }\n"
    "td.self { background: #ddd }\ntd.none { color: #777 }\ntd p + p { margin-top: .4em; border-top: 1px dotted #999 }\n"
    ".rule { color: #444; font-style: italic }\n.up { font-weight: bold }\n"
    "section { page-break-after: always }\nsection:last-child { page-break-after: auto }\n"
    "</style>\n";

static enum consign_err
put_escaped(struct consign_slice text, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < text.len; i++)
		switch (text.data[i]) {
		case '&':
			err = buf_printf(out, "&amp;");
			break;
		case '<':
			err = buf_printf(out, "&lt;");
			break;
		case '>':
			err = buf_printf(out, "&gt;");
			break;
		case '"':
			err = buf_printf(out, "&quot;");
			break;
		case '\'':
			err = buf_printf(out, "&#39;");
			break;
		default:
			err = buf_append_u8(out, text.data[i]);
		}
	return err;
}

/* `before` text `after`, of which only the text is escaped. */
static enum consign_err
put_element(const char *before, struct consign_slice text, const char *after, struct buf *out)
{
	enum consign_err err = buf_append(out, slice_text(before));

	if (err == CONSIGN_OK)
		err = put_escaped(text, out);
	return err == CONSIGN_OK ? buf_append(out, slice_text(after)) : err;
}

static enum consign_err
put_flow_html(const struct policy_change *f, struct buf *out)
{
	struct buf types = {0};
	char labels[LABELS_BYTES];
	bool is_open = f->labels == 1u << CONSIGN_LABEL_OPEN;
	enum consign_err err = put_types(f, SIZE_MAX, ", ", &types);

	if (err == CONSIGN_OK)
		err = put_element("<p>", buf_slice(&types), is_open ? " <span>(" : " <span class=\"up\">(", out);
	if (err == CONSIGN_OK)
		err = put_element("", slice_text(policy_labels_text(f->labels, labels)), ")</span> <span class=\"rule\">", out);
	if (err == CONSIGN_OK)
		err = put_element("", slice_text(f->after.rule), "</span></p>", out);
	buf_clear(&types);
	return err;
}

static enum consign_err
put_cell_html(const struct policy_matrix *m, const struct policy_study *s, const char *from, const char *to, struct buf *out)
{
	const struct policy_change *f;
	size_t at = 0;

	if (strcmp(from, to) == 0)
		return buf_printf(out, "<td class=\"self\"></td>");
	f = next_flow(m, s, from, to, &at);
	if (f == NULL)
		return buf_printf(out, "<td class=\"none\">–</td>");
	const char *refused = refused_between(m, from, to);
	enum consign_err err =
	    refused == NULL ? buf_printf(out, "<td>") : put_element("<td class=\"stop\"><p class=\"up\">", slice_text(refused), "</p>", out);

	for (; err == CONSIGN_OK && f != NULL; f = next_flow(m, s, from, to, &at))
		err = put_flow_html(f, out);
	return err == CONSIGN_OK ? buf_printf(out, "</td>") : err;
}

static enum consign_err
put_party_html(const struct policy_matrix *m, const struct policy_party *party, struct buf *out)
{
	char name[NAME_BYTES];
	enum consign_err err = put_element("<th>", slice_text(name_text(m, party->org.s, name)), "<small>", out);

	for (size_t i = 0; err == CONSIGN_OK && i < party->roles.n; i++)
		err = buf_printf(out, "%s%s", i > 0 ? ", " : "", policy_role_text(party->roles.v[i]));
	if (err == CONSIGN_OK)
		err = buf_printf(out, "; receives up to %s</small></th>", consign_label_text((enum consign_label)party->clearance));
	return err;
}

/* Rows of all consignors, columns of the consignees from `first` on: a page is so wide. */
static enum consign_err
put_table_html(const struct policy_matrix *m, const struct policy_study *s, size_t first, struct buf *out)
{
	size_t end = s->parties.n - first < MATRIX_COLUMNS ? s->parties.n : first + MATRIX_COLUMNS;
	enum consign_err err = buf_printf(out, "<table>\n<thead><tr><th>from ↓ to →</th>");

	for (size_t j = first; err == CONSIGN_OK && j < end; j++)
		err = put_party_html(m, s->parties.v[j], out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; err == CONSIGN_OK && i < s->parties.n; i++) {
		char name[NAME_BYTES];

		err = buf_printf(out, "<tr>");
		if (err == CONSIGN_OK)
			err = put_element("<th>", slice_text(name_text(m, s->parties.v[i]->org.s, name)), "</th>", out);
		for (size_t j = first; err == CONSIGN_OK && j < end; j++)
			err = put_cell_html(m, s, s->parties.v[i]->org.s, s->parties.v[j]->org.s, out);
		if (err == CONSIGN_OK)
			err = buf_printf(out, "</tr>\n");
	}
	return err == CONSIGN_OK ? buf_printf(out, "</tbody>\n</table>\n") : err;
}

static enum consign_err
put_study_html(const struct policy_matrix *m, const struct policy_study *s, struct buf *out)
{
	enum consign_err err = put_element("<section>\n<h2>", slice_text(s->id.s), s->title.len > 0 ? ": " : "", out);

	if (err == CONSIGN_OK)
		err = put_element("", s->title, "</h2>\n", out);
	for (size_t first = 0; err == CONSIGN_OK && first < s->parties.n; first += MATRIX_COLUMNS)
		err = put_table_html(m, s, first, out);
	return err == CONSIGN_OK ? buf_printf(out, "</section>\n") : err;
}

enum consign_err
policy_matrix_html(const struct policy_matrix *m, const struct matrix_page *page, struct buf *out)
{
	enum consign_err err = buf_append(out, slice_text(head));

	if (err == CONSIGN_OK)
		err = put_element("<title>", slice_text(page->title), "</title>\n</head>\n<body>\n", out);
	if (err == CONSIGN_OK)
		err = put_element("<h1>", slice_text(page->title), "</h1>\n", out);
	for (size_t i = 0; err == CONSIGN_OK && i < page->n_lines; i++)
		err = put_element("<p>", slice_text(page->lines[i]), "</p>\n", out);
	if (err == CONSIGN_OK)
		err = put_element("<p>", slice_text("A * stands for any run of characters. Behind the types: the labels under which they may be "
						    "sent, and the rule that permits it. What does not stand here is refused; "
						    "likewise what is struck out, for a company that is not active."),
		    "</p>\n", out);
	for (size_t i = 0; err == CONSIGN_OK && i < m->view->n_studies; i++)
		if (is_shown(m, m->view->studies[i]))
			err = put_study_html(m, m->view->studies[i], out);
	return err == CONSIGN_OK ? buf_append(out, slice_text("</body>\n</html>\n")) : err;
}
