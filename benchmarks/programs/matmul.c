#include <stdio.h>
#include <stdlib.h>
static double *__attribute__((noinline)) product(const double *a, const double *b, long n) {
  double *c = calloc(n * n, sizeof *c);
  for (long i = 0; i < n; i++)
    for (long k = 0; k < n; k++) {
      double x = a[i * n + k];
      for (long j = 0; j < n; j++) c[i * n + j] += x * b[k * n + j];
    }
  return c;
}
int main(void) {
  long n = 600;
  double *a = malloc(n * n * sizeof *a), *b = malloc(n * n * sizeof *b), sum = 0;
  for (long i = 0; i < n * n; i++) { a[i] = (double)(i % 13) * 0.5; b[i] = (double)(i % 7) - 3.0; }
  for (long round = 0; round < 4; round++) {
    double *c = product(a, b, n);
    sum += c[round * n + round];
    a[round] = c[round] / 1000.0;
    free(c);
  }
  printf("%.6f\n", sum);
  free(a); free(b);
}
