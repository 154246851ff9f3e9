#include "catalogue/describe.h"
#include "consign/v1/batch.pb-c.h"

/* Step 1 is the certification by a qualified person. Until step 2 the batch stays under the sponsor's control. */
#define TWO_STEPS "Regulation (EU) 536/2014 Art. 62; EU GMP for investigational products"

static const struct catalogue_state states[] = {
    {"pending", "released blocked", "certified or about to be; not to be supplied yet"},
    {"released", "released blocked recalled", "may be supplied to sites in the countries listed; once more when countries are added"},
    {"blocked", "released recalled", "not to be supplied until released again"},
    {"recalled", "", "to be brought back from wherever it is"},
    {0},
};

static const struct catalogue_field country_fields[] = {
    {.name = "country", .title = "Country", .need = MANDATORY, .format = FORMAT_COUNTRY, .example = "\"DE\""},
    {.name = "study_id", .title = "Study", .need = MANDATORY, .format = FORMAT_ID, .example = "\"ACME-301\""},
    {.name = "authorisation_ref", .title = "Authorisation", .need = MANDATORY, .format = FORMAT_PART, .part = &part_reference,
	.example = "{\"kind\": \"authorisation\", \"id\": \"2025-512345-20-00\"}", .help = "Of the trial in this country."},
    {.name = "authorised_at", .title = "Authorised on", .format = FORMAT_PART, .part = &part_when, .example = "{\"text\": \"2026-01-19\"}"},
};
static const struct catalogue_rule country_rules[] = {
    {.id = "batch.release.authorised", .says = "A country is listed by the decision of its authority.", .kind = RULE_VALUE,
	.paths = {"authorisation_ref.kind"}, .values = "authorisation", .source = TWO_STEPS},
};
static const struct catalogue_message part_country = {.descriptor = &consign__v1__release_country__descriptor, .title = "Country of a release",
    .says = "A country and study that a batch is released for; without an authorisation there is none.", .fields = country_fields,
    CATALOGUE_RULES(country_rules)};

static const struct catalogue_field fields[] = {
    CATALOGUE_EVENT_FIELD,
    {.name = "batch_id", .title = "Batch", .need = MANDATORY, .format = FORMAT_ID, .example = "\"BM-26-0417\""},
    {.name = "product", .title = "Product", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 200, .example = "\"ACM-0301 tablets 50 mg\""},
    {.name = "product_code", .title = "Product code", .format = FORMAT_ID, .example = "\"FP-3010050\""},
    {.name = "quantity", .title = "Quantity", .format = FORMAT_PART, .part = &part_quantity, .lo = "0", .example = "{\"value\": \"1200\", \"unit\": \"{kit}\"}"},
    {.name = "expires_at", .title = "Expires", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_MONTH, .example = "{\"text\": \"2028-01\"}"},
    {.name = "certification_ref", .title = "Certification", .format = FORMAT_PART, .part = &part_reference,
	.example = "{\"kind\": \"batch-certification\", \"id\": \"QPC-26-0417\"}", .help = "Step 1: the certification by a qualified person."},
    {.name = "countries", .title = "Released for", .format = FORMAT_PART, .part = &part_country, .max_count = 200},
    {.name = "released_by", .title = "Released by", .format = FORMAT_PART, .part = &part_person,
	.example = "{\"id\": \"u-0311\", \"name\": \"M. Lindqvist\", \"role\": \"quality\", \"org\": \"acme\"}"},
    {.name = "released_at", .title = "Released at", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_MINUTE, .has_offset = true,
	.example = "{\"text\": \"2026-02-16T15:20:00+01:00\"}"},
};

static const struct catalogue_rule rules[] = {
    {.id = "batch.release.certified", .says = "A batch is released on its certification.", .kind = RULE_REQUIRED, .when = {"event.state", TEST_IS, "released"},
	.paths = {"certification_ref"}, .source = TWO_STEPS, .breaks = "{\"certificationRef\": null}"},
    {.id = "batch.release.certification", .says = "The certification is referred to as one.", .kind = RULE_VALUE, .paths = {"certification_ref.kind"},
	.values = "batch-certification", .breaks = "{\"certificationRef\": {\"kind\": \"certificate-of-analysis\"}}"},
    {.id = "batch.release.countries", .says = "A batch is released for at least one country.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "released"}, .paths = {"countries"}, .source = TWO_STEPS, .breaks = "{\"countries\": null}"},
    {.id = "batch.release.by", .says = "A released batch names the person who released it.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "released"}, .paths = {"released_by.name"}, .source = "21 CFR 11.50(a)(1)", .breaks = "{\"releasedBy\": null}"},
    {.id = "batch.release.person", .says = "A person of the sponsor's quality or regulatory unit releases, not a system.", .kind = RULE_VALUE,
	.paths = {"released_by.role"}, .values = "quality|qualified-person|regulatory|sponsor", .breaks = "{\"releasedBy\": {\"role\": \"system\"}}"},
    {.id = "batch.release.at", .says = "A released batch has the time of its release.", .kind = RULE_REQUIRED, .when = {"event.state", TEST_IS, "released"},
	.paths = {"released_at"}, .source = "21 CFR 11.50(a)(2)", .breaks = "{\"releasedAt\": null}"},
    {.id = "batch.release.pending", .says = "What has a time of release is not pending.", .kind = RULE_VALUE, .when = {"released_at", TEST_PRESENT, NULL},
	.paths = {"event.state"}, .values = "released|blocked|recalled", .breaks = "{\"event\": {\"state\": \"pending\"}}"},
    {.id = "batch.release.expiry", .says = "A batch is not released after it expired.", .kind = RULE_ORDER, .paths = {"released_at", "expires_at"},
	.source = "ICH E6(R3) 3.15", .breaks = "{\"expiresAt\": {\"text\": \"2026-01\"}}"},
    {.id = "batch.release.stopped", .says = "Blocking and recall say why.", .kind = RULE_REQUIRED, .when = {"event.state", TEST_IS, "blocked|recalled"},
	.paths = {"event.reason"}, .breaks = "{\"event\": {\"state\": \"blocked\", \"reason\": null, \"supersedes\": null}}"},
};

const struct catalogue_type type_batch_release = {
    .name = "batch.release",
    .version = 1,
    .title = "Batch release",
    .says = "The sponsor's word that a certified batch may go to the sites of a country and study, or no longer may. Step 2 of the release of an "
	    "investigational product.",
    .standard = "Regulatory release (\"green light\"), the second of two steps; no file standard",
    .producers = "sponsor",
    .consumers = "cdmo depot irt",
    .least_label = CONSIGN_LABEL_RESTRICTED,
    .label_why = "It joins the true batch number with the product: with shipments or kits that tells active from placebo.",
    .clock = "Before the first supply to a site of the country; blocking and recall reach every holder at once.",
    .states = states,
    .key = "batch_id",
    .headline = "batch_id product quantity expires_at",
    .message = {.descriptor = &consign__v1__batch_release__descriptor, .title = "Batch release", .fields = fields, CATALOGUE_RULES(rules)},
};
