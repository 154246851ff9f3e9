/* `consign show`: one received message, for people or for programs, and what is attached to it. */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent_call.h"
#include "business.h"
#include "catalogue/render.h"
#include "core/text.h"
#include "home.h"
#include "print.h"

/* A command line for a hint: the words around an id and the name of a file. */
#define SHOW_HOW_BYTES 400u

static enum consign_err
check_id(const char *id)
{
	struct consign_message_id parsed;

	if (message_id_parse(slice_text(id), &parsed) == CONSIGN_OK)
		return CONSIGN_OK;
	return say_fail(CONSIGN_E_USAGE, "%s is no message id", id);
}

static void
print_envelope(const struct consign_message *m)
{
	char sent[PRINT_TIME_BYTES], accepted[PRINT_TIME_BYTES], received[PRINT_TIME_BYTES];

	printf("id          %s\nconsignor   %s\nconsignees ", m->id, m->consignor);
	for (size_t i = 0; i < m->n_consignees; i++)
		printf(" %s", m->consignees[i]);
	printf("\nstudy       %s\ntype        %s\nlabel       %s\nsent        %s\naccepted    %s\nreceived    %s\nposition    "
	       "%llu\n",
	    m->study, m->type, consign_label_text(m->label), time_text(m->sent_us, sent), time_text(m->accepted_us, accepted),
	    time_text(m->received_us, received), (unsigned long long)m->position);
}

static enum consign_err
print_file(const struct consign_message *m)
{
	char shown[PRINT_SHOWN_BYTES];

	printf("media type  %s\nname        %s\nsize        %llu\nacked       %s\n\n", m->media_type, text_shown(m->name, shown),
	    (unsigned long long)m->size_bytes, m->is_acked ? "yes" : "no");
	/* What is no text could do anything to a terminal. */
	if (!text_is(CHARSET_TEXT, m->content)) {
		say_note("(not text: `consign show %s --raw > FILE` writes the bytes)", m->id);
		return CONSIGN_OK;
	}
	enum consign_err err = print_bytes(m->content);

	if (err == CONSIGN_OK && m->content.len > 0 && m->content.data[m->content.len - 1] != '\n')
		err = print_bytes(slice_text("\n"));
	return err;
}

static enum consign_err
print_business(const struct consign_message *m, const struct business *b)
{
	struct buf text = {0};
	enum consign_err err = render_message(b->type, b->message, &text);

	printf("acked       %s\n\n", m->is_acked ? "yes" : "no");
	if (err == CONSIGN_OK)
		err = print_bytes(buf_slice(&text));
	buf_wipe(&text);
	return err;
}

static enum consign_err
print_for_people(const struct consign_message *m)
{
	struct business b = {0};
	enum consign_err err;

	print_envelope(m);
	/* A type of the catalogue that is not read is of a newer agent: then it is bytes, as any file. */
	if (business_of(m, &b) != CONSIGN_OK)
		return print_file(m);
	err = print_business(m, &b);
	business_clear(&b);
	return err;
}

/* ── originals ── */

/* By number from 1, or by name. */
static bool
find_original(const struct business *b, const char *which, struct business_original *ret_original)
{
	struct business_original o;
	char *end;
	unsigned long number = strtoul(which, &end, 10);

	if (*which != '\0' && *end == '\0' && number > 0 && business_original(b->type, b->message, number - 1, ret_original))
		return true;
	for (size_t i = 0; business_original(b->type, b->message, i, &o); i++)
		if (strcmp(o.name, which) == 0) {
			*ret_original = o;
			return true;
		}
	return false;
}

static enum consign_err
print_original(const struct consign_message *m, const char *which)
{
	struct business_original o;
	struct business b = {0};
	enum consign_err err;

	if (business_of(m, &b) != CONSIGN_OK)
		return say_fail(CONSIGN_E_NOT_FOUND, "%s is a file, not a message with originals: --raw writes it", m->id);
	if (!find_original(&b, which, &o)) {
		say_error("%s has no original %s", m->id, which);
		for (size_t i = 0; business_original(b.type, b.message, i, &o); i++)
			say_hint("--attachment %zu or --attachment \"%s\": %zu bytes, %s", i + 1, o.name, o.content.len, o.media_type);
		err = CONSIGN_E_NOT_FOUND;
	} else {
		char how[SHOW_HOW_BYTES];

		snprintf(how, sizeof how, "show %s --attachment \"%s\"", m->id, which);
		err = print_content(o.content, how);
	}
	business_clear(&b);
	return err;
}

/* ── the command ── */

static enum consign_err
print_message(const struct args *args, const struct consign_message *m)
{
	enum consign_err err;

	if (args_has(args, "attachment"))
		return print_original(m, args_value(args, "attachment"));
	if (args_has(args, "raw")) {
		char how[SHOW_HOW_BYTES];

		snprintf(how, sizeof how, "show %s --raw", m->id);
		return print_content(m->content, how);
	}
	if (args_has(args, "json")) {
		json_t *json = json_message_with_content(m);

		err = print_json(&json);
	} else {
		err = print_for_people(m);
	}
	if (err != CONSIGN_OK)
		(void)say_lost_output();
	return err;
}

enum consign_err
cmd_show(const struct args *args)
{
	struct consign_client *client = NULL;
	const struct consign_reply *reply;
	struct home home = {0};
	uint64_t number = 0;
	enum consign_err err = check_id(args->words[0]);

	if (err == CONSIGN_OK && args_has(args, "raw") + args_has(args, "json") + args_has(args, "attachment") > 1)
		err = say_fail(CONSIGN_E_USAGE, "--raw, --json and --attachment exclude one another");
	if (err == CONSIGN_OK)
		err = home_open(args, HOME_COMPANY, &home);
	if (err == CONSIGN_OK)
		err = home_agent(&home, &client);
	if (err == CONSIGN_OK) {
		err = consign_client_post_show(client, args->words[0], &number);
		err = agent_reply(client, err, number, CONSIGN_REPLY_SHOW, &reply);
	}
	if (err == CONSIGN_OK) {
		err = print_message(args, &reply->messages[0]);
		consign_reply_free(&reply);
	}
	consign_client_close(&client);
	home_clear(&home);
	return err;
}
