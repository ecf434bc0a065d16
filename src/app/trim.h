/* Gives back what only the start needed: free memory of the heap, and pages of the program that were mapped in passing. */
#ifndef SK_APP_TRIM_H
#define SK_APP_TRIM_H

/* Thread: main, when the start is over. Costs some hundred page faults that find their page in memory. */
void sk_trim(void);

#endif
