/* See events.h. */
#include "events.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "trust/freshness.h"

/* Texts of an event are cut where a character begins. */
static enum consign_err
keep_text(const struct buf *text, struct arena *arena, struct consign_slice *ret_text)
{
	struct consign_slice s = buf_slice(text);

	if (s.len > CONSIGN_TEXT_MAX_BYTES) {
		s.len = CONSIGN_TEXT_MAX_BYTES;
		while (s.len > 0 && (s.data[s.len] & 0xc0) == 0x80)
			s.len--;
	}
	*ret_text = arena_copy(arena, s);
	return s.len > 0 && ret_text->data == NULL ? CONSIGN_E_NO_MEMORY : CONSIGN_OK;
}

/* ── refusals ── */

static enum consign_err
join_consignees(const struct refused_record *r, struct arena *arena, struct consign_slice *ret_text)
{
	struct buf text = {0};
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < r->consignees.n; i++)
		err = buf_printf(&text, "%s%s", i == 0 ? "" : ",", r->consignees.v[i].s);
	if (err == CONSIGN_OK)
		err = keep_text(&text, arena, ret_text);
	buf_clear(&text);
	return err;
}

static bool
is_same_refusal(const struct admin_event *e, const struct verdict *v, struct consign_slice whom)
{
	return e->code == v->code && slice_equal(e->subject, whom) && strcmp(e->type, v->type) == 0 && strcmp(e->rule, v->rule) == 0
	    && slice_equal(e->detail, v->detail);
}

/* Items of one type to one consignee, refused for one reason, are one event. */
static enum consign_err
of_refusal(const struct admin_event *base, const struct refused_record *r, struct arena *arena, struct event *events, size_t *ret_n)
{
	struct consign_slice all;
	size_t n = 0;
	enum consign_err err = join_consignees(r, arena, &all);

	for (size_t i = 0; err == CONSIGN_OK && i < r->verdicts.n; i++) {
		const struct verdict *v = r->verdicts.v[i];
		struct consign_slice whom = v->org[0] != '\0' ? slice_text(v->org) : all;
		size_t same = 0;

		while (same < n && !is_same_refusal(&events[same].told, v, whom))
			same++;
		if (same < n) {
			events[same].told.count++;
			continue;
		}
		if (n == EVENTS_A_LEAF)
			break; /* a record of ours has no more */
		struct admin_event *e = &events[n++].told;

		*e = *base;
		memcpy(e->kind, "refused", sizeof "refused");
		e->org = slice_text(r->consignor.s);
		e->subject = whom;
		memcpy(e->study, r->study, sizeof e->study);
		memcpy(e->type, v->type, sizeof e->type);
		memcpy(e->rule, v->rule, sizeof e->rule);
		e->code = v->code;
		e->detail = v->detail;
		e->count = 1;
		e->consignment_id = SLICE_ARRAY(r->consignment_id.b);
	}
	*ret_n = n;
	return err;
}

/* ── acts ── */

/* What an act's subject and detail are. */
enum act_form {
	ACT_ON,     /* subject: whom; detail: the administrator */
	ACT_OF,     /* subject: the organisation that did it */
	ACT_BY,    /* subject: what; detail: the administrator, and after ": " why */
	ACT_PLAIN, /* as they are */
	ACT_START, /* likewise; the count is no count: it says how long the ledger is */
};

static const struct {
	const char *act, *kind;
	enum act_form form;
} acts[] = {
    {"restart", "restarted", ACT_START},
    {"invite", "invited", ACT_ON},
    {"join", "asks-to-join", ACT_OF},
    {"refusals", "refused", ACT_OF},
    {"proposal.made", "proposed", ACT_BY},
    {"proposal.approved", "approved", ACT_BY},
    {"proposal.rejected", "rejected", ACT_BY},
    {"proposal.withdrawn", "withdrawn", ACT_BY},
};

/* "alice: because" → who and why. */
static void
split_who(struct consign_slice both, struct admin_event *e)
{
	size_t n = 0;

	while (n < both.len && both.data[n] != ':')
		n++;
	e->org = slice_of(both.data, n);
	if (n + 2 < both.len)
		e->detail = slice_of(both.data + n + 2, both.len - n - 2);
}

static void
of_act(const struct act_record *act, struct admin_event *e)
{
	enum act_form form = ACT_PLAIN;
	const char *kind = act->act;

	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (strcmp(acts[i].act, act->act) == 0) {
			kind = acts[i].kind;
			form = acts[i].form;
		}
	snprintf(e->kind, sizeof e->kind, "%s", kind);
	e->org = form == ACT_ON ? act->detail : form == ACT_OF ? act->subject : (struct consign_slice){0};
	e->subject = form == ACT_OF ? (struct consign_slice){0} : act->subject;
	/* Of an organisation's own act the detail is its name again, unless it says more. */
	if (form == ACT_BY)
		split_who(act->detail, e);
	else if (form != ACT_ON && !slice_equal(act->detail, e->org))
		e->detail = act->detail;
	e->count = form == ACT_START ? 0 : act->count;
}

static const char *
retention_kind(uint32_t reason)
{
	return reason == RETENTION_EXPIRED ? "expired" : reason == RETENTION_DESTROYED ? "destroyed" : "compromised";
}

enum consign_err
events_of_leaf(uint64_t leaf, const struct ledger_record *record, struct arena *arena, struct event *ret_events, size_t *ret_n)
{
	struct event *x = &ret_events[0];
	struct admin_event base = {.at_us = record->at_us, .place = leaf + 1};

	*ret_n = 0;
	if (record->accepted != NULL || record->delivered != NULL)
		return CONSIGN_OK;
	if (record->refused != NULL)
		return of_refusal(&base, record->refused, arena, ret_events, ret_n);
	*x = (struct event){.told = base};
	if (record->act != NULL) {
		of_act(record->act, &x->told);
	} else if (record->retention != NULL) {
		snprintf(x->told.kind, sizeof x->told.kind, "%s", retention_kind(record->retention->reason));
		x->told.org = slice_text(record->retention->consignor.s);
		x->told.subject = slice_text(record->retention->consignee.s);
		x->told.consignment_id = SLICE_ARRAY(record->retention->consignment_id.b);
	} else if (record->document != NULL) {
		snprintf(x->told.kind, sizeof x->told.kind, "%s", record->document->kind == SIGN_CARD ? "card" : "published");
		x->told.org = slice_text(record->document->org);
		x->document = record->document->kind;
		x->version = record->document->document->version;
	}
	*ret_n = 1;
	return CONSIGN_OK;
}

/* ── documents ── */

static const char *
document_word(uint32_t kind)
{
	return kind == SIGN_ROOT ? "root" : kind == SIGN_DIRECTORY ? "directory" : kind == SIGN_POLICY ? "policy" : kind == SIGN_CARD ? "card" : "document";
}

/* The administrators whose signatures a document bears, by the root that was in force when it came. */
static enum consign_err
put_signers(const struct hub *hub, uint64_t leaf, const struct signed_document *d, struct buf *out)
{
	const struct hub_root *root = hub_root_in_force(hub, leaf);
	enum consign_err err = CONSIGN_OK;

	if (root == NULL)
		root = hub_root_at(hub, 1);
	for (size_t i = 0; root != NULL && i < root->root->admins.n; i++) {
		struct consign_key_id id;

		key_id_of(&root->root->admins.v[i]->signing_key, &id);
		for (size_t j = 0; err == CONSIGN_OK && j < d->signatures.n; j++)
			if (memcmp(d->signatures.v[j]->key_id.b, id.b, sizeof id.b) == 0)
				err = buf_printf(out, "%s%s", out->len == 0 ? "" : ",", root->root->admins.v[i]->name);
	}
	return err;
}

static const struct admin *
find_admin(const struct root *root, const char *name)
{
	for (size_t i = 0; i < root->admins.n; i++)
		if (strcmp(root->admins.v[i]->name, name) == 0)
			return root->admins.v[i];
	return NULL;
}

static bool
keys_equal(const struct consign_public_key *a, const struct consign_public_key *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static enum consign_err
put_admins(const struct root *was, const struct root *is, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < is->admins.n; i++) {
		const struct admin *a = is->admins.v[i], *before = find_admin(was, a->name);

		if (before == NULL)
			err = buf_printf(out, ", with administrator %s", a->name);
		else if (!keys_equal(&before->signing_key, &a->signing_key) || !keys_equal(&before->transport_key, &a->transport_key))
			err = buf_printf(out, ", administrator %s has other keys", a->name);
	}
	for (size_t i = 0; err == CONSIGN_OK && i < was->admins.n; i++)
		if (find_admin(is, was->admins.v[i]->name) == NULL)
			err = buf_printf(out, ", without administrator %s", was->admins.v[i]->name);
	return err;
}

static enum consign_err
put_version(const struct document_ref *was, const struct document_ref *is, const char *word, struct buf *out)
{
	if (is == NULL || (was != NULL && was->version == is->version))
		return CONSIGN_OK;
	return buf_printf(out, ", %s %llu → %llu", word, was != NULL ? (unsigned long long)was->version : 0ull, (unsigned long long)is->version);
}

static bool
have_same_freshness(const struct root *a, const struct root *b)
{
	return a->freshness_keys.n == b->freshness_keys.n
	    && (a->freshness_keys.n == 0 || memcmp(a->freshness_keys.v, b->freshness_keys.v, a->freshness_keys.n * sizeof *a->freshness_keys.v) == 0);
}

static const char *
freshness_word(const struct hub *hub, const struct root *root)
{
	const char *by = root->freshness_keys.n == 0 ? NULL : freshness_org(hub, &root->freshness_keys.v[0]);

	return root->freshness_keys.n == 0 ? "nobody" : by != NULL ? by : "an unknown key";
}

static enum consign_err
put_root_changes(const struct hub *hub, const struct root *was, const struct root *is, struct buf *out)
{
	enum consign_err err = put_version(was->directory, is->directory, "directory", out);

	if (err == CONSIGN_OK)
		err = put_version(was->policy, is->policy, "policy", out);
	if (err == CONSIGN_OK && was->threshold != is->threshold)
		err = buf_printf(out, ", threshold %u → %u", was->threshold, is->threshold);
	if (err == CONSIGN_OK)
		err = put_admins(was, is, out);
	if (err == CONSIGN_OK && !have_same_freshness(was, is))
		err = buf_printf(out, ", freshness by %s → %s", freshness_word(hub, was), freshness_word(hub, is));
	if (err == CONSIGN_OK && strcmp(was->broker->endpoint, is->broker->endpoint) != 0)
		err = buf_printf(out, ", endpoint %s → %s", was->broker->endpoint, is->broker->endpoint);
	if (err == CONSIGN_OK && !keys_equal(&was->broker->transport_key, &is->broker->transport_key))
		err = buf_printf(out, ", another broker key");
	return err;
}

/* Compromised is said again with an earlier leaf: then only that has changed. */
static enum consign_err
put_status_change(const struct member *was, const struct member *is, struct buf *out)
{
	unsigned long long since = (unsigned long long)is->compromised_since;

	if (was->status == is->status)
		return buf_printf(out, ", %s %s since leaf %llu → %llu", is->org.s, member_status_text(is->status), (unsigned long long)was->compromised_since, since);
	if (is->status == MEMBER_COMPROMISED)
		return buf_printf(out, ", %s %s → %s since leaf %llu", is->org.s, member_status_text(was->status), member_status_text(is->status), since);
	return buf_printf(out, ", %s %s → %s", is->org.s, member_status_text(was->status), member_status_text(is->status));
}

static enum consign_err
put_member_changes(const struct hub_directory *was, const struct hub_directory *is, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (size_t i = 0; err == CONSIGN_OK && i < is->n_members && out->len <= CONSIGN_TEXT_MAX_BYTES; i++) {
		const struct member *m = is->members[i], *before = hub_member(was, m->org.s);

		if (before == NULL)
			err = buf_printf(out, ", %s joins", m->org.s);
		else if (before->status != m->status || before->compromised_since != m->compromised_since)
			err = put_status_change(before, m, out);
		else if (!keys_equal(&before->identity_key, &m->identity_key))
			err = buf_printf(out, ", %s has another identity key", m->org.s);
	}
	return err;
}

struct description {
	const struct signed_document *document;
	struct consign_slice reason;
	uint64_t leaf;
	struct buf subject;
	struct buf signers;
};

static enum consign_err
look_up(const struct hub *hub, const struct event *x, struct description *d)
{
	const struct hub_root *root = x->document == SIGN_ROOT ? hub_root_at(hub, x->version) : NULL;
	const struct hub_directory *directory = x->document == SIGN_DIRECTORY ? hub_directory_at(hub, x->version) : NULL;
	const struct hub_policy *policy = x->document == SIGN_POLICY ? hub_policy_at(hub, x->version) : NULL;
	enum consign_err err = buf_printf(&d->subject, "%s %llu", document_word(x->document), (unsigned long long)x->version);

	if (err == CONSIGN_OK && root != NULL) {
		const struct hub_root *before = x->version > 1 ? hub_root_at(hub, x->version - 1) : NULL;

		d->document = root->document->document;
		d->reason = root->root->reason;
		if (before != NULL)
			err = put_root_changes(hub, before->root, root->root, &d->subject);
	} else if (err == CONSIGN_OK && directory != NULL) {
		const struct hub_directory *before = x->version > 1 ? hub_directory_at(hub, x->version - 1) : NULL;

		d->document = directory->bundle->head->document;
		d->reason = directory->head->reason;
		if (before != NULL)
			err = put_member_changes(before, directory, &d->subject);
	} else if (policy != NULL) {
		d->document = policy->bundle->head->document;
		d->reason = policy->head->reason;
	}
	return err;
}

enum consign_err
events_describe(const struct hub *hub, struct event *x, struct arena *arena)
{
	struct description d = {.leaf = x->told.place - 1};
	enum consign_err err = CONSIGN_OK;

	if (x->document == 0)
		return CONSIGN_OK;
	err = look_up(hub, x, &d);
	if (err == CONSIGN_OK && d.document != NULL)
		err = put_signers(hub, d.leaf, d.document, &d.signers);
	if (err == CONSIGN_OK)
		err = keep_text(&d.subject, arena, &x->told.subject);
	if (err == CONSIGN_OK && d.signers.len > 0)
		err = keep_text(&d.signers, arena, &x->told.org);
	if (err == CONSIGN_OK)
		x->told.detail = d.reason;
	buf_clear(&d.subject);
	buf_clear(&d.signers);
	return err;
}
