/* Library `geometry`: its procedures for C and C++. As a static library it needs -lm. Made by Vitte; changes are lost. */
#ifndef GEOMETRY_H
#define GEOMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef VITTE_NORETURN
#if defined(__cplusplus)
#define VITTE_NORETURN [[noreturn]]
#else
#define VITTE_NORETURN _Noreturn
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Point Point;
typedef struct Box Box;
typedef union Word Word;
typedef struct Store Store;

/** A point of the plane. */
struct Point {
  /** To the right. */
  double x;
  double y;
};

/** What things look like. */
typedef uint8_t Color;
#define Color_Red ((Color)1)
/** The best. */
#define Color_Green ((Color)2)
#define Color_Blue ((Color)200)

typedef int64_t Level;
#define Level_Low ((Level)INT64_C(-9223372036854775807))
#define Level_Zero ((Level)0)
#define Level_High ((Level)INT64_C(4294967296))

typedef uint32_t Perm;
#define Perm_Read ((Perm)1)
#define Perm_Write ((Perm)2)
#define Perm_Exec ((Perm)8)

typedef uint16_t Head;

struct Box {
  Point corners[2];
  Color color;
  const Point *default_;
  Box *next;
  double (*weight)(int32_t, const Point *);
};

/** Two numbers in one place. */
union Word {
  uint32_t whole;
  uint16_t halves[2];
};

/**
 * The distance from the origin.
 *
 * `p` must be * / there.
 */
double norm(const Point *p);

/** Moves a point. */
void shift(Point *p, float by);

Color mix(Color a, Color b);

Level level(Level x);

int64_t add(int8_t a, uint16_t b, int64_t c, size_t d, ptrdiff_t e);

bool can(Perm p, Head head, uint32_t letter, bool really);

int32_t geometry_apply(int32_t (*f)(int32_t), int32_t default_);

double weigh(const Box *b, int32_t register_);

uint16_t low(const Word *w);

int64_t sum(const int32_t *values, size_t count);

bool store_open(const Store *store, Store **place, void *anything);

/** Says something, and gives how many texts were made for it. */
size_t hello(uint32_t count);

VITTE_NORETURN void stop(void);

#ifdef __cplusplus
}
#endif

#endif /* GEOMETRY_H */
