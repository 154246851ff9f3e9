/* examples/policy/four-companies.yaml, which README.md applies: parses without a warning and does what its comments say. */
#include "build.h"
#include "core/file.h"

static const struct example {
	const char *from, *to, *type;
	enum consign_label label;
	enum consign_code code;
	const char *rule;
} examples[] = {
    {"sitecare", "globalcro", "trial.data.crf", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "trial-data-up"},
    {"sitecare", "acme", "x.trial.visit", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "files-up"},
    {"globalcro", "acme", "x.trial.dataset", CONSIGN_LABEL_RESTRICTED, CONSIGN_CODE_NONE, "files-up"},
    {"acme", "sitecare", "x.protocol", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "files-from-sponsor"},
    {"globalcro", "sitecare", "x.query", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "files-cro-to-site"},
    {"biomake", "sitecare", "x.shipment.notice", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "files-with-kits"},
    {"sitecare", "biomake", "x.shipment.receipt", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "files-with-kits"},
    {"biomake", "acme", "x.lot", CONSIGN_LABEL_RESTRICTED, CONSIGN_CODE_NONE, "files-from-cdmo"},
    {"acme", "biomake", "x.randomisation.list", CONSIGN_LABEL_UNBLINDED, CONSIGN_CODE_NONE, "files-from-sponsor"},
    {"biomake", "sitecare", "material.shipment.dispatched", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "kits-to-site"},
    {"acme", "biomake", "batch.release", CONSIGN_LABEL_RESTRICTED, CONSIGN_CODE_NONE, "release-to-maker"},
    {"sitecare", "biomake", "material.shipment.received", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "receipts-back"},
    {"sitecare", "acme", "material.temperature_log", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "receipts-back"},
    {"sitecare", "biomake", "material.temperature_excursion", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "receipts-back"},
    {"acme", "sitecare", "material.temperature_excursion", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "excursions-judged"},
    {"globalcro", "sitecare", "lab.result", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "lab-results"},
    {"globalcro", "acme", "lab.result", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "lab-results"},
    {"globalcro", "sitecare", "safety.sae", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "safety-desk-down"},
    {"acme", "globalcro", "trial.data.snapshot", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NONE, "data-to-cro"},
    {"biomake", "sitecare", "x.lot.list", CONSIGN_LABEL_OPEN, CONSIGN_CODE_POLICY_FORBIDDEN, "no-treatment-to-sites"},
    {"acme", "sitecare", "x.randomisation.list", CONSIGN_LABEL_OPEN, CONSIGN_CODE_POLICY_FORBIDDEN, "no-treatment-to-sites"},
    {"acme", "globalcro", "x.randomisation.list", CONSIGN_LABEL_OPEN, CONSIGN_CODE_POLICY_FORBIDDEN, "no-treatment-to-cro"},
    {"acme", "sitecare", "x.anything", CONSIGN_LABEL_UNBLINDED, CONSIGN_CODE_CLEARANCE, ""},
    {"biomake", "acme", "x.anything", CONSIGN_LABEL_UNBLINDED, CONSIGN_CODE_CLEARANCE, ""},
    {"sitecare", "biomake", "x.trial.visit", CONSIGN_LABEL_OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"biomake", "globalcro", "x.anything", CONSIGN_LABEL_OPEN, CONSIGN_CODE_POLICY_NO_RULE, ""},
    {"acme", "nobody", "x.anything", CONSIGN_LABEL_OPEN, CONSIGN_CODE_NOT_A_PARTY, ""},
};

static void
show_finding(void *context, const struct policy_finding *finding)
{
	(void)context;
	print_error("%u:%u: %s\n", finding->at.line, finding->at.column, finding->sentence);
}

static void
test_example_four_companies_does_what_its_comments_say(void **state)
{
	(void)state;
	struct arena *arena = build_arena();
	struct buf yaml = {0};
	struct policy *policy = NULL;
	assert_int_equal(
	    file_read(CONSIGN_SOURCE_DIR "/examples/policy/four-companies.yaml", CONSIGN_POLICY_SOURCE_MAX_BYTES, &yaml),
	    CONSIGN_OK);
	assert_int_equal(buf_append_u8(&yaml, 0), CONSIGN_OK);
	struct policy_file_parts parts = build_parts(arena, (const char *)yaml.data);
	assert_int_equal(policy_file_check(&parts, 0, show_finding, NULL), 0);
	assert_int_equal(policy_compile(parts.parts.v, parts.parts.n, &policy), CONSIGN_OK);
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		const struct example *e = &examples[i];
		struct policy_verdict v = ask(policy, e->from, e->to, "ACME-301", e->type, e->label);
		if (v.code != e->code || strcmp(v.rule, e->rule) != 0)
			print_error("%s to %s, %s: %s by '%s'\n", e->from, e->to, e->type, consign_code_text(v.code), v.rule);
		assert_int_equal(v.code, e->code);
		assert_string_equal(v.rule, e->rule);
	}
	policy_free(&policy);
	buf_clear(&yaml);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_example_four_companies_does_what_its_comments_say),
	};
	return cmocka_run_group_tests_name("example", tests, NULL, NULL);
}
