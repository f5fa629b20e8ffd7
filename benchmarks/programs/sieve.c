#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
static long __attribute__((noinline)) sieve(long limit) {
  bool *composite = calloc(limit, sizeof *composite);
  long count = 0;
  for (long i = 2; i < limit; i++)
    if (!composite[i]) {
      count++;
      for (long j = i * i; j < limit; j += i) composite[j] = true;
    }
  free(composite);
  return count;
}
int main(void) {
  long total = 0;
  for (long round = 0; round < 4; round++) total += sieve(10000000 + round);
  printf("%ld\n", total);
}
