/* consign(1) from the table. The committed copy is docs/man/consign.1; tests/unit/cli/test_help.c compares. */
#include "help.h"

#include <string.h>

/* Text as roff takes it: hyphens that are minus signs, no line that begins with a control character. */
static enum consign_err
put_roff(const char *text, struct buf *out)
{
	enum consign_err err = CONSIGN_OK;

	for (const char *p = text; err == CONSIGN_OK && *p != '\0'; p++) {
		if (*p == '-')
			err = buf_append(out, slice_text("\\-"));
		else if (*p == '\\')
			err = buf_append(out, slice_text("\\e"));
		else if (strncmp(p, "…", 3) == 0) {
			err = buf_append(out, slice_text("..."));
			p += 2;
		} else {
			err = buf_append_u8(out, (uint8_t)*p);
		}
	}
	return err;
}

static enum consign_err
put_option(const struct option *o, struct buf *out)
{
	enum consign_err err = buf_printf(out, ".TP\n\\fB\\-\\-");

	if (err == CONSIGN_OK)
		err = put_roff(o->name, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, "\\fR%s", o->value != NULL ? " \\fI" : "");
	if (err == CONSIGN_OK && o->value != NULL)
		err = put_roff(o->value, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, "%s\n", o->value != NULL ? "\\fR" : "");
	if (err == CONSIGN_OK)
		err = put_roff(o->summary, out);
	return err == CONSIGN_OK ? buf_printf(out, "%s.\n", o->is_required ? " (needed)" : "") : err;
}

static enum consign_err
put_command(const struct command *c, struct buf *out)
{
	enum consign_err err =
	    buf_printf(out, ".SS consign %s%s%s ", c->noun, c->verb != NULL ? " " : "", c->verb != NULL ? c->verb : "");

	if (err == CONSIGN_OK)
		err = put_roff(c->words, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, "\n%c", c->summary[0] - 'a' + 'A');
	if (err == CONSIGN_OK)
		err = put_roff(c->summary + 1, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, ".\n");
	if (err == CONSIGN_OK && c->text != NULL)
		err = put_roff(c->text, out);
	if (err == CONSIGN_OK && c->text != NULL)
		err = buf_printf(out, "\n");
	for (const struct option *o = c->options; err == CONSIGN_OK && o != NULL && o->name != NULL; o++)
		err = put_option(o, out);
	if (err == CONSIGN_OK && c->has_json)
		err = put_option(&json_option, out);
	return err;
}

static const char head[] =
    ".SH NAME\n"
    "consign \\- the command of a Consign hub\n"
    ".SH SYNOPSIS\n"
    ".B consign\n"
    ".I NOUN\n"
    "[\\fIVERB\\fR] [\\fIWORDS\\fR] [\\fIOPTIONS\\fR]\n"
    ".SH DESCRIPTION\n"
    "One command for administrators of a hub and for users at a company. An administrator's commands sign trust\n"
    "documents and hand them to the broker; a company's commands speak to its agent over the socket in its home.\n"
    "Options may stand before or after the noun. Results go to standard output, words to standard error.\n"
    ".SH COMMANDS\n";

static const char tail[] =
    ".SH OUTPUT\n"
    "On a terminal, lists are tables with headings; otherwise they are plain lines with one tab between columns.\n"
    "Times are RFC 3339, UTC.\n"
    ".TP\n"
    "\\fBsend \\-\\-json\\fR\n"
    "\\fIid\\fR, \\fIstate\\fR, and of a refused message \\fIrefusal\\fR with \\fIcode\\fR, \\fIrule\\fR, \\fIdetail\\fR.\n"
    ".TP\n"
    "\\fBtrack \\-\\-json\\fR\n"
    "\\fIid\\fR, \\fIstate\\fR, \\fIconsignees\\fR (each \\fIorg\\fR, \\fIstate\\fR, \\fIposition\\fR, \\fIat\\fR), "
    "\\fIrefusal\\fR or null.\n"
    "States: queued, accepted, delivered, rejected, refused, expired.\n"
    ".TP\n"
    "\\fBinbox \\-\\-json\\fR, \\fBwatch\\fR\n"
    "One object a line: \\fIid\\fR, \\fIconsignor\\fR, \\fIstudy\\fR, \\fItype\\fR, \\fIlabel\\fR, \\fIsent_at\\fR, "
    "\\fIreceived_at\\fR, "
    "\\fIsize\\fR, \\fIacked\\fR, \\fIconsignees\\fR, \\fIposition\\fR, \\fIaccepted_at\\fR.\n"
    ".TP\n"
    "\\fBshow \\-\\-json\\fR, \\fBwatch \\-\\-content\\fR\n"
    "The same and, of a message of the catalogue, \\fImessage\\fR: its JSON form; of a file \\fIpayload\\fR: \\fImedia_type\\fR, \\fIname\\fR, \\fIencoding\\fR (base64), \\fIcontent\\fR.\n"
    ".SH EXIT STATUS\n"
    "0 done; 1 refused or failed; 2 wrong usage.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n"
    "\\fBCONSIGN_HOME\\fR\n"
    "The home, when \\fB\\-\\-home\\fR is not given.\n"
    ".TP\n"
    "\\fBCREDENTIALS_DIRECTORY\\fR\n"
    "Set by systemd; a file \\fIconsign\\-passphrase\\fR in it is the passphrase, when \\fB\\-\\-passphrase\\-file\\fR is not "
    "given.\n"
    "Without either a terminal is asked.\n"
    ".SH FILES\n"
    ".TP\n"
    "\\fIDIR\\fR/config.yaml\n"
    "Whose home it is and which hub it belongs to.\n"
    ".TP\n"
    "\\fIDIR\\fR/keys/admin.key, \\fIDIR\\fR/keys/agent.key\n"
    "Secret keys, mode 0600, locked under the passphrase unless made with \\fB\\-\\-no\\-passphrase\\fR.\n"
    ".TP\n"
    "\\fIDIR\\fR/root.seen\n"
    "At an administrator: the newest root verified; an older one is refused.\n"
    ".TP\n"
    "\\fIDIR\\fR/agent.sock\n"
    "At a company: where its agent answers.\n"
    ".SH EXAMPLES\n"
    ".nf\n"
    "consign hub init \\-\\-name Pilot \\-\\-home hub\n"
    "consign org invite globalcro \\-\\-home hub > globalcro.invite\n"
    "consign join globalcro.invite \\-\\-home globalcro\n"
    "consign org approve globalcro \\-\\-home hub\n"
    "consign policy apply policy.yaml \\-\\-reason \"first study\" \\-\\-home hub\n"
    "consign send \\-\\-to acme \\-\\-study ACME\\-301 \\-\\-type x.report \\-\\-file report.pdf \\-\\-wait delivered \\-\\-home "
    "globalcro\n"
    "consign watch \\-\\-as archive \\-\\-type 'x.*' \\-\\-home acme\n"
    ".fi\n"
    ".SH SEE ALSO\n"
    ".BR consign\\-broker (8),\n"
    ".BR consign\\-agent (8)\n";

enum consign_err
help_manual(const char *version, struct buf *out)
{
	enum consign_err err =
	    buf_printf(out, ".\\\" Made by `consign manual`.\n.TH CONSIGN 1 \"\" \"consign %s\" \"Consign\"\n", version);

	if (err == CONSIGN_OK)
		err = buf_append(out, slice_text(head));
	for (const struct command *c = command_table; err == CONSIGN_OK && c->noun != NULL; c++)
		err = put_command(c, out);
	if (err == CONSIGN_OK)
		err = buf_printf(out, ".SH OPTIONS OF EVERY COMMAND\n");
	for (const struct option *o = common_options; err == CONSIGN_OK && o->name != NULL; o++)
		err = put_option(o, out);
	return err == CONSIGN_OK ? buf_append(out, slice_text(tail)) : err;
}
