/*
 * The command's one table: noun, verb, function, words, options, summary. Dispatch, help, completion and the man page
 * come from it, so a command exists once. A new command also needs: its row in commands.c, its function in
 * cmd_<noun>.c, docs/man/consign.1 (made by `consign manual`; a test compares).
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "args.h"

/* The functions of the table. What went wrong was already said on stderr when one returns. */
enum consign_err cmd_hub_init(const struct args *args);
enum consign_err cmd_hub_export(const struct args *args);
enum consign_err cmd_admin_list(const struct args *args);
enum consign_err cmd_admin_request(const struct args *args);
enum consign_err cmd_admin_add(const struct args *args);
enum consign_err cmd_admin_replace(const struct args *args);
enum consign_err cmd_admin_remove(const struct args *args);
enum consign_err cmd_admin_threshold(const struct args *args);
enum consign_err cmd_proposal_list(const struct args *args);
enum consign_err cmd_proposal_show(const struct args *args);
enum consign_err cmd_proposal_approve(const struct args *args);
enum consign_err cmd_proposal_reject(const struct args *args);
enum consign_err cmd_proposal_withdraw(const struct args *args);
enum consign_err cmd_proposal_export(const struct args *args);
enum consign_err cmd_proposal_sign(const struct args *args);
enum consign_err cmd_proposal_import(const struct args *args);
enum consign_err cmd_hub_move(const struct args *args);
enum consign_err cmd_org_invite(const struct args *args);
enum consign_err cmd_org_approve(const struct args *args);
enum consign_err cmd_org_list(const struct args *args);
enum consign_err cmd_org_show(const struct args *args);
enum consign_err cmd_org_suspend(const struct args *args);
enum consign_err cmd_org_resume(const struct args *args);
enum consign_err cmd_org_end(const struct args *args);
enum consign_err cmd_org_compromised(const struct args *args);
enum consign_err cmd_join(const struct args *args);
enum consign_err cmd_fingerprint(const struct args *args);
enum consign_err cmd_key_list(const struct args *args);
enum consign_err cmd_key_rotate(const struct args *args);
enum consign_err cmd_policy_apply(const struct args *args);
enum consign_err cmd_policy_check(const struct args *args);
enum consign_err cmd_policy_show(const struct args *args);
enum consign_err cmd_policy_explain(const struct args *args);
enum consign_err cmd_policy_allow(const struct args *args);
enum consign_err cmd_policy_forbid(const struct args *args);
enum consign_err cmd_policy_revoke(const struct args *args);
enum consign_err cmd_policy_edit(const struct args *args);
enum consign_err cmd_policy_rollback(const struct args *args);
enum consign_err cmd_study_add(const struct args *args);
enum consign_err cmd_study_close(const struct args *args);
enum consign_err cmd_study_list(const struct args *args);
enum consign_err cmd_party_add(const struct args *args);
enum consign_err cmd_party_remove(const struct args *args);
enum consign_err cmd_party_clear(const struct args *args);
enum consign_err cmd_quota_list(const struct args *args);
enum consign_err cmd_quota_set(const struct args *args);
enum consign_err cmd_quota_clear(const struct args *args);
enum consign_err cmd_freshness_delegate(const struct args *args);
enum consign_err cmd_freshness_status(const struct args *args);
enum consign_err cmd_policy_test(const struct args *args);
enum consign_err cmd_policy_diff(const struct args *args);
enum consign_err cmd_policy_matrix(const struct args *args);
enum consign_err cmd_policy_simulate(const struct args *args);
enum consign_err cmd_policy_history(const struct args *args);
enum consign_err cmd_send(const struct args *args);
enum consign_err cmd_catalogue_list(const struct args *args);
enum consign_err cmd_catalogue_show(const struct args *args);
enum consign_err cmd_catalogue_example(const struct args *args);
enum consign_err cmd_catalogue_validate(const struct args *args);
enum consign_err cmd_inbox(const struct args *args);
enum consign_err cmd_show(const struct args *args);
enum consign_err cmd_ack(const struct args *args);
enum consign_err cmd_watch(const struct args *args);
enum consign_err watch_admin(const struct args *args); /* with --admin */
enum consign_err cmd_track(const struct args *args);
enum consign_err cmd_status(const struct args *args);
enum consign_err cmd_doctor(const struct args *args);
enum consign_err cmd_help(const struct args *args);
enum consign_err cmd_completion(const struct args *args);
enum consign_err cmd_manual(const struct args *args);

/* The exit status of the program: 0 done, 1 refused or failed, 2 wrong usage. */
int cmd_exit(enum consign_err err);

#endif
