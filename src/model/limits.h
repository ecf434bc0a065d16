/* What the model refuses to grow beyond. A delta over a limit is refused in that part; a counter shows it. */
#ifndef SK_MODEL_LIMITS_H
#define SK_MODEL_LIMITS_H

#define SK_PATH_LEN_MAX 512u /* bytes of a path */
#define SK_PATH_SEGMENTS_MAX 32u
#define SK_PATHS_MAX 50000u /* distinct paths in all contexts together */
#define SK_CONTEXT_LEN_MAX 256u
#define SK_CONTEXTS_MAX 10000u /* then the vessel longest silent makes room for the new one */
#define SK_SOURCES_MAX 5000u   /* distinct $source references */
#define SK_SOURCE_LEN_MAX 256u
#define SK_SOURCES_PER_PATH_MAX 64u
#define SK_VALUE_LEN_MAX 262144u /* bytes of one value's JSON */
#define SK_TIMESTAMP_LEN_MAX 64u
#define SK_PATHS_PER_CONTEXT_MAX 20000u

#endif
