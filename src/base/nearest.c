#include "base/nearest.h"

#define NAME_MAX_COMPARED 48

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits that turn a into b; two neighbours that changed places count as one. */
static size_t distance(const char *a, size_t an, const char *b, size_t bn)
{
    size_t rows[3][NAME_MAX_COMPARED + 1];
    for (size_t j = 0; j <= bn; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= an; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(row[j - 1], above[j]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[an % 3][bn];
}

const char *sk_nearest_name(const char *name, size_t n, const char *const *names)
{
    const char *best = NULL;
    size_t best_d = n / 3 + 1; /* further off it is another name, not a misspelt one */
    if (n == 0 || n > NAME_MAX_COMPARED)
        return NULL;
    for (; *names != NULL; names++) {
        size_t len = strlen(*names);
        size_t d = len <= NAME_MAX_COMPARED ? distance(name, n, *names, len) : n;
        if (d < best_d) {
            best_d = d;
            best = *names;
        }
    }
    return best;
}
