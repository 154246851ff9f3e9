/* Cases and whether they hold (policy_cases.h). */
#include "policy_cases.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "policy/units.h"
#include "policy/yaml_words.h"
#include "policy_ask.h"

/* As the tree of a policy file (lib/policy/policy_file.c): the source is as large at most. */
#define TREE_BUDGET_BYTES (96u * 1024u * 1024u)

#define FAIL(error, node, ...) yaml_fail_at((error), (node)->line, (node)->column, __VA_ARGS__)

static const struct yaml_form form = {
    "cases", "from, to, study, type and expect, for each case of a list", "docs/POLICY.md"};

/* What a policy can answer (docs/POLICY.md 3). */
static const enum consign_code codes[] = {CONSIGN_CODE_STUDY_UNKNOWN, CONSIGN_CODE_NOT_A_PARTY, CONSIGN_CODE_CLEARANCE,
    CONSIGN_CODE_POLICY_FORBIDDEN, CONSIGN_CODE_POLICY_NO_RULE};

struct case_keys {
	const struct node *from, *to, *study, *type, *label, *at, *expect, *rule;
};

static enum consign_err
read_expect(struct policy_file_error *error, const struct node *word, struct policy_case *c)
{
	char shown[SHOWN_BYTES];

	if (word->kind == NODE_WORD && slice_equal(word->text, slice_text("permit"))) {
		c->expects_permit = true;
		return CONSIGN_OK;
	}
	if (word->kind == NODE_WORD && slice_equal(word->text, slice_text("refuse")))
		return CONSIGN_OK;
	for (size_t i = 0; word->kind == NODE_WORD && i < sizeof codes / sizeof codes[0]; i++)
		if (slice_equal(word->text, slice_text(consign_code_text(codes[i])))) {
			c->code = codes[i];
			return CONSIGN_OK;
		}
	return FAIL(error, word,
	    "found %s: expected permit, refuse, or a code: STUDY_UNKNOWN, NOT_A_PARTY, CLEARANCE, POLICY_FORBIDDEN, POLICY_NO_RULE",
	    yaml_show(word, shown));
}

static enum consign_err
read_label(struct policy_file_error *error, const struct node *word, struct policy_case *c)
{
	char shown[SHOWN_BYTES];

	if (word->kind != NODE_WORD || !text_is(CHARSET_ASCII, word->text)
	    || label_parse((const char *)word->text.data, &c->label) != CONSIGN_OK)
		return FAIL(error, word, "found %s: expected a label, one of open, restricted, unblinded", yaml_show(word, shown));
	return CONSIGN_OK;
}

static enum consign_err
read_at(struct policy_file_error *error, const struct node *word, struct policy_case *c)
{
	char shown[SHOWN_BYTES];

	if (word->kind != NODE_WORD || units_time_parse(word->text, &c->at_us) != CONSIGN_OK)
		return FAIL(error, word, "found %s: expected " UNITS_WORDS_OF_TIME, yaml_show(word, shown));
	return CONSIGN_OK;
}

static enum consign_err
read_type(struct policy_file_error *error, const struct node *word, struct policy_case *c)
{
	char shown[SHOWN_BYTES];
	enum consign_err err = yaml_read_type(error, word, &c->type);

	if (err == CONSIGN_OK && !text_is(CHARSET_TYPE, slice_text(c->type.s)))
		return FAIL(error, word, "found %s: expected one message type, without *", yaml_show(word, shown));
	return err;
}

static enum consign_err
read_case(struct policy_file_error *error, const struct node *map, struct policy_case *c)
{
	struct case_keys k = {0};
	const struct yaml_key keys[] = {{"from", &k.from, true}, {"to", &k.to, true}, {"study", &k.study, true},
	    {"type", &k.type, true}, {"expect", &k.expect, true}, {"label", &k.label, false}, {"at", &k.at, false},
	    {"rule", &k.rule, false}};
	static const char org[] = "an id of a-z 0-9 -, 2 to 40 of them, no - at an end";
	enum consign_err err = yaml_take_keys(error, map, "a case", keys, sizeof keys / sizeof keys[0]);

	*c = (struct policy_case){.line = map->line, .column = map->column, .label = CONSIGN_LABEL_OPEN};
	if (err == CONSIGN_OK)
		err = yaml_read_word(error, k.from->value, "an organisation", CHARSET_ORG, org, CONSIGN_ORG_MAX_BYTES, c->from.s);
	if (err == CONSIGN_OK)
		err = yaml_read_word(error, k.to->value, "an organisation", CHARSET_ORG, org, CONSIGN_ORG_MAX_BYTES, c->to.s);
	if (err == CONSIGN_OK)
		err = yaml_read_word(
		    error, k.study->value, "a study id", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -", CONSIGN_STUDY_MAX_BYTES, c->study.s);
	if (err == CONSIGN_OK)
		err = read_type(error, k.type->value, c);
	if (err == CONSIGN_OK)
		err = read_expect(error, k.expect->value, c);
	if (err == CONSIGN_OK && k.label != NULL)
		err = read_label(error, k.label->value, c);
	if (err == CONSIGN_OK && k.at != NULL)
		err = read_at(error, k.at->value, c);
	if (err == CONSIGN_OK && k.rule != NULL)
		err = yaml_read_word(
		    error, k.rule->value, "a rule id", CHARSET_STUDY, "of A-Z a-z 0-9 . _ -", CONSIGN_RULE_MAX_BYTES, c->rule.s);
	return err;
}

enum consign_err
policy_cases_parse(struct consign_slice yaml, struct arena *arena, struct policy_case **ret_cases, size_t *ret_n,
    struct policy_file_error *ret_error)
{
	struct arena *scratch = NULL;
	struct node *root;
	struct policy_case *cases = NULL;
	size_t n = 0;
	enum consign_err err = arena_new(TREE_BUDGET_BYTES, &scratch);

	if (err == CONSIGN_OK)
		err = yaml_tree_read(yaml, &form, scratch, &root, ret_error);
	if (err == CONSIGN_OK)
		err = yaml_check_list(ret_error, root, "cases", 1, CONSIGN_RULES_MAX);
	if (err == CONSIGN_OK) {
		cases = arena_alloc(arena, root->n * sizeof *cases);
		err = cases == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
	}
	for (const struct node *map = err == CONSIGN_OK ? root->first : NULL; err == CONSIGN_OK && map != NULL; map = map->next)
		err = read_case(ret_error, map, &cases[n++]);
	arena_free(&scratch);
	if (err != CONSIGN_OK)
		return err;
	*ret_cases = cases;
	*ret_n = n;
	return CONSIGN_OK;
}

bool
policy_case_holds(const struct policy *policy, const struct policy_case *c, uint64_t now_us, struct policy_verdict *ret_verdict)
{
	struct policy_question q = {
	    .consignor = c->from.s, .consignee = c->to.s, .study = c->study.s, .type = c->type.s, .label = c->label};

	question_at(&q, c->at_us != 0 ? c->at_us : now_us);
	policy_decide(policy, &q, ret_verdict);
	if (c->expects_permit != (ret_verdict->code == CONSIGN_CODE_NONE))
		return false;
	if (c->code != CONSIGN_CODE_NONE && c->code != ret_verdict->code)
		return false;
	return c->rule.s[0] == '\0' || strcmp(c->rule.s, ret_verdict->rule) == 0;
}

static const char *
with_rule(const char *what, const char *rule, char ret_words[CASE_WORDS_BYTES])
{
	(void)snprintf(ret_words, CASE_WORDS_BYTES, "%s%s%s", what, rule[0] != '\0' ? " by rule " : "", rule);
	return ret_words;
}

const char *
policy_case_expected(const struct policy_case *c, char ret_words[CASE_WORDS_BYTES])
{
	const char *what = c->expects_permit ? "permit" : c->code == CONSIGN_CODE_NONE ? "refuse" : consign_code_text(c->code);

	return with_rule(what, c->rule.s, ret_words);
}

const char *
policy_verdict_words(const struct policy_verdict *v, char ret_words[CASE_WORDS_BYTES])
{
	return with_rule(v->code == CONSIGN_CODE_NONE ? "permit" : consign_code_text(v->code), v->rule, ret_words);
}
