/* Uses everything in `geometry.h`. */
#include "geometry.h"

#include <stdio.h>
#include <string.h>

static int32_t twice(int32_t x) { return 2 * x; }

static double heavy(int32_t factor, const Point *p) { return factor * (p->x + p->y); }

int main(int argc, char **argv) {
  Point p = { 3, 4 };
  Point origin = { 1, 2 };
  Box box = { .corners = { { 0, 0 }, { 1, 1 } }, .color = Color_Green, .default_ = &origin, .next = NULL, .weight = heavy };
  Word word = { .whole = 0x00020001 };
  int32_t numbers[] = { 1, 2, 3, 2147483647 };
  Store *place = NULL;

  (void)argv;
  if (argc > 1) stop();
  printf("norm %g\n", norm(&p));
  shift(&p, 0.5f);
  printf("shift %g\n", p.x);
  printf("mix %d %d\n", mix(Color_Red, Color_Blue), mix(Color_Green, Color_Blue));
  printf("level %lld %lld\n", (long long)level(Level_Low), (long long)level(Level_High));
  printf("add %lld\n", (long long)add(-128, 65535, -3, 4, -5));
  printf("can %d %d\n", can(Perm_Read | Perm_Exec, 0, 'x', true), can(Perm_Write, 0, 'x', true));
  printf("apply %d\n", geometry_apply(twice, 21));
  printf("weigh %g\n", weigh(&box, 3));
  printf("low %d\n", low(&word));
  printf("sum %lld\n", (long long)sum(numbers, 4));
  printf("open %d\n", store_open(NULL, &place, NULL));
  printf("sizes %zu %zu %zu %zu\n", sizeof(Point), sizeof(Box), sizeof(Word), sizeof(Color) + sizeof(Level) + sizeof(Head));
  fflush(stdout);
  return (int)hello(3) - 3;
}
