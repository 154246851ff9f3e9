/*
 * Units of UCUM, case-sensitive: whether a text is one, not what it is worth.
 *
 *     unit       [/] term { (.|/) term }
 *     term       (simple | factor | "(" unit without the first / ")") [annotation] | annotation
 *     simple     [prefix] atom [exponent]       a prefix only before a metric atom
 *     factor     a whole number from 1: 10.L, /(8.h)
 *     exponent   [+-] a whole number from 1
 *     annotation { printable ASCII without blanks and braces }
 *
 * An annotation behind a factor or a parenthesis is not in the grammar of the standard, but in the table of common units that its
 * editors publish (/100{cells}, U/(10.g){feces}), and in use.
 *
 * Invariants: one pass, no recursion: cost grows with the length, whatever is nested.
 * Source: The Unified Code for Units of Measure 2.1, 5 to 12 and tables 1 to 23. The atoms are those in use in clinics,
 * laboratories, manufacture and logistics; not here are the units of typesetters, surveyors, homeopaths, of electricity in cgs,
 * and of British history.
 */
#include "catalogue/formats.h"

#include <string.h>

#define FACTOR_MAX_DIGITS 9u
#define EXPONENT_MAX_DIGITS 3u

struct atom {
	const char *code;
	uint8_t len;
	bool is_metric;
};

#define METRIC(code)                                                                                                             \
	{                                                                                                                        \
		(code), sizeof(code) - 1, true                                                                                   \
	}
#define PLAIN(code)                                                                                                              \
	{                                                                                                                        \
		(code), sizeof(code) - 1, false                                                                                  \
	}
#define ATOMS(...)                                                                                                               \
	(const struct atom[])                                                                                                    \
	{                                                                                                                        \
		__VA_ARGS__,                                                                                                     \
		{                                                                                                                \
			NULL, 0, false                                                                                           \
		}                                                                                                                \
	}

/* By the first letter; those in brackets by the letter behind the bracket. */
static const struct atom *const atoms_by_letter[128] = {
    ['%'] = ATOMS(PLAIN("%"), PLAIN("%[slope]")),
    ['\''] = ATOMS(PLAIN("'"), PLAIN("''")),
    ['A'] = ATOMS(METRIC("A"), PLAIN("Ao")),
    ['B'] = ATOMS(METRIC("B"), METRIC("Bd"), METRIC("Bq"), METRIC("By"), METRIC("B[V]"), METRIC("B[W]"), METRIC("B[kW]"),
	METRIC("B[mV]"), METRIC("B[uV]"), METRIC("B[SPL]"), METRIC("B[10.nV]")),
    ['C'] = ATOMS(METRIC("C"), METRIC("Ci"), METRIC("Cel")),
    ['F'] = ATOMS(METRIC("F")),
    ['G'] = ATOMS(METRIC("Gy")),
    ['H'] = ATOMS(METRIC("H"), METRIC("Hz")),
    ['J'] = ATOMS(METRIC("J")),
    ['K'] = ATOMS(METRIC("K")),
    ['L'] = ATOMS(METRIC("L")),
    ['N'] = ATOMS(METRIC("N"), METRIC("Np")),
    ['O'] = ATOMS(METRIC("Ohm")),
    ['P'] = ATOMS(METRIC("P"), METRIC("Pa")),
    ['R'] = ATOMS(METRIC("R"), METRIC("RAD"), METRIC("REM")),
    ['S'] = ATOMS(METRIC("S"), METRIC("St"), METRIC("Sv")),
    ['T'] = ATOMS(METRIC("T")),
    ['U'] = ATOMS(METRIC("U")),
    ['V'] = ATOMS(METRIC("V")),
    ['W'] = ATOMS(METRIC("W"), METRIC("Wb")),
    ['a'] = ATOMS(PLAIN("a"), METRIC("ar"), PLAIN("atm")),
    ['b'] = ATOMS(PLAIN("b"), METRIC("bar"), METRIC("bit")),
    ['c'] = ATOMS(METRIC("cd"), METRIC("cal"), METRIC("cal_IT"), METRIC("cal_th")),
    ['d'] = ATOMS(PLAIN("d"), PLAIN("deg"), METRIC("dyn")),
    ['e'] = ATOMS(METRIC("eV"), METRIC("eq"), METRIC("erg")),
    ['g'] = ATOMS(METRIC("g"), METRIC("g%"), METRIC("gf"), PLAIN("gon")),
    ['h'] = ATOMS(PLAIN("h")),
    ['k'] = ATOMS(METRIC("kat")),
    ['l'] = ATOMS(METRIC("l"), METRIC("lm"), METRIC("lx")),
    ['m'] = ATOMS(METRIC("m"), PLAIN("mo"), METRIC("mho"), PLAIN("min"), METRIC("mol"), PLAIN("mo_g"), PLAIN("mo_j"),
	METRIC("m[Hg]"), METRIC("m[H2O]")),
    ['o'] = ATOMS(METRIC("osm")),
    ['r'] = ATOMS(METRIC("rad")),
    ['s'] = ATOMS(METRIC("s"), METRIC("sr"), METRIC("st"), PLAIN("sph")),
    ['t'] = ATOMS(METRIC("t"), METRIC("tex")),
    ['u'] = ATOMS(METRIC("u")),
    ['w'] = ATOMS(PLAIN("wk")),
};
static const struct atom *const atoms_by_bracket[128] = {
    ['A'] = ATOMS(PLAIN("[AU]"), PLAIN("[APL'U]"), PLAIN("[Amb'a'1'U]")),
    ['B'] = ATOMS(PLAIN("[BAU]"), PLAIN("[Btu]"), PLAIN("[Btu_IT]"), PLAIN("[Btu_th]")),
    ['C'] = ATOMS(PLAIN("[Ch]"), PLAIN("[CFU]"), PLAIN("[Cal]"), PLAIN("[CCID_50]")),
    ['D'] = ATOMS(PLAIN("[D'ag'U]")),
    ['E'] = ATOMS(PLAIN("[EU]"), PLAIN("[ELU]"), PLAIN("[EID_50]")),
    ['F'] = ATOMS(PLAIN("[FEU]"), PLAIN("[FFU]"), PLAIN("[FNU]")),
    ['G'] = ATOMS(PLAIN("[GPL'U]")),
    ['H'] = ATOMS(PLAIN("[HP]"), PLAIN("[HPF]")),
    ['I'] = ATOMS(PLAIN("[IR]"), METRIC("[IU]")),
    ['L'] = ATOMS(PLAIN("[Lf]"), PLAIN("[LPF]")),
    ['M'] = ATOMS(PLAIN("[MET]"), PLAIN("[MPL'U]")),
    ['N'] = ATOMS(PLAIN("[NTU]")),
    ['P'] = ATOMS(PLAIN("[PFU]"), PLAIN("[PNU]"), PLAIN("[PRU]")),
    ['S'] = ATOMS(PLAIN("[S]")),
    ['T'] = ATOMS(PLAIN("[TCID_50]")),
    ['U'] = ATOMS(PLAIN("[USP'U]")),
    ['a'] = ATOMS(PLAIN("[arb'U]"), PLAIN("[acr_us]"), PLAIN("[anti'Xa'U]")),
    ['b'] = ATOMS(PLAIN("[bbl_us]"), PLAIN("[bdsk'U]"), PLAIN("[beth'U]")),
    ['c'] = ATOMS(PLAIN("[car_m]"), PLAIN("[cft_i]"), PLAIN("[cin_i]"), PLAIN("[cup_m]"), PLAIN("[cyd_i]"), PLAIN("[cup_us]")),
    ['d'] = ATOMS(PLAIN("[den]"), PLAIN("[drp]"), PLAIN("[degF]"), PLAIN("[degR]"), PLAIN("[diop]"), PLAIN("[dr_ap]"),
	PLAIN("[dr_av]"), PLAIN("[dye'U]")),
    ['f'] = ATOMS(PLAIN("[ft_i]"), PLAIN("[foz_m]"), PLAIN("[ft_us]"), PLAIN("[fdr_us]"), PLAIN("[foz_br]"), PLAIN("[foz_us]")),
    ['g'] = ATOMS(METRIC("[g]"), PLAIN("[gr]"), PLAIN("[gal_br]"), PLAIN("[gal_us]")),
    ['h'] = ATOMS(PLAIN("[hnsf'U]")),
    ['i'] = ATOMS(METRIC("[iU]"), PLAIN("[in_i]"), PLAIN("[in_us]"), PLAIN("[in_i'Hg]"), PLAIN("[in_i'H2O]")),
    ['k'] = ATOMS(PLAIN("[ka'U]"), PLAIN("[kn_i]"), PLAIN("[knk'U]")),
    ['l'] = ATOMS(PLAIN("[lb_ap]"), PLAIN("[lb_av]"), PLAIN("[lb_tr]"), PLAIN("[lbf_av]"), PLAIN("[lton_av]")),
    ['m'] = ATOMS(PLAIN("[mi_i]"), PLAIN("[mi_us]"), PLAIN("[mil_i]"), PLAIN("[mclg'U]"), PLAIN("[mesh_i]"), PLAIN("[min_us]")),
    ['n'] = ATOMS(PLAIN("[nmi_i]")),
    ['o'] = ATOMS(PLAIN("[oz_m]"), PLAIN("[oz_ap]"), PLAIN("[oz_av]"), PLAIN("[oz_tr]")),
    ['p'] = ATOMS(PLAIN("[pH]"), PLAIN("[pi]"), PLAIN("[ppb]"), PLAIN("[ppm]"), PLAIN("[psi]"), PLAIN("[ppth]"), PLAIN("[pptr]"),
	PLAIN("[pt_br]"), PLAIN("[pt_us]"), PLAIN("[p'diop]")),
    ['q'] = ATOMS(PLAIN("[qt_br]"), PLAIN("[qt_us]")),
    ['s'] = ATOMS(PLAIN("[sc_ap]"), PLAIN("[sft_i]"), PLAIN("[sin_i]"), PLAIN("[syd_i]"), PLAIN("[smgy'U]"), PLAIN("[ston_av]"),
	PLAIN("[stone_av]")),
    ['t'] = ATOMS(PLAIN("[tb'U]"), PLAIN("[tbs_m]"), PLAIN("[tsp_m]"), PLAIN("[tbs_us]"), PLAIN("[todd'U]"), PLAIN("[tsp_us]")),
    ['w'] = ATOMS(PLAIN("[wood'U]")),
    ['y'] = ATOMS(PLAIN("[yd_i]"), PLAIN("[yd_us]")),
};

/* Prefixes of one letter, of SI; and those of two. */
static const char short_prefixes[] = "mkudcnpMfGhazyTPEZY";
static const char long_prefixes[][3] = {"da", "Ki", "Mi", "Gi", "Ti"};

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static const struct atom *
find_atom(const uint8_t *code, size_t len)
{
	bool is_bracket = len > 1 && code[0] == '[';
	uint8_t letter = len > 0 ? code[is_bracket ? 1 : 0] : 0;
	const struct atom *atom = letter < 128 ? (is_bracket ? atoms_by_bracket : atoms_by_letter)[letter] : NULL;

	while (atom != NULL && atom->code != NULL) {
		if (atom->len == len && memcmp(atom->code, code, len) == 0)
			return atom;
		atom++;
	}
	return NULL;
}

static bool
is_metric_atom(const uint8_t *code, size_t len)
{
	const struct atom *atom = find_atom(code, len);

	return atom != NULL && atom->is_metric;
}

/* An atom, or a metric one behind a prefix. Some can be read both ways; what they are worth is not asked here. */
static bool
is_symbol(const uint8_t *code, size_t len)
{
	if (find_atom(code, len) != NULL)
		return true;
	if (len > 1 && memchr(short_prefixes, *code, sizeof(short_prefixes) - 1) != NULL && is_metric_atom(code + 1, len - 1))
		return true;
	for (size_t i = 0; i < sizeof(long_prefixes) / sizeof(long_prefixes[0]); i++) {
		if (len > 2 && memcmp(code, long_prefixes[i], 2) == 0 && is_metric_atom(code + 2, len - 2))
			return true;
	}
	return false;
}

/* Digits of a whole number from 1; their count, 0 when it is none. */
static size_t
whole_number(const uint8_t *pos, const uint8_t *end, size_t max_digits)
{
	size_t len = 0;

	while (pos + len < end && is_digit(pos[len]) && len <= max_digits)
		len++;
	return len > max_digits || (len > 0 && *pos == '0') ? 0 : len;
}

static bool
skip_annotation(const uint8_t **pos, const uint8_t *end)
{
	const uint8_t *p = *pos + 1;

	while (p<end && * p> 0x20 && *p < 0x7f && *p != '{' && *p != '}')
		p++;
	if (p == end || *p != '}' || p == *pos + 1)
		return false;
	*pos = p + 1;
	return true;
}

/* What ends a symbol outside brackets. */
static bool
is_mark(uint8_t c)
{
	return is_digit(c) || c == '.' || c == '/' || c == '+' || c == '-' || c == '(' || c == ')' || c == '{' || c == '}';
}

/* Where the symbol that begins at pos ends. In brackets anything goes: B[10.nV]. */
static const uint8_t *
symbol_end(const uint8_t *pos, const uint8_t *end)
{
	bool is_in_brackets = false;

	for (; pos < end && (is_in_brackets || !is_mark(*pos)); pos++) {
		if (*pos == '[')
			is_in_brackets = true;
		else if (*pos == ']')
			is_in_brackets = false;
	}
	return pos;
}

static bool
skip_exponent(const uint8_t **pos, const uint8_t *end)
{
	const uint8_t *p = *pos;
	size_t len;

	if (p == end || !(is_digit(*p) || *p == '+' || *p == '-'))
		return true;
	if (!is_digit(*p))
		p++;
	len = whole_number(p, end, EXPONENT_MAX_DIGITS);
	*pos = p + len;
	return len > 0;
}

static bool
skip_simple(const uint8_t **pos, const uint8_t *end)
{
	const uint8_t *p = *pos;
	size_t digits;

	if (is_digit(*p)) {
		digits = whole_number(p, end, FACTOR_MAX_DIGITS);
		*pos = p + digits;
		/* 10* and 10^ are atoms: the number ten with an exponent. */
		if (digits != 2 || end - p < 3 || p[1] != '0' || (p[2] != '*' && p[2] != '^'))
			return digits > 0;
		*pos = p + 3;
		return p[0] == '1' && skip_exponent(pos, end);
	}
	*pos = symbol_end(p, end);
	return is_symbol(p, (size_t)(*pos - p)) && skip_exponent(pos, end);
}

bool
unit_is(struct consign_slice text)
{
	const uint8_t *pos = text.data;
	const uint8_t *end;
	size_t depth = 0;

	if (text.len == 0)
		return false;
	end = pos + text.len;
	if (*pos == '/')
		pos++;
	for (;;) {
		for (; pos < end && *pos == '('; pos++)
			depth++;
		if (pos == end)
			return false;
		if (*pos == '{') {
			if (!skip_annotation(&pos, end))
				return false;
		} else if (!skip_simple(&pos, end) || (pos < end && *pos == '{' && !skip_annotation(&pos, end))) {
			return false;
		}
		for (; pos < end && *pos == ')'; depth--) {
			pos++;
			if (depth == 0 || (pos < end && *pos == '{' && !skip_annotation(&pos, end)))
				return false;
		}
		if (pos == end)
			return depth == 0;
		if (*pos != '.' && *pos != '/')
			return false;
		pos++;
	}
}
