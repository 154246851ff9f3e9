/*
 * Tests of lib/catalogue/format_unit.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "format_texts.h"

static void
test_unit_is_an_atom_with_a_prefix_only_when_metric(void **state)
{
	static const struct text accepted[] = {T("mg"), T("ug"), T("kg"), T("mL"), T("dL"), T("uL"), T("fL"), T("pg"), T("mmol"),
	    T("umol"), T("nmol"), T("pmol"), T("fmol"), T("mU"), T("k[iU]"), T("m[IU]"), T("mm[Hg]"), T("cm[H2O]"), T("kPa"),
	    T("mbar"), T("kcal"), T("meq"), T("mosm"), T("ukat"), T("pkat"), T("nkat"), T("Mg"), T("dag"), T("dam"), T("hPa"),
	    T("KiBy"), T("MiBy"), T("Gibit"), T("TiBy"), T("YL"), T("zL"), T("dB[10.nV]"), T("B[SPL]"), T("dB"), T("mCel"),
	    T("eV"), T("%"), T("[degF]"), T("min"), T("h"), T("d"), T("wk"), T("mo"), T("a"), T("[pH]"), T("[ppm]"), T("[lb_av]"),
	    T("[oz_av]"), T("[in_i]"), T("[psi]"), T("[CFU]"), T("[PFU]"), T("[drp]"), T("[HPF]"), T("[NTU]"), T("deg"), T("'"),
	    T("''"), T("cd"), T("Pa"), T("1"), T("10"), T("100"), T("[anti'Xa'U]"), T("[arb'U]"), T("[in_i'Hg]"), T("%[slope]"),
	    T("g%"), T("mg%")};
	static const struct text refused[] = {T(""), T("mcg"), T("ML "), T("MG"), T("G"), T("KG"), T("mm_Hg"), T("mmHg"), T("IU"),
	    T("iU"), T("[iu]"), T("mIU"), T("Co"), T("degC"), T("degF"), T("[degC]"), T("k[degF]"), T("m[lb_av]"), T("kmin"),
	    T("md"), T("m%"), T("cc"), T("gm"), T("gms"), T("ml/"), T("hr"), T("sec"), T("mEq"), T("mEq/L"), T("TABLET"),
	    T("kkg"), T("mmm"), T("uuu"), T("mmmol"), T("dad"), T("Kimin"), T("["), T("[]"), T("]"), T("[lb_av"), T("lb_av]"),
	    T("Ki"), T("da"), T("k"), T("\xc2\xb5g"), T("\xce\xbcg"), T("m\xc2\xb2"),
	    T("\xc2\xb0"
	      "C"),
	    T("mg\0"), T("\0"), T("m\0g"), T("mg\n"), T("\xff"), T("\xe3\x8e\x8e")};

	(void)state;
	ACCEPT(unit_is, accepted);
	REFUSE(unit_is, refused);
}

static void
test_unit_is_a_term_of_units(void **state)
{
	static const struct text accepted[] = {T("mg/dL"), T("mmol/L"), T("[iU]/mL"), T("10*9/L"), T("10^9/L"), T("10*-3"),
	    T("10*+3"), T("10*"), T("10*12/L"), T("m2"), T("m-1"), T("m+2"), T("kg.m2"), T("kg.m/s2"), T("kg/m2"), T("/min"),
	    T("/[HPF]"), T("/L"), T("/m3"), T("mL/min/1"), T("mL/min/{1.73_m2}"), T("mL/(min.m2)"), T("g/(8.h)"), T("g/(kg.h)"),
	    T("10.L/min"), T("(m)"), T("((m))"), T("((m/s)/kg)"), T("(kg.m)/(s.(m2))"), T("m3.kg-1.s-2"), T("4.[pi].10*-7.N/A2"),
	    T("umol/(2.h)"), T("1/d"), T("dyn.s/cm5"), T("{kit}"), T("{copies}/mL"), T("/{tot}"), T("g{creat}"), T("10*3{rbc}"),
	    T("m2{a}"), T("1{c}"), T("/100{cells}"), T("U/(10.g){feces}"), T("ng/mL{FEU}"), T("{a}.rad2{b}"), T("mg/d/{1.73_m2}"),
	    T("{Ehrlich'U}"), T("{#}/[HPF]"), T("999999999")};
	static const struct text refused[] = {T("/"), T("//"), T("//m"), T("m/"), T("m."), T(".m"), T("m//s"), T("m..s"),
	    T("m/.s"), T("mg dL"), T("mg /dL"), T(" mg"), T("mg "), T("("), T(")"), T("()"), T("(m"), T("m)"), T("((m)"),
	    T("(m))"), T("(/m)"), T("(m)2"), T("m(s)"), T("ug(8.h)"), T("(m)s"), T("m2s"), T("2m"), T("12h"), T("g/12h"), T("0"),
	    T("0.m"), T("01"), T("10+3/ul"), T("m0"), T("m01"), T("m-0"), T("m-"), T("m+"), T("m--1"), T("m1000"),
	    T("1000000000"), T("10*0"), T("20*3"), T("100*3"), T("10*9*"), T("*"), T("^"), T("{"), T("}"), T("{}"), T("{a"),
	    T("a}"), T("{a}{b}"), T("m{a}{b}"), T("{a}m"), T("m{a b}"), T("m{a{b}}"), T("{a}2"), T("m{}"), T("m,s"), T("m*s"),
	    T("m^2"), T("m**2"), T("kgx m"), T("{\xe9\x8c\xa0}"), T("{a\0}"), T("{a\tb}"), T("{\x7f}")};

	(void)state;
	ACCEPT(unit_is, accepted);
	REFUSE(unit_is, refused);
}

/* Every atom of the table, which is found by its first letter: one in the wrong row would not be. */
static const char *const metric[] = {
	"A", "B", "B[10.nV]", "B[SPL]", "B[V]", "B[W]", "B[kW]", "B[mV]", "B[uV]", "Bd", "Bq", "By", "C", "Cel", "Ci", "F", "Gy", "H",
	"Hz", "J", "K", "L", "N", "Np", "Ohm", "P", "Pa", "R", "RAD", "REM", "S", "St", "Sv", "T", "U", "V", "W", "Wb", "[IU]", "[g]",
	"[iU]", "ar", "bar", "bit", "cal", "cal_IT", "cal_th", "cd", "dyn", "eV", "eq", "erg", "g", "g%", "gf", "kat", "l", "lm",
	"lx", "m", "m[H2O]", "m[Hg]", "mho", "mol", "osm", "rad", "s", "sr", "st", "t", "tex", "u"};
static const char *const plain[] = {
	"%", "%[slope]", "'", "''", "Ao", "[APL'U]", "[AU]", "[Amb'a'1'U]", "[BAU]", "[Btu]", "[Btu_IT]", "[Btu_th]", "[CCID_50]",
	"[CFU]", "[Cal]", "[Ch]", "[D'ag'U]", "[EID_50]", "[ELU]", "[EU]", "[FEU]", "[FFU]", "[FNU]", "[GPL'U]", "[HPF]", "[HP]",
	"[IR]", "[LPF]", "[Lf]", "[MET]", "[MPL'U]", "[NTU]", "[PFU]", "[PNU]", "[PRU]", "[S]", "[TCID_50]", "[USP'U]", "[acr_us]",
	"[anti'Xa'U]", "[arb'U]", "[bbl_us]", "[bdsk'U]", "[beth'U]", "[car_m]", "[cft_i]", "[cin_i]", "[cup_m]", "[cup_us]",
	"[cyd_i]", "[degF]", "[degR]", "[den]", "[diop]", "[dr_ap]", "[dr_av]", "[drp]", "[dye'U]", "[fdr_us]", "[foz_br]", "[foz_m]",
	"[foz_us]", "[ft_i]", "[ft_us]", "[gal_br]", "[gal_us]", "[gr]", "[hnsf'U]", "[in_i'H2O]", "[in_i'Hg]", "[in_i]", "[in_us]",
	"[ka'U]", "[kn_i]", "[knk'U]", "[lb_ap]", "[lb_av]", "[lb_tr]", "[lbf_av]", "[lton_av]", "[mclg'U]", "[mesh_i]", "[mi_i]",
	"[mi_us]", "[mil_i]", "[min_us]", "[nmi_i]", "[oz_ap]", "[oz_av]", "[oz_m]", "[oz_tr]", "[p'diop]", "[pH]", "[pi]", "[ppb]",
	"[ppm]", "[ppth]", "[pptr]", "[psi]", "[pt_br]", "[pt_us]", "[qt_br]", "[qt_us]", "[sc_ap]", "[sft_i]", "[sin_i]", "[smgy'U]",
	"[ston_av]", "[stone_av]", "[syd_i]", "[tb'U]", "[tbs_m]", "[tbs_us]", "[todd'U]", "[tsp_m]", "[tsp_us]", "[wood'U]",
	"[yd_i]", "[yd_us]", "a", "atm", "b", "d", "deg", "gon", "h", "min", "mo", "mo_g", "mo_j", "sph", "wk"};

static void
test_unit_is_knows_its_atoms_and_which_are_metric(void **state)
{
	char prefixed[32];

	(void)state;
	for (size_t i = 0; i < sizeof(metric) / sizeof(metric[0]); i++) {
		snprintf(prefixed, sizeof(prefixed), "G%s", metric[i]);
		if (!unit_is(slice_text(metric[i])) || !unit_is(slice_text(prefixed)))
			fail_msg("%s is metric", metric[i]);
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		snprintf(prefixed, sizeof(prefixed), "G%s", plain[i]);
		if (!unit_is(slice_text(plain[i])) || unit_is(slice_text(prefixed)))
			fail_msg("%s is not metric", plain[i]);
	}
}

static void
test_unit_is_linear_in_1_mib(void **state)
{
	(void)state;
	check_long(unit_is, "m", ".m", true);
	check_long(unit_is, "", "(", false);
	check_long(unit_is, "m", ")", false);
	check_long(unit_is, "", "m", false);
	check_long(unit_is, "", "[", false);
	check_long(unit_is, "{", "a", false);
	check_long(unit_is, "", "1", false);
	check_long(unit_is, "m", "1", false);
	check_long(unit_is, "", "/", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unit_is_an_atom_with_a_prefix_only_when_metric),
	    cmocka_unit_test(test_unit_is_a_term_of_units),
	    cmocka_unit_test(test_unit_is_knows_its_atoms_and_which_are_metric),
	    cmocka_unit_test(test_unit_is_linear_in_1_mib),
	};

	return cmocka_run_group_tests_name("catalogue/format_unit", tests, NULL, NULL);
}
