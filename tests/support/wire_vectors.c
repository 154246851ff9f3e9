/*
 * wire-vectors accept | reject: prints the vectors of tests/vectors/wire from the tables. Each message is built valid
 * (wire_sample.h), then broken in one way at a time; the columns are
 *
 *   accept.tsv   message, variant, bytes
 *   reject.tsv   message, field ("-": the whole), word of wire_rules.h or of a check, bytes, error
 *
 * separated by tabs. Bytes are hex; (N*HEX) stands for N times HEX. The output is committed: when it changes, the
 * protocol has changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/wire_sample.h"

/* ── output ── */

#define PERIOD_MAX 1024u

/* How often the period bytes at the front of s stand there one after the other. */
static size_t
repeats(const uint8_t *s, size_t len, size_t period)
{
	size_t n = 1;

	while ((n + 1) * period <= len && memcmp(s, s + n * period, period) == 0)
		n++;
	return n;
}

static void
print_hex(const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", s[i]);
}

static void
print_bytes(const struct buf *b)
{
	for (size_t pos = 0; pos < b->len;) {
		size_t left = b->len - pos, period, n = 1;
		for (period = 1; period <= PERIOD_MAX && period * 2 <= left; period++) {
			if (b->data[pos] != b->data[pos + period])
				continue;
			n = repeats(b->data + pos, left, period);
			if (n > 1 && (n - 1) * period > 12)
				break;
			n = 1;
		}
		if (n == 1) {
			print_hex(b->data + pos, 1);
			pos++;
			continue;
		}
		printf("(%zu*", n);
		print_hex(b->data + pos, period);
		printf(")");
		pos += n * period;
	}
}

static void
print_reject(const struct wire_message *m, const char *field, const char *word, const struct buf *bytes, const char *error)
{
	printf("%s\t%s\t%s\t", m->name, field, word);
	print_bytes(bytes);
	printf("\t%s\n", error);
}

static void
print_reject_sample(const struct sample *s, const char *field, const char *word)
{
	struct buf bytes = {0};

	sample_join(s, &bytes);
	print_reject(s->message, field, word, &bytes, "MALFORMED");
	buf_clear(&bytes);
}

/* ── one field broken ── */

static bool
is_number(const struct wire_field *f)
{
	return f->kind == WIRE_U32 || f->kind == WIRE_U64;
}

/* A number, alone or as the run of a list, given as the bytes of its varint. */
static void
put_number(struct buf *out, const struct wire_field *f, struct consign_slice varint)
{
	if (f->is_repeated) {
		sample_put_bytes(out, f, varint);
		return;
	}
	sample_put_key(out, f, 0);
	sample_put(out, varint.data, varint.len);
}

static void
put_value(struct buf *out, const struct wire_field *f, uint64_t v)
{
	struct buf varint = {0};

	sample_put_varint(&varint, v);
	put_number(out, f, buf_slice(&varint));
	buf_clear(&varint);
}

/* The least good value, one byte longer than it needs to be. */
static void
put_overlong(struct buf *out, const struct wire_field *f)
{
	struct buf varint = {0};

	sample_put_varint(&varint, f->min > 0 ? f->min : 1);
	varint.data[varint.len - 1] |= 0x80;
	sample_put(&varint, "", 1);
	put_number(out, f, buf_slice(&varint));
	buf_clear(&varint);
}

static void
put_text_of_length(struct buf *out, const struct wire_field *f, size_t len)
{
	struct buf text = {0};

	sample_text(f, len, &text);
	sample_put_bytes(out, f, buf_slice(&text));
	buf_clear(&text);
}

/* A good text with one byte that its form does not have. */
static void
put_text_with(struct buf *out, const struct wire_field *f, uint8_t bad)
{
	struct buf text = {0};
	size_t len = f->form == FORM_MESSAGE_ID ? f->min : f->min + 2 > f->max ? f->max : f->min + 2;

	sample_text(f, len, &text);
	text.data[text.len / 2] = bad;
	sample_put_bytes(out, f, buf_slice(&text));
	buf_clear(&text);
}

static void
put_many(struct buf *out, const struct sample *s, const struct wire_field *f)
{
	struct buf one = {0}, run = {0};

	if (is_number(f)) {
		for (uint32_t i = 0; i <= f->max_count; i++)
			sample_put_varint(&run, f->min);
		sample_put_bytes(out, f, buf_slice(&run));
	} else {
		sample_put_element(&one, s->message, f, SAMPLE_LEAST, 0);
		for (uint32_t i = 0; i <= f->max_count; i++)
			sample_put(out, one.data, one.len);
	}
	buf_clear(&one);
	buf_clear(&run);
}

/* The other wire types that a key can name: 0 or 2, whichever is not the field's; 5, which no field of the hub has. */
static void
put_wrong_type(struct buf *out, const struct wire_field *f, unsigned variant)
{
	if (variant == 1) {
		sample_put_key(out, f, 5);
		sample_put(out, "\1\0\0\0", 4);
	} else if (is_number(f) && !f->is_repeated) {
		sample_put_key(out, f, 2);
		sample_put(out, "\1\1", 2);
	} else {
		sample_put_key(out, f, 0);
		sample_put(out, "\1", 1);
	}
}

/* Replaces what the sample holds of f by something that breaks it; variants of one word count from 0. */
static void
break_field(struct sample *s, const struct wire_field *f, struct buf *field, enum wire_reason reason, unsigned variant)
{
	struct buf good = *field;

	*field = (struct buf){0};
	switch (reason) {
	case REASON_MISSING:
		break;
	case REASON_TWICE:
		if (good.len == 0) /* 0 by its place, and so absent */
			put_value(&good, f, f->max > 0 ? 1 : 0);
		sample_put(field, good.data, good.len);
		sample_put(field, good.data, good.len);
		break;
	case REASON_WRONG_TYPE:
		put_wrong_type(field, f, variant);
		break;
	case REASON_ZERO:
		put_value(field, f, 0);
		break;
	case REASON_EMPTY:
		sample_put_bytes(field, f, slice_of("", 0));
		break;
	case REASON_OVERLONG:
		put_overlong(field, f);
		break;
	case REASON_BELOW:
		put_value(field, f, f->min - 1);
		break;
	case REASON_ABOVE:
		put_value(field, f, f->max + 1);
		break;
	case REASON_SHORT:
		put_text_of_length(field, f, (size_t)f->min - 1);
		break;
	case REASON_LONG:
		put_text_of_length(field, f, (size_t)f->max + 1);
		break;
	case REASON_FORM:
		put_text_with(field, f, variant == 0 ? 0x1b : 0xff);
		break;
	case REASON_NUL:
		put_text_with(field, f, 0);
		break;
	case REASON_MANY:
		put_many(field, s, f);
		break;
	case REASON_INSIDE:
		sample_put_bytes(field, f, slice_of("\377", 1));
		break;
	default:
		break;
	}
	buf_clear(&good);
}

static unsigned
variants_of(enum wire_reason reason)
{
	return reason == REASON_WRONG_TYPE || reason == REASON_FORM ? 2 : 1;
}

static void
print_broken_field(const struct wire_message *m, size_t row)
{
	const struct wire_field *f = &m->fields[row];
	struct sample s;

	for (int reason = 0; reason < REASONS_COUNT; reason++) {
		if (!wire_field_may_break(f, (enum wire_reason)reason))
			continue;
		for (unsigned variant = 0; variant < variants_of((enum wire_reason)reason); variant++) {
			sample_init(&s, m, sample_extent_with(m, f), f->is_choice ? row : sample_first_choice(m));
			break_field(&s, f, &s.fields[row], (enum wire_reason)reason, variant);
			print_reject_sample(&s, f->name, wire_reason_word((enum wire_reason)reason));
			sample_clear(&s);
		}
	}
}

/* ── the whole broken ── */

static void
print_choices(const struct wire_message *m)
{
	size_t first = sample_first_choice(m);
	struct sample s, other;

	if (!m->has_choice)
		return;
	sample_init(&s, m, SAMPLE_BROAD, first);
	buf_clear(&s.fields[first]);
	print_reject_sample(&s, "-", wire_reason_word(REASON_NO_CHOICE));
	for (size_t i = first + 1; i < m->n_fields; i++) {
		sample_clear(&s);
		sample_init(&s, m, SAMPLE_BROAD, first);
		sample_init(&other, m, SAMPLE_BROAD, i);
		sample_put(&s.fields[i], other.fields[i].data, other.fields[i].len);
		print_reject_sample(&s, "-", wire_reason_word(REASON_TWO_CHOICES));
		sample_clear(&other);
	}
	sample_clear(&s);
}

static void
print_broken_whole(const struct wire_message *m)
{
	struct wire_field unknown = {.tag = (uint32_t)m->n_fields + 1, .kind = WIRE_BYTES};
	struct buf good = {0}, bad = {0};
	struct sample s;

	sample_init(&s, m, SAMPLE_BROAD, sample_first_choice(m));
	sample_join(&s, &good);
	for (int type = 0; type <= 2; type += 2) {
		buf_reset(&bad);
		sample_put(&bad, good.data, good.len);
		sample_put_key(&bad, &unknown, (unsigned)type);
		sample_put(&bad, "\1\1", type == 0 ? 1 : 2);
		print_reject(m, "-", wire_reason_word(REASON_UNKNOWN_FIELD), &bad, "MALFORMED");
	}
	buf_reset(&bad);
	sample_put(&bad, good.data, good.len);
	sample_put_key(&bad, &m->fields[m->n_fields - 1], m->fields[m->n_fields - 1].kind <= WIRE_U64 ? 0 : 2);
	print_reject(m, "-", wire_reason_word(REASON_TRUNCATED), &bad, "MALFORMED");
	if (m->max_bytes > 0) {
		buf_reset(&bad);
		for (size_t i = 0; i <= m->max_bytes; i++)
			sample_put(&bad, "", 1);
		print_reject(m, "-", wire_reason_word(REASON_TOO_BIG), &bad, "TOO_BIG");
	}
	buf_clear(&good);
	buf_clear(&bad);
	sample_clear(&s);
}

/* ── rules over several fields ── */

enum tweak { OMIT, ADD, NUMBER, TEXT_OF, SAME, REVERSED };

/* One way of breaking one check: start from a good sample, then do this to one field. */
static const struct check_break {
	const char *message;
	const char *word;
	enum sample_extent extent;
	const char *field;
	enum tweak tweak;
	uint64_t number;
	const char *text;
} check_breaks[] = {
    {"SignedDocument", "kind", SAMPLE_FULL, "kind", NUMBER, 6, NULL},
    {"SignedDocument", "signer-twice", SAMPLE_FULL, "signatures", SAME, 0, NULL},
    {"Root", "dates", SAMPLE_FULL, "expires_us", NUMBER, 1700000000000000, NULL},
    {"Root", "first", SAMPLE_LEAST, "random", OMIT, 0, NULL},
    {"Root", "first", SAMPLE_LEAST, "hub_id", ADD, 0, NULL},
    {"Root", "first", SAMPLE_LEAST, "previous", ADD, 0, NULL},
    {"Root", "first", SAMPLE_LEAST, "directory", ADD, 0, NULL},
    {"Root", "first", SAMPLE_LEAST, "policy", ADD, 0, NULL},
    {"Root", "later", SAMPLE_FULL, "hub_id", OMIT, 0, NULL},
    {"Root", "later", SAMPLE_FULL, "previous", OMIT, 0, NULL},
    {"Root", "later", SAMPLE_FULL, "directory", OMIT, 0, NULL},
    {"Root", "later", SAMPLE_FULL, "policy", OMIT, 0, NULL},
    {"Root", "threshold", SAMPLE_FULL, "threshold", NUMBER, 3, NULL},
    {"Root", "threshold", SAMPLE_FULL, "witness_quorum", NUMBER, 3, NULL},
    {"Root", "party-twice", SAMPLE_FULL, "admins", SAME, 0, NULL},
    {"Root", "party-twice", SAMPLE_FULL, "witnesses", SAME, 0, NULL},
    {"ValidKey", "dates", SAMPLE_FULL, "not_after_us", NUMBER, 1700000000000000, NULL},
    {"Card", "dates", SAMPLE_FULL, "expires_us", NUMBER, 1700000000000000, NULL},
    {"Card", "chain", SAMPLE_FULL, "version", NUMBER, 1, NULL},
    {"Card", "chain", SAMPLE_FULL, "previous", OMIT, 0, NULL},
    {"Card", "keys", SAMPLE_FULL, "signing_keys", SAME, 0, NULL},
    {"Card", "keys", SAMPLE_FULL, "signing_keys", REVERSED, 0, NULL},
    {"Card", "keys", SAMPLE_FULL, "seal_keys", SAME, 0, NULL},
    {"Card", "keys", SAMPLE_FULL, "seal_keys", REVERSED, 0, NULL},
    {"DirectoryHead", "dates", SAMPLE_FULL, "expires_us", NUMBER, 1700000000000000, NULL},
    {"DirectoryHead", "chain", SAMPLE_FULL, "version", NUMBER, 1, NULL},
    {"DirectoryHead", "chain", SAMPLE_FULL, "previous", OMIT, 0, NULL},
    {"DirectoryHead", "sorted", SAMPLE_FULL, "parts", SAME, 0, NULL},
    {"DirectoryHead", "sorted", SAMPLE_FULL, "parts", REVERSED, 0, NULL},
    {"PolicyHead", "dates", SAMPLE_FULL, "expires_us", NUMBER, 1700000000000000, NULL},
    {"PolicyHead", "chain", SAMPLE_FULL, "version", NUMBER, 1, NULL},
    {"PolicyHead", "chain", SAMPLE_FULL, "previous", OMIT, 0, NULL},
    {"PolicyHead", "sorted", SAMPLE_FULL, "parts", SAME, 0, NULL},
    {"PolicyHead", "sorted", SAMPLE_FULL, "parts", REVERSED, 0, NULL},
    {"Member", "since", SAMPLE_FULL, "status", NUMBER, 3, NULL},
    {"FreshnessContent", "dates", SAMPLE_FULL, "expires_us", NUMBER, 1700000000000000, NULL},
    {"ProposalContent", "dates", SAMPLE_FULL, "expires_us", NUMBER, 1700000000000000, NULL},
    {"DecisionContent", "signatures", SAMPLE_FULL, "decision", NUMBER, 2, NULL},
    {"Manifest", "dates", SAMPLE_FULL, "expires_us", NUMBER, 1700000000000000, NULL},
    {"Manifest", "dates", SAMPLE_FULL, "expires_us", NUMBER, 1700000000000000 + CONSIGN_EXPIRES_MAX_US + 1, NULL},
    {"Manifest", "consignee-twice", SAMPLE_FULL, "consignees", SAME, 0, NULL},
    {"Manifest", "items-order", SAMPLE_FULL, "items", SAME, 0, NULL},
    {"Manifest", "items-order", SAMPLE_FULL, "items", REVERSED, 0, NULL},
    {"DocumentRecord", "org", SAMPLE_FULL, "org", OMIT, 0, NULL},
    {"DocumentRecord", "org", SAMPLE_FULL, "kind", NUMBER, 3, NULL},
    {"Statement", "place", SAMPLE_LEAST, "path", ADD, 0, NULL},
    {"Statement", "place", SAMPLE_LEAST, "checkpoint", ADD, 0, NULL},
    {"Statement", "place", SAMPLE_LEAST, "openings", ADD, 0, NULL},
    {"Statement", "place", SAMPLE_LEAST, "leaf", ADD, 0, NULL},
    {"Statement", "signed", SAMPLE_LEAST, "signature", OMIT, 0, NULL},
    {"Statement", "signed", SAMPLE_LEAST, "has_place", ADD, 0, NULL},
    {"Statement", "signed", SAMPLE_FULL, "signature", ADD, 0, NULL},
    {"ItemVerdict", "code", SAMPLE_FULL, "code", OMIT, 0, NULL},
    {"ItemVerdict", "code", SAMPLE_FULL, "outcome", NUMBER, 1, NULL},
    {"DeliveryReceiptContent", "verdicts-order", SAMPLE_FULL, "verdicts", SAME, 0, NULL},
    {"DeliveryReceiptContent", "verdicts-order", SAMPLE_FULL, "verdicts", REVERSED, 0, NULL},
    {"DeliveryReceiptContent", "problems-key", SAMPLE_FULL, "problems_key_id", OMIT, 0, NULL},
    {"DeliveryReceiptContent", "problems-key", SAMPLE_FULL, "problems", OMIT, 0, NULL},
    {"Hello", "signed", SAMPLE_FULL, "party", NUMBER, 3, NULL},
    {"Hello", "signed", SAMPLE_FULL, "key_id", OMIT, 0, NULL},
    {"Hello", "signed", SAMPLE_FULL, "signature", OMIT, 0, NULL},
    {"PublishedDocument", "path", SAMPLE_FULL, "leaf", OMIT, 0, NULL},
    {"PublishedDocument", "path", SAMPLE_FULL, "path", OMIT, 0, NULL},
    {"Answers", "checkpoint", SAMPLE_FULL, "checkpoint", OMIT, 0, NULL},
    {"WatchRequest", "since", SAMPLE_FULL, "since", TEXT_OF, 0, "soon"},
};

static void
print_broken_check(const struct wire_message *m, const struct check_break *b)
{
	struct sample s;
	size_t row = sample_row(m, b->field);
	const struct wire_field *f = &m->fields[row];
	struct buf *field = &s.fields[row];

	sample_init(&s, m, b->extent, sample_first_choice(m));
	buf_reset(field);
	switch (b->tweak) {
	case OMIT:
		break;
	case ADD:
		sample_put_element(field, m, f, SAMPLE_FULL, 0);
		break;
	case NUMBER:
		put_value(field, f, b->number);
		break;
	case TEXT_OF:
		sample_put_bytes(field, f, slice_text(b->text));
		break;
	case SAME:
		sample_put_element(field, m, f, b->extent, 0);
		sample_put_element(field, m, f, b->extent, 0);
		break;
	case REVERSED:
		sample_put_element(field, m, f, b->extent, 1);
		sample_put_element(field, m, f, b->extent, 0);
		break;
	}
	print_reject_sample(&s, "-", b->word);
	sample_clear(&s);
}

static void
print_rejects(const struct wire_message *m, void *context)
{
	(void)context;
	for (size_t i = 0; i < m->n_fields; i++)
		print_broken_field(m, i);
	for (size_t i = 0; i < sizeof(check_breaks) / sizeof(check_breaks[0]); i++)
		if (strcmp(check_breaks[i].message, m->name) == 0)
			print_broken_check(m, &check_breaks[i]);
	print_choices(m);
	print_broken_whole(m);
}

/* ── accepted ── */

static void
print_accept(const struct sample *s, const char *variant, const char *field)
{
	struct buf bytes = {0};

	sample_join(s, &bytes);
	printf("%s\t%s%s\t", s->message->name, variant, field);
	print_bytes(&bytes);
	printf("\n");
	buf_clear(&bytes);
}

/* The limit of a field, exactly: n where a reject vector has n + 1. Numbers only where no check ties them to others. */
static void
print_limit(const struct wire_message *m, size_t row)
{
	const struct wire_field *f = &m->fields[row];
	struct sample s;
	bool is_bytes = !is_number(f) && f->kind != WIRE_MESSAGE && f->form != FORM_MESSAGE_ID && strcmp(f->name, "since") != 0;

	if (!(is_bytes || (is_number(f) && m->n_checks == 0 && f->max > 0) || (f->is_repeated && f->max_count <= 128)))
		return;
	sample_init(&s, m, sample_extent_with(m, f), f->is_choice ? row : sample_first_choice(m));
	buf_reset(&s.fields[row]);
	if (f->is_repeated && f->max_count <= 128)
		sample_put_list(&s.fields[row], m, f, SAMPLE_LEAST, f->max_count);
	else if (is_bytes)
		put_text_of_length(&s.fields[row], f, (size_t)f->max);
	else
		put_value(&s.fields[row], f, f->max);
	print_accept(&s, "limit-", f->name);
	sample_clear(&s);
}

static void
print_accepts(const struct wire_message *m, void *context)
{
	static const enum sample_extent extents[] = {SAMPLE_LEAST, SAMPLE_FULL};
	static const char *const names[] = {"least", "full"};
	struct sample s;

	(void)context;
	for (size_t e = 0; e < 2; e++) {
		for (size_t i = sample_first_choice(m); i < (m->has_choice ? m->n_fields : sample_first_choice(m) + 1); i++) {
			sample_init(&s, m, extents[e], i);
			print_accept(&s, names[e], "");
			sample_clear(&s);
		}
	}
	for (size_t i = 0; i < m->n_fields; i++)
		print_limit(m, i);
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "accept") == 0) {
		printf("# message\tvariant\tbytes\n");
		wire_each_message(print_accepts, NULL);
	} else if (argc == 2 && strcmp(argv[1], "reject") == 0) {
		printf("# message\tfield\tword\tbytes\terror\n");
		wire_each_message(print_rejects, NULL);
	} else {
		fprintf(stderr, "usage: wire-vectors accept | reject\n");
		return 2;
	}
	return ferror(stdout) || fflush(stdout) != 0;
}
