/* Tests of cli/endpoint.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "endpoint.h"

static void
test_endpoint_is_valid_when_it_is_tcp_with_host_and_port(void **state)
{
	static const struct {
		const char *text;
		bool valid, valid_to_listen;
	} rows[] = {{"tcp://127.0.0.1:7411", true, true}, {"tcp://hub.example.org:1", true, true},
	    {"tcp://[::1]:65535", true, true}, {"tcp://*:7411", false, true}, {"tcp://h:0", false, false},
	    {"tcp://h:65536", false, false}, {"tcp://h:", false, false}, {"tcp://h", false, false}, {"tcp://:7411", false, false},
	    {"ipc:///tmp/x", false, false}, {"h:7411", false, false}, {"tcp://h:7411/x", false, false},
	    {"tcp://h h:7411", false, false}, {"tcp://a:b:7411", false, false}, {"tcp://[::1:7411", false, false},
	    {"tcp://h:-1", false, false}, {"tcp://eth0;h:7411", false, false}, {"", false, false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (endpoint_is_valid(rows[i].text, false) != rows[i].valid ||
		    endpoint_is_valid(rows[i].text, true) != rows[i].valid_to_listen)
			print_message("row: %s\n", rows[i].text);
		assert_int_equal(endpoint_is_valid(rows[i].text, false), rows[i].valid);
		assert_int_equal(endpoint_is_valid(rows[i].text, true), rows[i].valid_to_listen);
	}
}

static void
test_endpoint_default_bind_is_every_address_unless_the_host_is_this_machine(void **state)
{
	static const struct {
		const char *endpoint, *bind;
	} rows[] = {{"tcp://127.0.0.1:7411", "tcp://127.0.0.1:7411"}, {"tcp://127.9.9.9:1", "tcp://127.9.9.9:1"},
	    {"tcp://[::1]:2", "tcp://[::1]:2"}, {"tcp://localhost:3", "tcp://127.0.0.1:3"},
	    {"tcp://hub.example.org:4", "tcp://*:4"}, {"tcp://192.0.2.1:5", "tcp://*:5"}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf out = {0};

		assert_int_equal(endpoint_default_bind(rows[i].endpoint, &out), CONSIGN_OK);
		assert_int_equal(buf_append_u8(&out, '\0'), CONSIGN_OK);
		assert_string_equal((const char *)out.data, rows[i].bind);
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_endpoint_is_valid_when_it_is_tcp_with_host_and_port),
	    cmocka_unit_test(test_endpoint_default_bind_is_every_address_unless_the_host_is_this_machine),
	};

	return cmocka_run_group_tests_name("cli/endpoint", tests, NULL, NULL);
}
