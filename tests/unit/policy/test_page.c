/*
 * docs/POLICY.md is so: its files are read, its questions answered, its mistakes refused in the words that it prints.
 *
 *   ```yaml with studies    a whole policy; the first one is what all others are added to
 *   ```yaml with rules      groups and rules for the first one's studies
 *   ```yaml else            rules beside the first one's
 *   ``` after such a block  it is refused like that
 *   | from | to | …         questions to the last policy before
 *   | rule | is refused | … each as one more rule of the first policy
 *   | kind | what | …       likewise, with what is found
 */
#include <stdlib.h>

#include "build.h"
#include "core/file.h"
#include "core/text.h"
#include "policy/units.h"

#define CELLS 8u
#define ELLIPSIS "\xe2\x80\xa6"

struct page {
	char *first;             /* the first whole policy */
	char *now;               /* the last one */
	char columns[CELLS][32]; /* of the table */
	size_t n_columns;        /* 0: no table */
	size_t line;             /* of the page */
	size_t files, questions, refused, found, wrong;
};

static char *
joined(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	char *text = malloc(n + m + 1);
	assert_non_null(text);
	memcpy(text, a, n);
	memcpy(text + n, b, m + 1);
	return text;
}

/* What a file is, as its reader will put it together. */
static char *
whole_of(const struct page *p, const char *block)
{
	if (strncmp(block, "studies:", 8) == 0 || strstr(block, "\nstudies:") != NULL)
		return joined(block, "");
	assert_non_null(p->first);
	if (strncmp(block, "rules:", 6) != 0 && strstr(block, "\nrules:") == NULL)
		return joined(p->first, block);
	char *studies = joined(p->first, "");
	*(strstr(studies, "\nrules:") + 1) = '\0';
	char *text = joined(studies, block);
	free(studies);
	return text;
}

static void
complain(struct page *p, const char *what, const char *found, const char *expected)
{
	p->wrong++;
	print_error("POLICY.md:%zu: %s: found \"%s\", expected \"%s\"\n", p->line, what, found, expected);
}

/* Whether a text is what the page says, which may end in …. */
static bool
is_as_said(const char *text, const char *said)
{
	const char *cut = strstr(said, ELLIPSIS);
	return cut == NULL ? strcmp(text, said) == 0 : strncmp(text, said, (size_t)(cut - said)) == 0;
}

/* ── files ── */

static void
say_finding(void *context, const struct policy_finding *f)
{
	complain(context, "a file of the page is warned of", f->sentence, "nothing");
}

static void
check_file(struct page *p, const char *block)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts;
	struct policy_file_error e = {0};
	char *text = whole_of(p, block);
	enum consign_err err = policy_file_parse(slice_text(text), NULL, NULL, arena, &parts, &e);
	if (err != CONSIGN_OK)
		complain(p, "a file of the page is refused", e.text, "a policy");
	else
		(void)policy_file_check(&parts, 1790000000000000u, say_finding, p);
	p->files++;
	if (p->first == NULL)
		p->first = joined(text, "");
	free(p->now);
	p->now = text;
	arena_free(&arena);
}

/* said: "policy.yaml:L:C: text" and, in a second line, "hint: …" */
static void
check_refusal(struct page *p, const char *block, const char *said)
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts;
	struct policy_file_error e = {0};
	struct buf found = {0};
	char *text = whole_of(p, block);
	assert_int_equal(policy_file_parse(slice_text(text), NULL, NULL, arena, &parts, &e), CONSIGN_E_CONFIG);
	assert_int_equal(buf_printf(&found, "policy.yaml:%zu:%zu: %s\nhint: %s\n", e.line, e.column, e.text, e.hint), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&found, 0), CONSIGN_OK);
	if (strcmp((const char *)found.data, said) != 0)
		complain(p, "a mistake", (const char *)found.data, said);
	p->refused++;
	buf_clear(&found);
	free(text);
	arena_free(&arena);
}

/* ── tables ── */

/* The cell in a column; "" where the table has none. A cell that is all code loses its marks. */
static const char *
cell_of(const struct page *p, char cells[CELLS][512], const char *column)
{
	for (size_t i = 0; i < p->n_columns; i++) {
		if (strcmp(p->columns[i], column) != 0)
			continue;
		char *cell = cells[i];
		size_t n = strlen(cell);
		if (n > 2 && cell[0] == '`' && strchr(cell + 1, '`') == cell + n - 1) {
			cell[n - 1] = '\0';
			return cell + 1;
		}
		return cell;
	}
	return "";
}

/* "permitted by `rule`", "`CODE` by `rule`" or "`CODE`", as the answer of the page begins. */
static void
ask_row(struct page *p, char cells[CELLS][512])
{
	const char *study = cell_of(p, cells, "study"), *at = cell_of(p, cells, "at"), *bytes = cell_of(p, cells, "bytes");
	const char *answer = cell_of(p, cells, "answer");
	enum consign_label label;
	struct policy_verdict v;
	char found[160];
	struct policy *policy = build_policy(p->now);
	assert_int_equal(label_parse(cell_of(p, cells, "label"), &label), CONSIGN_OK);
	struct policy_question q = {.consignor = cell_of(p, cells, "from"),
	    .consignee = cell_of(p, cells, "to"),
	    .study = study[0] != '\0' ? study : "ACME-301",
	    .type = cell_of(p, cells, "type"),
	    .label = label,
	    .bytes = strtoul(bytes, NULL, 10)};
	if (at[0] != '\0')
		assert_int_equal(units_time_parse(slice_text(at), &q.at_us), CONSIGN_OK);
	policy_decide(policy, &q, &v);
	if (v.code == CONSIGN_CODE_NONE)
		(void)snprintf(found, sizeof found, "permitted by `%s`", v.rule);
	else
		(void)snprintf(
		    found, sizeof found, v.rule[0] != '\0' ? "`%s` by `%s`" : "`%s`", consign_code_text(v.code), v.rule);
	/* What follows a colon explains. */
	char said[512];
	(void)snprintf(said, sizeof said, "%s", answer);
	said[strcspn(said, ":")] = '\0';
	if (answer[0] != '`' && strncmp(answer, "permitted", 9) != 0 && found[0] == '`') {
		found[strlen(found) - 1] = '\0'; /* the cell was all code, and lost its marks */
		memmove(found, found + 1, strlen(found));
	}
	if (strcmp(found, said) != 0)
		complain(p, q.type, found, said);
	p->questions++;
	policy_free(&policy);
}

static char *
with_rule(const struct page *p, const char *rule)
{
	char *line = joined("  - ", rule), *text = joined(p->first, line), *whole = joined(text, "\n");
	free(line);
	free(text);
	return whole;
}

static void
refuse_row(struct page *p, char cells[CELLS][512])
{
	struct arena *arena = build_arena();
	struct policy_file_parts parts;
	struct policy_file_error e = {0};
	char *text = with_rule(p, cell_of(p, cells, "rule"));
	enum consign_err err = policy_file_parse(slice_text(text), NULL, NULL, arena, &parts, &e);
	if (err != CONSIGN_E_CONFIG || !is_as_said(e.text, cell_of(p, cells, "is refused")))
		complain(p, "refused", e.text, cell_of(p, cells, "is refused"));
	if (!is_as_said(e.hint, cell_of(p, cells, "hint")))
		complain(p, "hint", e.hint, cell_of(p, cells, "hint"));
	p->refused++;
	free(text);
	arena_free(&arena);
}

struct sought {
	const char *kind, *sentence;
	bool is_found;
};

static void
look(void *context, const struct policy_finding *f)
{
	struct sought *s = context;
	s->is_found = s->is_found || (strcmp(f->kind, s->kind) == 0 && is_as_said(f->sentence, s->sentence));
}

static void
find_row(struct page *p, char cells[CELLS][512])
{
	const char *rule = cell_of(p, cells, "for example");
	struct sought sought = {cell_of(p, cells, "kind"), cell_of(p, cells, "is said"), false};
	if (rule[0] == '\0')
		return;
	struct arena *arena = build_arena();
	char *text = with_rule(p, rule);
	struct policy_file_parts parts = build_parts(arena, text);
	(void)policy_file_check(&parts, 1790000000000000u, look, &sought);
	if (!sought.is_found)
		complain(p, sought.kind, "nothing", sought.sentence);
	p->found++;
	free(text);
	arena_free(&arena);
}

/* Cuts "| a | b |" at its bars. */
static size_t
cut_row(const char *line, char cells[CELLS][512])
{
	size_t n = 0;
	for (const char *at = strchr(line, '|') + 1; n < CELLS && strchr(at, '|') != NULL; n++) {
		const char *end = strchr(at, '|');
		const char *from = at + strspn(at, " "), *to = end;
		while (to > from && to[-1] == ' ')
			to--;
		assert_true(to - from < 512);
		memcpy(cells[n], from, (size_t)(to - from));
		cells[n][to - from] = '\0';
		at = end + 1;
	}
	return n;
}

static void
take_row(struct page *p, const char *line)
{
	char cells[CELLS][512];
	size_t n = cut_row(line, cells);
	if (p->n_columns == 0) {
		p->n_columns = n;
		for (size_t i = 0; i < n; i++)
			(void)snprintf(p->columns[i], sizeof p->columns[i], "%.31s", cells[i]);
	} else if (strncmp(cells[0], "---", 3) != 0) {
		assert_int_equal(n, p->n_columns);
		if (strcmp(p->columns[n - 1], "answer") == 0)
			ask_row(p, cells);
		else if (strcmp(p->columns[0], "rule") == 0)
			refuse_row(p, cells);
		else if (strcmp(p->columns[0], "kind") == 0)
			find_row(p, cells);
	}
}

/* ── the page ── */

/* The lines up to the next ```; at is moved behind it. */
static char *
take_block(struct page *p, char **at)
{
	char *end = strstr(*at, "\n```\n");
	assert_non_null(end);
	end[1] = '\0';
	char *block = joined(*at, "");
	for (const char *c = block; *c != '\0'; c++)
		p->line += *c == '\n';
	p->line++;
	*at = end + 5;
	return block;
}

static void
take_page(struct page *p, char *at)
{
	while (*at != '\0') {
		char *line = at;
		at = strchr(at, '\n') + 1;
		at[-1] = '\0';
		p->line++;
		if (line[0] == '|')
			take_row(p, line);
		else
			p->n_columns = 0;
		if (strcmp(line, "```yaml") == 0) {
			char *block = take_block(p, &at);
			if (strncmp(at, "\n```\npolicy.yaml:", 17) == 0) {
				at += 5;
				p->line += 2;
				char *said = take_block(p, &at);
				check_refusal(p, block, said);
				free(said);
			} else {
				check_file(p, block);
			}
			free(block);
		} else if (strncmp(line, "```", 3) == 0) {
			free(take_block(p, &at));
		}
	}
}

static void
test_page_says_what_is_so(void **state)
{
	(void)state;
	struct page p = {0};
	struct buf text = {0};
	assert_int_equal(file_read(CONSIGN_SOURCE_DIR "/docs/POLICY.md", 1u << 20, &text), CONSIGN_OK);
	assert_int_equal(buf_append_u8(&text, 0), CONSIGN_OK);
	take_page(&p, (char *)text.data);
	assert_int_equal(p.wrong, 0);
	print_message("%zu files, %zu questions, %zu mistakes, %zu warnings\n", p.files, p.questions, p.refused, p.found);
	/* What is there can only grow: a test that reads nothing would be content with anything. */
	assert_true(p.files >= 8 && p.questions >= 34 && p.refused >= 17 && p.found >= 5);
	free(p.first);
	free(p.now);
	buf_clear(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_page_says_what_is_so),
	};
	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
