/*
 * Data of display units, generated at build from the pinned npm package (scripts/gen_units.js): one JSON object with the members
 *   categories: {categoryToBaseUnit: {category: SI unit}, coreCategories: [...]},   customCategories: {category: SI unit},
 *   primaryCategories: {SI unit: category},   defaultCategories: {categories: {category: {paths: [pattern]}}},
 *   definitions, customDefinitions: {SI unit: {conversions: {unit: {formula, inverseFormula, symbol}}}},   presets: {name:
 * preset}.
 */
#ifndef SK_MODEL_UNITS_DATA_H
#define SK_MODEL_UNITS_DATA_H

#include <stddef.h>

extern const char sk_units_json[];
extern const size_t sk_units_json_len;

#endif
