/* The last word over every change of a text: it is read again, and must be the changed tree. Styles: test_policy_edit.c. */
#include "build.h"

#include "policy/yaml_edit.h"

static const struct yaml_form form = {"test", "a", "nowhere"};

struct bench {
	struct arena *arena;
	struct yaml_edit edit;
	struct node *root;
	struct buf out;
};

static void
begin(struct bench *b, const char *text)
{
	struct policy_file_error error;

	*b = (struct bench){.arena = build_arena()};
	assert_int_equal(yaml_edit_start(&b->edit, slice_text(text), &form, b->arena, &b->root, &error), CONSIGN_OK);
}

static void
end(struct bench *b, enum consign_err err, const char *text)
{
	assert_int_equal(yaml_edit_finish(&b->edit, &b->out), err);
	assert_int_equal(b->out.len, strlen(text));
	assert_true(slice_equal(buf_slice(&b->out), slice_text(text)));
	buf_clear(&b->out);
	arena_free(&b->arena);
}

static void
test_yaml_edit_without_a_change_gives_the_text(void **state)
{
	(void)state;
	static const char text[] = "# ü\r\na: [ b , c ]   # d\r\n\r\n";
	struct bench b;

	begin(&b, text);
	end(&b, CONSIGN_OK, text);
}

static void
test_yaml_edit_refuses_a_text_that_is_not_the_changed_tree(void **state)
{
	(void)state;
	struct bench b;

	/* As if a verb had changed the tree and forgotten the text. */
	begin(&b, "a: b\n");
	yaml_find(b.root, "a")->value->text = slice_text("c");
	end(&b, CONSIGN_E_CONFLICT, "");
	/* And the text alone. */
	begin(&b, "a: b\n");
	yaml_edit_replace(&b.edit, yaml_find(b.root, "a")->value, "c");
	yaml_find(b.root, "a")->value->text = slice_text("b");
	end(&b, CONSIGN_E_CONFLICT, "");
	begin(&b, "a: b\n");
	yaml_edit_replace(&b.edit, yaml_find(b.root, "a")->value, "c");
	end(&b, CONSIGN_OK, "a: c\n");
}

static void
test_yaml_edit_refuses_changes_of_one_place(void **state)
{
	(void)state;
	struct bench b;

	begin(&b, "a: long\n");
	yaml_edit_replace(&b.edit, yaml_find(b.root, "a")->value, "c");
	yaml_edit_replace(&b.edit, yaml_find(b.root, "a")->value, "c");
	end(&b, CONSIGN_E_CONFLICT, "");
}

static void
test_yaml_edit_writes_words_so_that_they_are_read_again(void **state)
{
	(void)state;
	static const char *const words[] = {"plain", "*", "a b", " a", "a ", "", "-", "- a", "a: b", "a #b", "#a", "{a}", "[", "'", "\"", "\\", "é",
	    "a\\", "!a", "&a", "%", "@", "a,b", "? a", "|", ">", "~", "1", "null", "2026-11-30T10:00:00Z", "1:2", "1:", ":1", "a:1", "@a", "...", "---", "<<", "\t"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct bench b;

		begin(&b, "a: [x]\nb: x\nc: {d: x}\n");
		yaml_edit_append(&b.edit, b.root, yaml_find(b.root, "a"), yaml_edit_word(&b.edit, words[i]), NULL);
		yaml_edit_replace(&b.edit, yaml_find(b.root, "b")->value, words[i]);
		yaml_edit_put(&b.edit, yaml_find(b.root, "c")->value, "e", yaml_edit_word(&b.edit, words[i]));
		assert_int_equal(yaml_edit_finish(&b.edit, &b.out), CONSIGN_OK);
		buf_clear(&b.out);
		arena_free(&b.arena);
	}
}

static void
test_yaml_edit_appends_several_in_their_order(void **state)
{
	(void)state;
	static const struct {
		const char *before, *after;
	} rows[] = {
	    {"a: [x]\n", "a: [x, y, z]\n"},
	    {"a: [x,]\n", "a: [x, y, z,]\n"},
	    {"a:\n- x # 1\n", "a:\n- x # 1\n- y\n- z\n"},
	    {"a: [\n  x # 1\n  ]\n", "a: [\n  x, # 1\n  y,\n  z\n  ]\n"},
	    {"a: [\n  x, # 1\n  ]\n", "a: [\n  x, # 1\n  y,\n  z,\n  ]\n"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;

		begin(&b, rows[i].before);
		yaml_edit_append(&b.edit, b.root, yaml_find(b.root, "a"), yaml_edit_word(&b.edit, "y"), NULL);
		yaml_edit_append(&b.edit, b.root, yaml_find(b.root, "a"), yaml_edit_word(&b.edit, "z"), NULL);
		end(&b, CONSIGN_OK, rows[i].after);
	}
}

static void
test_yaml_edit_drops_any_of_a_list(void **state)
{
	(void)state;
	static const char *const before[] = {"a: [w, x, y, z]\n", "a:\n  - w\n  - x\n  - y\n  - z\n", "a: [\n  w,\n  x,\n  y,\n  z\n]\n",
	    "a: [ w, x,\n  y, z ]\n", "{a: [w, x, y, z], b: c}\n", "a: [w, x, # 1\n  y, # 2\n  z] # 3\n"};

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		for (unsigned set = 0; set < 16; set++) {
			struct bench b;
			unsigned at = 0;

			begin(&b, before[i]);
			for (struct node *e = yaml_find(b.root, "a")->value->first; e != NULL; e = e->next, at++)
				if (set >> at & 1)
					yaml_edit_drop(e);
			enum consign_err err = yaml_edit_finish(&b.edit, &b.out);
			if (err != CONSIGN_OK)
				print_error("%u of: %s", set, before[i]);
			assert_int_equal(err, CONSIGN_OK);
			for (const char *hash = before[i]; (hash = strstr(hash, "# ")) != NULL; hash++)
				if (hash[2] == '3') /* behind the list */
					assert_non_null(memmem(b.out.data, b.out.len, hash, 3));
			buf_clear(&b.out);
			arena_free(&b.arena);
		}
	}
}

static void
test_yaml_format_is_one_line(void **state)
{
	(void)state;
	struct bench b;

	begin(&b, "a:\n  - b: [c, 'd e']\n    f:\n      g: \"*\"\n");
	assert_int_equal(yaml_format(b.root, &b.out), CONSIGN_OK);
	assert_true(slice_equal(buf_slice(&b.out), slice_text("{a: [{b: [c, d e], f: {g: \"*\"}}]}")));
	buf_clear(&b.out);
	arena_free(&b.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_yaml_edit_without_a_change_gives_the_text),
	    cmocka_unit_test(test_yaml_edit_refuses_a_text_that_is_not_the_changed_tree),
	    cmocka_unit_test(test_yaml_edit_refuses_changes_of_one_place),
	    cmocka_unit_test(test_yaml_edit_writes_words_so_that_they_are_read_again),
	    cmocka_unit_test(test_yaml_edit_appends_several_in_their_order),
	    cmocka_unit_test(test_yaml_edit_drops_any_of_a_list),
	    cmocka_unit_test(test_yaml_format_is_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
