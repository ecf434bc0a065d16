/* Checks of unit definitions and presets that a user sends. Thread: any. */
#ifndef SK_API_UNIT_CHECK_H
#define SK_API_UNIT_CHECK_H

#include "model/units.h"

#define SK_UNIT_FORMULA_MAX 500u

/* Formulas are for clients to compute: numbers, `value`, names of functions, + - * / ^ ( ) and commas, with the parentheses
   closed. 0, or SK_ERR_INVALID with what is wrong. */
int sk_unit_check_formula(struct sk_span formula, struct sk_errmsg *em);
int sk_unit_check_definitions(const yyjson_val *definitions, struct sk_errmsg *em);
int sk_unit_check_categories(const yyjson_val *categories, struct sk_errmsg *em);
int sk_unit_check_preset(struct sk_units *u, const yyjson_val *preset, struct sk_errmsg *em);
#define SK_UNIT_PRESET_NAME_MAX 64u
bool sk_unit_preset_name_ok(struct sk_span name); /* also a file name */

#endif
